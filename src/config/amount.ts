import { maxAmount } from "../types/primitives.ts";
import { UserError } from "../util/errors.ts";

/** A whole number of base units from 0 to 2^64 - 1 as decimal digits: the written form of every amount. */
export function parseAmount(text: string): bigint {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text)) {
    throw new UserError(
      `${JSON.stringify(text.slice(0, 40))} is not an amount: write a whole number of base units, such as "120"`,
      "BAD_AMOUNT",
    );
  }
  const amount = BigInt(text);
  if (amount > maxAmount)
    throw new UserError(`${text} is above the largest amount, ${maxAmount}`, "BAD_AMOUNT");
  return amount;
}
