import { readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

type TextOf = (amount: string) => string;
interface Shown {
  status: { symbol: string | null; decimals: number | null } | undefined;
}

let amountText: TextOf;
let typedAmountText: TextOf;
let live: { update(change: Shown): void };

beforeAll(async () => {
  vi.stubGlobal("location", { href: "http://127.0.0.1:1/" });
  // Imported by variable names, which the compiler does not follow: the page's code is checked with browsers' types.
  const folder = "../../../src/explorer/";
  const [file] = readdirSync(new URL(`${folder}parts/`, import.meta.url)).filter((name) =>
    /^amount/.test(name),
  );
  ({ live } = await import(/* @vite-ignore */ `${folder}live.ts`));
  ({ amountText, typedAmountText } = await import(/* @vite-ignore */ `${folder}parts/${file}`));
});
afterAll(() => {
  vi.unstubAllGlobals();
  // Other tests of the page have another node.
  vi.resetModules();
});

it("shows amounts in the chain's unit, and typed ones in base units too", () => {
  live.update({ status: { symbol: "EUR", decimals: 2 } });
  expect(amountText("1234567")).toBe("12,345.67 EUR");
  expect(typedAmountText("1234567")).toBe("1,234,567 (12,345.67 EUR)");
});

it("shows base units once if people count in them", () => {
  live.update({ status: { symbol: "CC", decimals: 0 } });
  expect(amountText("1234567")).toBe("1,234,567 CC");
  expect(typedAmountText("1234567")).toBe("1,234,567 CC");
});

it("shows base units while the unit is not known", () => {
  live.update({ status: undefined });
  expect(amountText("1234567")).toBe("1,234,567 base units");
  live.update({ status: { symbol: null, decimals: null } });
  expect(typedAmountText("7")).toBe("7 base units");
});
