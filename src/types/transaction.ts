import { ByteListType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Amount, Bytes32, Bytes64, Count } from "./primitives.ts";

export const maxMemoBytes = 256;
/** The limit of the type; the chain's configuration sets a lower one. */
export const maxTransactionsPerList = 2 ** 16;

/**
 * The message that the sender signs. `from` and `to` are public keys; `nonce` counts the sender's transactions from 0;
 * `validUntil` is the last height whose block may include the transfer, 0 for no limit.
 */
export const Transfer = new ContainerType(
  {
    from: Bytes32,
    to: Bytes32,
    amount: Amount,
    fee: Amount,
    nonce: Count,
    validUntil: Count,
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
/** The same list, left encoded; `decodeRecords` reads it. */
export const EncodedTransactions = new ByteListType(Transactions.maxSize, { typeName: "Transactions" });
