import { ContainerType } from "@chainsafe/ssz";
import { AuthoritySnapshot, ChainParameters, type ChainSnapshot } from "../types/index.ts";

/** The stored form of a `ChainSnapshot`; it never leaves the node. */
const StoredSnapshot = new ContainerType({ authorities: AuthoritySnapshot, parameters: ChainParameters });

export function encodeSnapshot(snapshot: ChainSnapshot): Uint8Array {
  return StoredSnapshot.serialize({ authorities: snapshot, parameters: snapshot.parameters });
}

export function decodeSnapshot(bytes: Uint8Array): ChainSnapshot {
  const { authorities, parameters } = StoredSnapshot.deserialize(bytes);
  return { ...authorities, parameters };
}

export function sameSnapshot(a: ChainSnapshot, b: ChainSnapshot): boolean {
  return AuthoritySnapshot.equals(a, b) && ChainParameters.equals(a.parameters, b.parameters);
}
