import { maxAuthorities } from "../types/authority.ts";
import { type ChainConfig, type Coinbase, maxAddressNames, maxGenesisBalances } from "../types/genesis.ts";
import { firstRules } from "../types/parameters.ts";
import { maxAmount } from "../types/primitives.ts";
import { compareBytes, toHex } from "../util/bytes.ts";
import { CodedError } from "../util/errors.ts";
import { exceededLimit, isWithin, parameterLimits } from "./parameter-limits.ts";

/** Limits of a chain's configuration. They apply to genesis.json and to every genesis block that a peer offers. */
export const chainLimits = {
  ...parameterLimits,
  /** Bytes of UTF-8. */
  maxNameBytes: 64,
  /** Bytes of UTF-8. */
  maxSymbolBytes: 16,
  /** 2^64 - 1 has 20 digits. */
  maxDecimals: 19,
  maxEpochLength: 2 ** 32 - 1,
  maxAuthorities,
  maxBalances: maxGenesisBalances,
  maxNames: maxAddressNames,
} as const;

/** A set of n >= 3f + 1 authorities tolerates f that fail or lie; with fewer than this many, f is 0. */
export const minFaultTolerantAuthorities = 4;

/** @throws {CodedError} `INVALID_GENESIS` with the rule that is broken. */
export function checkChainConfig(config: ChainConfig): void {
  const limits = chainLimits;
  require(isName(config.name), `its name is not a text of 1 to ${limits.maxNameBytes} bytes`);
  require(isName(
    config.symbol,
    limits.maxSymbolBytes,
  ), `its symbol is not a text of 1 to ${limits.maxSymbolBytes} bytes`);
  require(isWithin(config.decimals, 0, limits.maxDecimals), "its unit has too many decimals");
  require(isWithin(config.slotMs, limits.minPeriodMs, limits.maxPeriodMs), "its slot is out of range");
  require(isWithin(config.epochLength, 1, limits.maxEpochLength), "its epoch length is out of range");
  const exceeded = exceededLimit(config.parameters, config);
  require(exceeded === undefined, exceeded ?? "");
  require(config.parameters.rules ===
    firstRules, `it does not begin with version ${firstRules} of the rules`);
  require(isWithin(config.authorities.length, 1, limits.maxAuthorities), "it has no authority, or too many");
  require(ascend(config.authorities), "its authorities do not ascend");
  require(config.names.length <= limits.maxNames, "it has too many names");
  require(ascend(config.names.map(({ address }) => address)), "its named addresses do not ascend");
  require(config.names.every(({ name }) =>
    isName(name),
  ), "one of its names of addresses is not a valid text");
}

function ascend(keys: readonly Uint8Array[]): boolean {
  return keys.every((key, index) => index === 0 || compareBytes(keys[index - 1]!, key) < 0);
}

/** @throws {CodedError} `INVALID_GENESIS` if an address is listed twice or the sum is above 2^64 - 1. */
export function checkCoinbase({ balances }: Coinbase): void {
  require(balances.length <= chainLimits.maxBalances, "it has too many balances");
  require(firstDuplicate(balances.map((entry) => entry.address)) < 0, "its coinbase names an address twice");
  require(sumOfBalances(balances) <= maxAmount, "the sum of its balances is too large");
}

/** True for UTF-8 that can be shown in one line. */
export function isName(bytes: Uint8Array, maxBytes: number = chainLimits.maxNameBytes): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.trim() !== "" && bytes.length <= maxBytes && !/\p{Cc}/u.test(text);
  } catch {
    return false;
  }
}

export function sumOfBalances(balances: readonly { balance: bigint }[]): bigint {
  return balances.reduce((sum, entry) => sum + entry.balance, 0n);
}

/** The index of the first key that equals an earlier one, or -1. */
export function firstDuplicate(keys: readonly Uint8Array[]): number {
  const seen = new Set<string>();
  return keys.findIndex((key) => seen.size === seen.add(toHex(key)).size);
}

function require(holds: boolean, rule: string): void {
  if (!holds) throw new CodedError("INVALID_GENESIS", `invalid genesis: ${rule}`);
}
