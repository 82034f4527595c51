import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkChainConfig, checkCoinbase } from "../../../src/config/index.ts";
import type { ChainConfig } from "../../../src/types/index.ts";
import { type ConfigChanges, testChainConfig } from "../../chain-config.ts";

const key = (fill: number) => new Uint8Array(32).fill(fill);

const valid: ChainConfig = testChainConfig({ authorities: [key(1), key(2)] });
const text = (characters: string) => new TextEncoder().encode(characters);
const named = (fill: number) => ({ address: key(fill), name: text("Ann") });

describe("checkChainConfig", () => {
  it("accepts a configuration", () => checkChainConfig(valid));

  it.each<[string, ConfigChanges]>([
    ["names at their limits", { name: new Uint8Array(64).fill(97), symbol: new Uint8Array(16).fill(97) }],
    [
      "names with white space around them, a byte order mark, and format characters",
      { name: text("\ufeff a\u00a0\u200b") },
    ],
    ["one name for two addresses", { names: [named(1), named(2)] }],
    ["19 decimals", { decimals: 19 }],
    ["the longest epoch", { epochLength: 2 ** 32 - 1 }],
    ["the highest amounts", { minFee: 2n ** 64n - 1n, blockReward: 2n ** 64n - 1n }],
    ["the longest slot", { slotMs: 2 ** 31 - 1, periodMs: 2 ** 31 - 1 }],
    ["the shortest slot", { slotMs: 100, periodMs: 100 }],
  ])("accepts %s", (_, change) => {
    const { parameters, ...config } = valid;
    const { periodMs = parameters.periodMs } = change;
    checkChainConfig(testChainConfig({ ...parameters, ...config, emptyBlockPeriodMs: periodMs, ...change }));
  });

  it.each<[string, ConfigChanges]>([
    ["name", { name: new Uint8Array() }],
    ["name", { name: Uint8Array.of(0xff) }],
    ["name", { name: Uint8Array.of(97, 10) }],
    ["name", { name: text("a\u007f") }],
    ["name", { name: text("a\u009f") }],
    ["name", { name: text("\ufeff\u00a0\u2003\u3000\u2028") }],
    // A surrogate, an overlong form, and the end of a character are no UTF-8.
    ["name", { name: Uint8Array.of(0xed, 0xa0, 0x80) }],
    ["name", { name: Uint8Array.of(0xc1, 0xa1) }],
    ["name", { name: Uint8Array.of(97, 0xe2, 0x82) }],
    ["name", { name: new Uint8Array(65).fill(97) }],
    ["symbol", { symbol: text(" ") }],
    ["symbol", { symbol: Uint8Array.of(0) }],
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

/** The code points that protocols/README.md calls white space. */
function whiteSpaceOfPage(): Set<number> {
  const page = readFileSync(new URL("../../../protocols/README.md", import.meta.url), "utf8");
  const [, list] = /one character is not white\s+space \(([^)]*)\)/.exec(page)!;
  const points = new Set<number>();
  for (const [, first, last = first] of list!.matchAll(/U\+([0-9A-F]{4})(?:\s+–\s+U\+([0-9A-F]{4}))?/g))
    for (let point = Number.parseInt(first!, 16); point <= Number.parseInt(last!, 16); point++)
      points.add(point);
  return points;
}

it("a name of white space is no text, and white space is what the page says", () => {
  const points = whiteSpaceOfPage();
  expect(points.size).toBe(20);
  const isText = (point: number) => {
    try {
      checkChainConfig({ ...valid, name: text(String.fromCodePoint(point)) });
      return true;
    } catch {
      return false;
    }
  };
  // The list covers all characters that somebody may take for white space.
  const invisible = Array.from({ length: 0x10000 }, (_, point) => point).filter((point) =>
    /[\s\p{Z}\p{Cf}]/u.test(String.fromCodePoint(point)),
  );
  const isControl = (point: number) => point < 0x20 || (point >= 0x7f && point <= 0x9f);
  expect(invisible.filter((point) => !isText(point) && !isControl(point))).toEqual(
    [...points].sort((a, b) => a - b),
  );
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
