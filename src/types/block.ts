import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { HeaderVote } from "./authority.ts";
import { Bytes32, Bytes64, Count, ShortId, Uint8 } from "./primitives.ts";
import { EncodedTransactions, maxTransactionsPerList, Transactions } from "./transaction.ts";

/** `timestamp`: ms since the Unix epoch. `difficulty`: 2 in turn, 1 out of turn (EIP-225). The block id is this container's root. */
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

/** A `Block` whose transactions stay encoded: whoever only passes it on need not decode it. */
export const EncodedBlock = new ContainerType(
  { header: SignedHeader, body: EncodedTransactions },
  { typeName: "Block" },
);
export type EncodedBlock = ValueOf<typeof EncodedBlock>;

/** What is gossiped of a block: its transactions by the first 8 bytes of their ids, in order. */
export const CompactBlock = new ContainerType(
  { header: SignedHeader, shortIds: new ListCompositeType(ShortId, maxTransactionsPerList) },
  { typeName: "CompactBlock" },
);
export type CompactBlock = ValueOf<typeof CompactBlock>;

/** What a block adds to a node's knowledge of a peer or branch: its place and its weight. */
export interface BlockRef {
  height: number;
  id: Uint8Array;
}
