import { formatAmount, type Unit } from "../../client/unit.ts";
import { whole } from "../format.ts";
import { live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { useSelected } from "../store.ts";

/** An amount in the chain's unit: `1,234.50 EUR`. */
export function Amount({ of }: { of: string | bigint }): Markup {
  // Shown again once the node has named the unit.
  useSelected(live, ({ status }) => status?.symbol);
  return amountText(of);
}

/** The same as text. */
export function amountText(amount: string | bigint): string {
  const unit = unitOfChain();
  return unit ? formatAmount(amount, unit, ",") : `${whole(amount)} base units`;
}

/** An amount in base units, as it is typed, and in the chain's unit: `123,450 (1,234.50 EUR)`. */
export function typedAmountText(amount: string | bigint): string {
  return isTypedInUnit() ? amountText(amount) : `${whole(amount)} (${amountText(amount)})`;
}

/** True if people count in base units, the only ones that the wallet takes. */
export function isTypedInUnit(): boolean {
  return (unitOfChain()?.decimals ?? 0) === 0;
}

function unitOfChain(): Unit | undefined {
  const { symbol, decimals } = live.value.status ?? {};
  return typeof symbol === "string" && typeof decimals === "number" ? { symbol, decimals } : undefined;
}
