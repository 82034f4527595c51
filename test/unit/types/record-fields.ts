import type { Transaction, TransactionRecord } from "../../../src/types/index.ts";

/** The fields of a record, which makes some of them at each access. */
export function fieldsOf({ transaction, id, idHex, shortKey, signingRoot, encoded }: TransactionRecord) {
  return { transaction: plainTransaction(transaction), id, idHex, shortKey, signingRoot, encoded };
}

export function plainTransaction({ message, signature }: Transaction): Transaction {
  const { from, to, amount, fee, nonce, validUntil, memo } = message;
  return { message: { from, to, amount, fee, nonce, validUntil, memo }, signature };
}
