import { ByteListType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { HeaderVote } from "./authority.ts";
import { Bytes32, Bytes64, Count, ShortId, Uint8 } from "./primitives.ts";
import { EncodedTransactions, maxTransactionsPerList, Transactions } from "./transaction.ts";

/** `timestamp`: ms since the Unix epoch. `difficulty`: in turn 2, else 1 (EIP-225). Its root is the block id. */
export const Header = new ContainerType(
  {
    height: Count,
    parent: Bytes32,
    timestamp: Count,
    proposer: Bytes32,
    difficulty: Uint8,
    vote: HeaderVote,
    transactionsRoot: Bytes32,
    stateRoot: Bytes32,
  },
  { typeName: "Header" },
);
export type Header = ValueOf<typeof Header>;

export const SignedHeader = new ContainerType(
  { message: Header, signature: Bytes64 },
  { typeName: "SignedHeader" },
);
export type SignedHeader = ValueOf<typeof SignedHeader>;

export const Block = new ContainerType(
  { header: SignedHeader, transactions: Transactions },
  { typeName: "Block" },
);
export type Block = ValueOf<typeof Block>;

/** A `Block` whose transactions stay encoded: a node that only passes it on need not decode it. */
export const EncodedBlock = new ContainerType(
  { header: SignedHeader, body: EncodedTransactions },
  { typeName: "Block" },
);
export type EncodedBlock = ValueOf<typeof EncodedBlock>;

/** The gossiped form of a block. It lists the first 8 bytes of each transaction's id, in order. */
export const CompactBlock = new ContainerType(
  { header: SignedHeader, shortIds: new ListCompositeType(ShortId, maxTransactionsPerList) },
  { typeName: "CompactBlock" },
);
export type CompactBlock = ValueOf<typeof CompactBlock>;

/**
 * A `CompactBlock` whose short ids stay encoded, one after the other. Decoding 2^16 of them takes some 60 ms and 10 MB,
 * too much for a header that nobody has checked.
 */
const EncodedCompactBlock = new ContainerType(
  { header: SignedHeader, shortIds: new ByteListType(ShortId.lengthBytes * maxTransactionsPerList) },
  { typeName: "CompactBlock" },
);
export type EncodedCompactBlock = ValueOf<typeof EncodedCompactBlock>;

/** @throws if `bytes` are no `CompactBlock`. */
export function decodeCompactBlock(bytes: Uint8Array): EncodedCompactBlock {
  const compact = EncodedCompactBlock.deserialize(bytes);
  if (Number.isInteger(shortIdCount(compact))) return compact;
  throw new RangeError(
    `${compact.shortIds.length} bytes of short ids, which have ${ShortId.lengthBytes} each`,
  );
}

export function shortIdCount({ shortIds }: Pick<EncodedCompactBlock, "shortIds">): number {
  return shortIds.length / ShortId.lengthBytes;
}

/** A view of one of the encoded short ids. */
export function shortIdAt(shortIds: Uint8Array, index: number): Uint8Array {
  return shortIds.subarray(index * ShortId.lengthBytes, (index + 1) * ShortId.lengthBytes);
}

/** A block by its height and its id. */
export interface BlockRef {
  height: number;
  id: Uint8Array;
}
