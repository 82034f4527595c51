import { ByteListType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { type Hex, toHex } from "../util/bytes.ts";
import { signingRoot } from "./domain.ts";
import { Amount, Bytes32, Bytes64, Count } from "./primitives.ts";

export const maxMemoBytes = 256;
/** The most that the type can hold; the chain's configuration sets a lower limit. */
export const maxTransactionsPerList = 2 ** 16;

/** What the sender signs. `from` and `to` are public keys; `nonce` counts the sender's transactions from 0. */
export const Transfer = new ContainerType(
  {
    from: Bytes32,
    to: Bytes32,
    amount: Amount,
    fee: Amount,
    nonce: Count,
    memo: new ByteListType(maxMemoBytes),
  },
  { typeName: "Transfer" },
);
export type Transfer = ValueOf<typeof Transfer>;

export const Transaction = new ContainerType(
  { message: Transfer, signature: Bytes64 },
  { typeName: "Transaction" },
);
export type Transaction = ValueOf<typeof Transaction>;

export const Transactions = new ListCompositeType(Transaction, maxTransactionsPerList);

/** A transaction with what is computed from it once. `id` is its `hash_tree_root`; `signingRoot` is what the signature covers. */
export interface TransactionRecord {
  readonly transaction: Transaction;
  readonly id: Uint8Array;
  readonly idHex: Hex;
  readonly signingRoot: Uint8Array;
  /** Of its SSZ encoding. */
  readonly bytes: number;
}

/** `domain`: `computeDomain("transaction", genesisId)`. */
export function transactionRecord(transaction: Transaction, domain: Uint8Array): TransactionRecord {
  const id = Transaction.hashTreeRoot(transaction);
  return {
    transaction,
    id,
    idHex: toHex(id),
    signingRoot: signingRoot(Transfer.hashTreeRoot(transaction.message), domain),
    bytes: transactionBytes(transaction),
  };
}

/** Length of the SSZ encoding: two offsets, five fixed fields, the memo and the signature. */
export function transactionBytes(transaction: Transaction): number {
  return 4 + 64 + (32 + 32 + 8 + 8 + 8 + 4) + transaction.message.memo.length;
}
