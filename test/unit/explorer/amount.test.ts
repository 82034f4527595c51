import { readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

type TextOf = (amount: string) => string;
interface Shown {
  status: { symbol: string | null; decimals: number | null } | undefined;
}

let amountText: TextOf;
let readUnits: (text: string) => bigint;
let live: { update(change: Shown): void };

beforeAll(async () => {
  vi.stubGlobal("location", { href: "http://127.0.0.1:1/" });
  // Imported by variable names, which the compiler does not follow: the page's code is checked with browsers' types.
  const folder = "../../../src/explorer/";
  const [file] = readdirSync(new URL(`${folder}parts/`, import.meta.url)).filter((name) =>
    /^amount/.test(name),
  );
  ({ live } = await import(/* @vite-ignore */ `${folder}live.ts`));
  ({ amountText, readUnits } = await import(/* @vite-ignore */ `${folder}parts/${file}`));
});
afterAll(() => {
  vi.unstubAllGlobals();
  // Other tests of the page have another node.
  vi.resetModules();
});

it("shows amounts in the chain's unit", () => {
  live.update({ status: { symbol: "EUR", decimals: 2 } });
  expect(amountText("1234567")).toBe("12,345.67 EUR");
  live.update({ status: { symbol: "CC", decimals: 0 } });
  expect(amountText("1234567")).toBe("1,234,567 CC");
});

it("shows base units while the unit is not known", () => {
  live.update({ status: undefined });
  expect(amountText("1234567")).toBe("1,234,567 base units");
  live.update({ status: { symbol: null, decimals: null } });
  expect(amountText("7")).toBe("7 base units");
});

it.each([
  [0, "25", 25n],
  [0, " 1,234,567 ", 1_234_567n],
  [0, "18446744073709551615", 18_446_744_073_709_551_615n],
  [0, "18446744073709551616", "more than there can ever be"],
  [0, "2,50", "in digits, such as 1,234."],
  [0, "1234,567", "in digits"],
  [0, "1.5", "no digits after the point"],
  [0, "-1", "in digits"],
  [0, "", "in digits"],
  [2, "25", 2_500n],
  [2, "1,234.5", 123_450n],
  [2, ".05", 5n],
  [2, "1,5", "in digits, such as 1,234.50"],
  [2, "1.505", "at most 2 digits"],
  [2, "184467440737095516.16", "more than there can ever be"],
])("reads with %i decimals %j as an amount, or refuses it", (decimals, text, expected) => {
  live.update({ status: { symbol: "EUR", decimals } });
  if (typeof expected === "string") expect(() => readUnits(text)).toThrow(expected);
  else expect(readUnits(text)).toBe(expected);
});
