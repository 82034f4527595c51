import { encodeAddress } from "../../../src/crypto/address.ts";
import { senderKey } from "../../bench/lib/senders.ts";

/** Two accounts with a long history of transfers to each other. Numbers are those of `senderKey`. */
export const richAccounts = { first: 0, count: 2, balance: 1_000_000_000n } as const;

/** An honest account that pays well. */
export const honestAccount = { number: 2, balance: 1_000_000_000n, fee: 1_000n } as const;

/** An account that never sends, so that a transfer in its name is wrong only by its signature. */
export const silentAccount = { number: 3, balance: 1_000_000_000n } as const;

/** The attacker's accounts, each with a small balance. */
export const poorAccounts = { first: 1_000, count: 100, balance: 10_000n } as const;
export const poorFee = 1n;

export function addressOf(number: number): string {
  return encodeAddress(senderKey(number).publicKey);
}

export function genesisBalances(): { address: string; balance: string }[] {
  const accounts = [
    ...range(richAccounts).map((number) => [number, richAccounts.balance] as const),
    [honestAccount.number, honestAccount.balance] as const,
    [silentAccount.number, silentAccount.balance] as const,
    ...range(poorAccounts).map((number) => [number, poorAccounts.balance] as const),
  ];
  return accounts.map(([number, balance]) => ({ address: addressOf(number), balance: balance.toString() }));
}

function range({ first, count }: { first: number; count: number }): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
