import { expect, it } from "vitest";
import { formatAmount } from "../../../src/client/unit.ts";

const eur = { symbol: "EUR", decimals: 2 };

it.each([
  ["0", eur, "0.00 EUR"],
  ["5", eur, "0.05 EUR"],
  ["100", eur, "1.00 EUR"],
  ["123456", eur, "1234.56 EUR"],
  [10n, { symbol: "CC", decimals: 0 }, "10 CC"],
  ["12", { symbol: "T", decimals: 1 }, "1.2 T"],
  ["120", { symbol: "T", decimals: 1 }, "12.0 T"],
  ["1500000000", { symbol: "COIN", decimals: 8 }, "15.00 COIN"],
  ["1500012000", { symbol: "COIN", decimals: 8 }, "15.00012 COIN"],
  ["18446744073709551615", { symbol: "X", decimals: 19 }, "1.8446744073709551615 X"],
  ["18446744073709551615", { symbol: "X", decimals: 0 }, "18446744073709551615 X"],
  ["1", { symbol: "X", decimals: 19 }, "0.0000000000000000001 X"],
])("writes %s base units in the unit %j", (amount, unit, text) => {
  expect(formatAmount(amount, unit)).toBe(text);
});

it("groups the digits before the point only", () => {
  expect(formatAmount("123456789", eur, ",")).toBe("1,234,567.89 EUR");
  expect(formatAmount("12345", eur, ",")).toBe("123.45 EUR");
  expect(formatAmount("1234567", { symbol: "X", decimals: 6 }, ",")).toBe("1.234567 X");
});
