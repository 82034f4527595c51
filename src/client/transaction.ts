import { type Address, decodeAddress } from "./address.ts";
import { fromHex, type Hex, malformed, toHex } from "./bytes.ts";
import { type Key, verifySignature } from "./keys.ts";
import { maxMemoBytes, signingRoot, transactionId, transferRoot } from "./objects.ts";
import type { SignedTransfer, Transaction } from "./types.ts";

/** A transfer to be signed. Amounts are in base units. */
export interface Transfer {
  to: Address;
  amount: bigint | number;
  /** 0 by default, which few chains accept; `Client.leastFee` resolves to the least fee that a node accepts. */
  fee?: bigint | number;
  /** The `pendingNonce` of the account. */
  nonce: number;
  /** The last height whose block may hold the transfer; 0, the default, for no limit. */
  validUntil?: number;
  /** A text of at most 256 bytes in UTF-8. */
  memo?: string;
}

/** A signed transfer with its id, which is known before the transfer is sent. */
export type SignedTransaction = SignedTransfer & { id: Hex };

/** Signs a transfer for the chain with this genesis id. @throws {ClientError} `MALFORMED` */
export async function signTransfer(
  key: Pick<Key, "address" | "sign">,
  genesisId: Hex,
  { to, amount, fee = 0n, nonce, validUntil = 0, memo = "" }: Transfer,
): Promise<SignedTransaction> {
  if (!memo.isWellFormed() || new TextEncoder().encode(memo).length > maxMemoBytes) {
    malformed(`a memo is a text of at most ${maxMemoBytes} bytes`);
  }
  const amounts = { amount: String(amount), fee: String(fee) };
  const transfer = { from: key.address, to, ...amounts, nonce, validUntil, memo };
  const signature = toHex(await key.sign(signingRoot(transferRoot(transfer), "transaction", genesisId)));
  const signed = { ...transfer, signature };
  return { id: transactionId(signed), ...signed };
}

/** True if the sender signed the transaction for this chain and the transaction hashes to its id. */
export async function verifyTransaction(transaction: Transaction, genesisId: Hex): Promise<boolean> {
  const { id, from, signature } = transaction;
  const root = signingRoot(transferRoot(transaction), "transaction", genesisId);
  return (
    transactionId(transaction) === id &&
    (await verifySignature(decodeAddress(from), root, fromHex(signature, 64)))
  );
}
