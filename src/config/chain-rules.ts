import { blockBytesLimit } from "../../protocols/blocks.ts";
import { maxAuthorities } from "../types/authority.ts";
import { type ChainConfig, type Coinbase, maxGenesisBalances } from "../types/genesis.ts";
import { maxAmount } from "../types/primitives.ts";
import { maxTransactionsPerList } from "../types/transaction.ts";
import { compareBytes, toHex } from "../util/bytes.ts";
import { CodedError } from "../util/errors.ts";

/** What a chain's configuration must keep to: checked in genesis.json and in every genesis block that a peer offers. */
export const chainLimits = {
  /** UTF-8. */
  maxNameBytes: 64,
  minPeriodMs: 100,
  /** What a timer takes: 24 days. */
  maxPeriodMs: 2 ** 31 - 1,
  maxEpochLength: 2 ** 32 - 1,
  maxBlockTransactions: maxTransactionsPerList,
  /** Room for a transaction with the longest memo. */
  minBlockBytes: 1024,
  maxBlockBytes: blockBytesLimit,
  maxAuthorities,
  maxBalances: maxGenesisBalances,
} as const;

/** An authority set of n >= 3f + 1 tolerates f that fail or lie; below this, f is 0. */
export const minFaultTolerantAuthorities = 4;

/** @throws {CodedError} `INVALID_GENESIS` that says which rule it breaks. */
export function checkChainConfig(config: ChainConfig): void {
  const limits = chainLimits;
  require(isName(config.name), `its name is not a text of 1 to ${limits.maxNameBytes} bytes`);
  require(within(config.periodMs, limits.minPeriodMs, limits.maxPeriodMs), "its period is out of range");
  require(config.emptyBlockPeriodMs === 0 ||
    within(
      config.emptyBlockPeriodMs,
      config.periodMs,
      limits.maxPeriodMs,
    ), "its empty block period is out of range");
  require(within(config.epochLength, 1, limits.maxEpochLength), "its epoch length is out of range");
  require(within(
    config.maxBlockTransactions,
    1,
    limits.maxBlockTransactions,
  ), "its transaction limit is out of range");
  require(within(
    config.maxBlockBytes,
    limits.minBlockBytes,
    limits.maxBlockBytes,
  ), "its block size limit is out of range");
  require(within(config.authorities.length, 1, limits.maxAuthorities), "it has no authority, or too many");
  require(config.authorities.every(
    (key, i) => i === 0 || compareBytes(config.authorities[i - 1]!, key) < 0,
  ), "its authorities do not ascend");
}

/** @throws {CodedError} `INVALID_GENESIS` where an address comes twice or the sum is above 2^64 - 1. */
export function checkCoinbase({ balances }: Coinbase): void {
  require(balances.length <= chainLimits.maxBalances, "it has too many balances");
  require(firstDuplicate(balances.map((entry) => entry.address)) < 0, "its coinbase names an address twice");
  require(sumOfBalances(balances) <= maxAmount, "the sum of its balances is too large");
}

/** UTF-8 that can be shown in one line. */
export function isName(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.trim() !== "" && bytes.length <= chainLimits.maxNameBytes && !/\p{Cc}/u.test(text);
  } catch {
    return false;
  }
}

export function sumOfBalances(balances: readonly { balance: bigint }[]): bigint {
  return balances.reduce((sum, entry) => sum + entry.balance, 0n);
}

/** Index of the first key that an earlier one equals, or -1. */
export function firstDuplicate(keys: readonly Uint8Array[]): number {
  const seen = new Set<string>();
  return keys.findIndex((key) => seen.size === seen.add(toHex(key)).size);
}

function within(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

function require(holds: boolean, rule: string): void {
  if (!holds) throw new CodedError("INVALID_GENESIS", `invalid genesis: ${rule}`);
}
