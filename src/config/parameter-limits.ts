import { blockBytesLimit } from "../../protocols/blocks.ts";
import type { ChainConfig } from "../types/genesis.ts";
import type { ChainParameters, ParameterName } from "../types/parameters.ts";
import { maxAmount } from "../types/primitives.ts";
import { maxTransactionsPerList } from "../types/transaction.ts";

/** Limits of a chain's parameters, in genesis and in every vote. */
export const parameterLimits = {
  minPeriodMs: 100,
  /** The longest delay that a timer accepts: 24 days. */
  maxPeriodMs: 2 ** 31 - 1,
  maxBlockTransactions: maxTransactionsPerList,
  /** Room for a transaction with the longest memo. */
  minBlockBytes: 1024,
  maxBlockBytes: blockBytesLimit,
  maxRules: 2 ** 32 - 1,
} as const;

/** The first limit that a parameter exceeds, in words; undefined if all are kept. */
export function exceededLimit(
  parameters: ChainParameters,
  { slotMs }: Pick<ChainConfig, "slotMs">,
): string | undefined {
  const limits = parameterLimits;
  const { periodMs, emptyBlockPeriodMs: emptyMs } = parameters;
  const checks: readonly [boolean, string][] = [
    [isWithin(periodMs, limits.minPeriodMs, limits.maxPeriodMs), "its period is out of range"],
    // An authority signs at most one header in a slot.
    [periodMs >= slotMs, "its period is shorter than a slot"],
    [
      emptyMs === 0 || isWithin(emptyMs, periodMs, limits.maxPeriodMs),
      "its empty block period is neither 0 nor at least the period",
    ],
    [
      isWithin(parameters.maxBlockTransactions, 1, limits.maxBlockTransactions),
      "its transaction limit is out of range",
    ],
    [
      isWithin(parameters.maxBlockBytes, limits.minBlockBytes, limits.maxBlockBytes),
      "its block size limit is out of range",
    ],
    [isAmount(parameters.minFee) && isAmount(parameters.blockReward), "an amount is above 2^64 - 1"],
    [isWithin(parameters.rules, 1, limits.maxRules), "its version of the rules is out of range"],
  ];
  return checks.find(([kept]) => !kept)?.[1];
}

/** The limits of one parameter in words, as a vote sees them: some depend on the other parameters. */
export function limitsInWords(
  name: ParameterName,
  { periodMs, emptyBlockPeriodMs, rules }: ChainParameters,
  { slotMs }: Pick<ChainConfig, "slotMs">,
): string {
  const limits = parameterLimits;
  const longest =
    emptyBlockPeriodMs === 0 ? limits.maxPeriodMs : `${emptyBlockPeriodMs} (emptyBlockPeriodMs)`;
  const inWords: Readonly<Record<ParameterName, string>> = {
    periodMs: `${slotMs} (slotMs) to ${longest}`,
    emptyBlockPeriodMs: `0, or ${periodMs} (periodMs) to ${limits.maxPeriodMs}`,
    minFee: `0 to ${maxAmount}`,
    blockReward: `0 to ${maxAmount}`,
    maxBlockTransactions: `1 to ${limits.maxBlockTransactions}`,
    maxBlockBytes: `${limits.minBlockBytes} to ${limits.maxBlockBytes}`,
    rules: `the next version is ${rules + 1}`,
  };
  return inWords[name];
}

export function isWithinLimits(parameters: ChainParameters, config: Pick<ChainConfig, "slotMs">): boolean {
  return exceededLimit(parameters, config) === undefined;
}

export function isWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

function isAmount(value: bigint): boolean {
  return value >= 0n && value <= maxAmount;
}
