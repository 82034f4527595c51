import { describe, expect, it } from "vitest";
import { checkChainConfig, checkCoinbase } from "../../../src/config/index.ts";
import type { ChainConfig } from "../../../src/types/index.ts";
import { type ConfigChanges, testChainConfig } from "../../chain-config.ts";

const key = (fill: number) => new Uint8Array(32).fill(fill);

const valid: ChainConfig = testChainConfig({ authorities: [key(1), key(2)] });
const named = (fill: number) => ({ address: key(fill), name: new TextEncoder().encode("Ann") });

describe("checkChainConfig", () => {
  it("accepts a configuration", () => checkChainConfig(valid));

  it.each<[string, ConfigChanges]>([
    ["name", { name: new Uint8Array() }],
    ["name", { name: Uint8Array.of(0xff) }],
    ["name", { name: Uint8Array.of(97, 10) }],
    ["period", { periodMs: 99 }],
    ["period", { periodMs: 2 ** 31 }],
    // SSZ decodes 2^64 - 1 to Infinity.
    ["period", { periodMs: Number.POSITIVE_INFINITY }],
    ["shorter than a slot", { slotMs: 1001 }],
    ["slot", { slotMs: 99 }],
    ["symbol", { symbol: new Uint8Array() }],
    ["symbol", { symbol: new Uint8Array(17).fill(97) }],
    ["decimals", { decimals: 20 }],
    ["version 1 of the rules", { rules: 2 }],
    ["version of the rules", { rules: 0 }],
    ["amount", { minFee: 2n ** 64n }],
    ["named addresses do not ascend", { names: [named(2), named(1)] }],
    ["named addresses do not ascend", { names: [named(1), named(1)] }],
    ["names of addresses is not a valid text", { names: [{ address: key(1), name: new Uint8Array() }] }],
    ["empty block period", { emptyBlockPeriodMs: 999 }],
    ["epoch", { epochLength: 0 }],
    ["epoch", { epochLength: 2 ** 53 }],
    ["transaction limit", { maxBlockTransactions: 0 }],
    ["transaction limit", { maxBlockTransactions: 65_537 }],
    ["block size limit", { maxBlockBytes: 1023 }],
    ["block size limit", { maxBlockBytes: 16 * 2 ** 20 + 1 }],
    ["no authority", { authorities: [] }],
    ["do not ascend", { authorities: [key(2), key(1)] }],
    ["do not ascend", { authorities: [key(1), key(1)] }],
  ])("refuses: %s %o", (rule, change) => {
    const { parameters, ...config } = valid;
    expect(() => checkChainConfig(testChainConfig({ ...parameters, ...config, ...change }))).toThrow(
      expect.objectContaining({ code: "INVALID_GENESIS", message: expect.stringContaining(rule) }),
    );
  });
});

describe("checkCoinbase", () => {
  it.each([[[]], [[{ address: key(1), balance: 2n ** 64n - 1n }]]])("accepts %#", (balances) => {
    checkCoinbase({ balances });
  });

  it.each([
    ["twice", [1n, 1n], [1, 1]],
    ["sum", [2n ** 64n - 1n, 1n], [1, 2]],
  ])("refuses: %s", (rule, amounts, keys) => {
    const balances = amounts.map((balance, index) => ({ address: key(keys[index]!), balance }));
    expect(() => checkCoinbase({ balances })).toThrow(rule);
  });
});
