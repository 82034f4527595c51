import { ContainerType } from "@chainsafe/ssz";
import { AuthoritySnapshot, Bytes32, ChainParameters, type ChainSnapshot } from "../types/index.ts";
import { equalBytes } from "../util/bytes.ts";

/** The stored form of a `ChainSnapshot`; it never leaves the node. */
const StoredSnapshot = new ContainerType({
  authorities: AuthoritySnapshot,
  parameters: ChainParameters,
  recovery: Bytes32,
});

export function encodeSnapshot(snapshot: ChainSnapshot): Uint8Array {
  const { parameters, recovery } = snapshot;
  return StoredSnapshot.serialize({ authorities: snapshot, parameters, recovery });
}

export function decodeSnapshot(bytes: Uint8Array): ChainSnapshot {
  const { authorities, parameters, recovery } = StoredSnapshot.deserialize(bytes);
  return { ...authorities, parameters, recovery };
}

export function sameSnapshot(a: ChainSnapshot, b: ChainSnapshot): boolean {
  const sameParameters = ChainParameters.equals(a.parameters, b.parameters);
  return AuthoritySnapshot.equals(a, b) && sameParameters && equalBytes(a.recovery, b.recovery);
}
