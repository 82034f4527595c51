import { type Transaction, type TransactionRecord, transactionRecords } from "../src/types/index.ts";

/** `domain` is `computeDomain("transaction", genesisId)`. */
export function transactionRecord(transaction: Transaction, domain: Uint8Array): TransactionRecord {
  return transactionRecords([transaction], domain)[0]!;
}
