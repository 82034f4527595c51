import { formatAmount, type Unit } from "../../client/unit.ts";
import { whole } from "../format.ts";
import { live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { useSelected } from "../store.ts";

/** Amounts are u64. */
const maxAmount = 2n ** 64n - 1n;

/** An amount in the chain's unit: `1,234.50 EUR`. */
export function Amount({ of }: { of: string | bigint }): Markup {
  const isUnitKnown = useSelected(live, ({ status }) => status !== undefined);
  return isUnitKnown ? amountText(of) : "…";
}

/** The same as text. */
export function amountText(amount: string | bigint): string {
  const unit = unitOfChain();
  return unit ? formatAmount(amount, unit, ",") : `${whole(amount)} base units`;
}

/** The symbol of the chain's unit as an addition to a label: ` (EUR)`. */
export function unitSymbol(): string {
  const unit = unitOfChain();
  return unit ? ` (${unit.symbol})` : "";
}

/** An amount in the chain's unit, as it is typed: `1234.50`. */
export function inUnit(amount: string | bigint): string {
  return formatAmount(amount, { symbol: "", decimals: unitOfChain()?.decimals ?? 0 }).trimEnd();
}

/** Reads an amount in the chain's unit, such as `1,234.5`, in base units. @throws with what is wrong, for people */
export function readUnits(text: string): bigint {
  const decimals = unitOfChain()?.decimals ?? 0;
  const parts = /^(?:([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+))?(?:\.([0-9]*))?$/.exec(text.trim());
  const [, whole = "", fraction = ""] = parts ?? [];
  if (whole === "" && fraction === "")
    throw new Error(`Enter an amount in digits, such as 1,234${decimals === 0 ? "" : ".50"}.`);
  if (fraction.length > decimals)
    throw new Error(`An amount has ${decimals === 0 ? "no" : `at most ${decimals}`} digits after the point.`);
  const amount = BigInt(whole.replaceAll(",", "") + fraction.padEnd(decimals, "0"));
  if (amount > maxAmount) throw new Error("This is more than there can ever be.");
  return amount;
}

function unitOfChain(): Unit | undefined {
  const { symbol, decimals } = live.value.status ?? {};
  return typeof symbol === "string" && typeof decimals === "number" ? { symbol, decimals } : undefined;
}
