import { ByteVectorType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, maxRecoveries, rootOf, Uint32 } from "../src/types/index.ts";

/** A digest as it is sent. */
export const Bytes4 = new ByteVectorType(4);

/** The values that two nodes share if they follow each other. */
export const ChainDigest = new ContainerType(
  {
    genesisId: Bytes32,
    /** The ids of the recoveries that the chain has gone through, oldest first. */
    recoveries: new ListCompositeType(Bytes32, maxRecoveries),
    /** The version of the rules. */
    rules: Uint32,
  },
  { typeName: "ChainDigest" },
);
export type ChainDigest = ValueOf<typeof ChainDigest>;

/**
 * The first 4 bytes of the root, like Ethereum's fork digest. It separates honest nodes that would only disturb each
 * other, and proves nothing: messages of another chain with the same digest are checked and refused as always.
 */
export function chainDigest(of: Readonly<ChainDigest>): Uint8Array {
  return rootOf(ChainDigest, of).slice(0, Bytes4.lengthBytes);
}
