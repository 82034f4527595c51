import type { ChainConfig } from "../src/types/genesis.ts";
import type { ChainParameters } from "../src/types/parameters.ts";

/** The fields of a configuration and of its parameters that a test sets. */
export type ConfigChanges = Partial<Omit<ChainConfig, "parameters">> & Partial<ChainParameters>;

/**
 * Returns the configuration of a test chain with a period of 1 s, a reward of 5 and a least fee of 1, unless `changes`
 * say otherwise.
 */
export function testChainConfig(changes: ConfigChanges & Pick<ChainConfig, "authorities">): ChainConfig {
  const { periodMs = 1000, emptyBlockPeriodMs = periodMs, maxBlockTransactions = 1000, ...others } = changes;
  const { maxBlockBytes = 2 ** 20, blockReward = 5n, minFee = 1n, rules = 1, ...config } = others;
  const limits = { maxBlockTransactions, maxBlockBytes };
  return {
    name: new TextEncoder().encode("test chain"),
    symbol: new TextEncoder().encode("TC"),
    decimals: 0,
    slotMs: periodMs,
    epochLength: 30_000,
    names: [],
    parameters: { periodMs, emptyBlockPeriodMs, ...limits, blockReward, minFee, rules },
    ...config,
  };
}
