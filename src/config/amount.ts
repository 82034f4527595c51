import { maxAmount } from "../types/primitives.ts";
import { UserError } from "../util/errors.ts";

const maxDigits = String(maxAmount).length;

/** A whole number of base units from 0 to 2^64 - 1 as decimal digits: the written form of every amount. */
export function parseAmount(text: string): bigint {
  const shortened = text.slice(0, 40);
  if (!/^(0|[1-9][0-9]*)$/.test(text)) {
    throw new UserError(
      `${JSON.stringify(shortened)} is not an amount: write a whole number of base units, such as "120"`,
      "BAD_AMOUNT",
    );
  }
  // The number of digits is checked first: converting millions of them takes seconds.
  if (text.length > maxDigits || BigInt(text) > maxAmount)
    throw new UserError(`${shortened} is above the largest amount, ${maxAmount}`, "BAD_AMOUNT");
  return BigInt(text);
}
