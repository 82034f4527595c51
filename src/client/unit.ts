import type { Amount } from "./types.ts";

/** The unit that people count in, as genesis names it: one is 10^decimals base units. It is for display only. */
export interface Unit {
  symbol: string;
  decimals: number;
}

/** Digits after the point that are shown even if they are zeros. */
const leastDigits = 2;

/**
 * An amount of base units in the chain's unit, exact: `1234.50 EUR`. From the third digit after the point on, zeros at
 * the end are left out. `separator` goes between groups of three digits before the point.
 */
export function formatAmount(amount: Amount | bigint, { symbol, decimals }: Unit, separator = ""): string {
  const digits = BigInt(amount)
    .toString()
    .padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  const whole = digits.slice(0, point).replace(/\B(?=(?:[0-9]{3})+$)/g, separator);
  const fraction = digits.slice(point);
  const shown = Math.max(fraction.replace(/0+$/, "").length, Math.min(leastDigits, decimals));
  return `${whole}${shown > 0 ? `.${fraction.slice(0, shown)}` : ""} ${symbol}`;
}
