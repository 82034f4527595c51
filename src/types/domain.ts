import { ContainerType } from "@chainsafe/ssz";
import { Bytes32 } from "./primitives.ts";
import { rootOf } from "./root.ts";

/** Domains of signatures. The bytes are part of the protocol and are never reused. */
export const domainTypes = {
  genesis: new Uint8Array([0, 0, 0, 0]),
  transaction: new Uint8Array([1, 0, 0, 0]),
  header: new Uint8Array([2, 0, 0, 0]),
  finalityVote: new Uint8Array([3, 0, 0, 0]),
  authorityNode: new Uint8Array([4, 0, 0, 0]),
} as const;

export type DomainType = keyof typeof domainTypes;

const SigningData = new ContainerType({ objectRoot: Bytes32, domain: Bytes32 });

/** The type's 4 bytes, then the first 28 bytes of the genesis id (`compute_domain` in the Ethereum consensus specs). */
export function computeDomain(type: DomainType, genesisId: Uint8Array): Uint8Array {
  const domain = new Uint8Array(32);
  domain.set(domainTypes[type]);
  domain.set(genesisId.subarray(0, 28), 4);
  return domain;
}

/** The 32 bytes that a signature covers. A signature for one chain or purpose is invalid for every other. */
export function signingRoot(objectRoot: Uint8Array, domain: Uint8Array): Uint8Array {
  return rootOf(SigningData, { objectRoot, domain });
}
