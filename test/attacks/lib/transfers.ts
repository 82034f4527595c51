import { crypto_sign_detached } from "sodium-native";
import {
  computeDomain,
  type Transaction,
  type TransactionRecord,
  transactionRecords,
} from "../../../src/types/index.ts";
import { senderKey } from "../../bench/lib/senders.ts";
import type { SodiumKey } from "../../bench/lib/sodium.ts";

export interface Plan {
  /** Numbers of accounts (`senderKey`). */
  from: number;
  to: number;
  amount: bigint;
  fee: bigint;
  nonce: number;
  memo?: Uint8Array;
}

const keys = new Map<number, SodiumKey>();

function keyOf(number: number): SodiumKey {
  const key = keys.get(number) ?? senderKey(number);
  keys.set(number, key);
  return key;
}

/** Signs transfers as fast as possible. */
export function signed(plans: readonly Plan[], genesisId: Uint8Array): TransactionRecord[] {
  const domain = computeDomain("transaction", genesisId);
  const transactions: Transaction[] = plans.map(({ from, to, ...rest }) => ({
    message: {
      from: keyOf(from).publicKey,
      to: keyOf(to).publicKey,
      validUntil: 0,
      memo: new Uint8Array(),
      ...rest,
    },
    signature: new Uint8Array(64),
  }));
  for (const [index, { signingRoot }] of transactionRecords(transactions, domain).entries()) {
    crypto_sign_detached(transactions[index]!.signature, signingRoot, keyOf(plans[index]!.from).secretKey);
  }
  return transactionRecords(transactions, domain);
}
