import type { Address, Diagnosis } from "../../client/index.ts";
import { namedAddresses } from "../names.ts";
import type { Order } from "./transfers.ts";

/** The payments of an account that are looked through for an earlier one. */
export const lookedThrough = 100;

export interface Circumstances {
  from: Address;
  /** Whom the account has paid lately; undefined while the node is asked. */
  paid: ReadonlySet<Address> | undefined;
  diagnosis: Pick<Diagnosis, "state"> | undefined;
}

/** What the payer should know before signing. */
export function warningsOf({ to, amount }: Order, { from, paid, diagnosis }: Circumstances): string[] {
  const warnings: string[] = [];
  if (amount === 0n) warnings.push("The amount is 0: only the fee is paid.");
  if (to === from) warnings.push("This pays the account itself: only the fee is lost.");
  else if (paid && !paid.has(to) && !namedAddresses().some(({ address }) => address === to))
    warnings.push(
      `None of this account’s last ${lookedThrough} transactions pays this address. Compare it, letter by letter, with what the receiver gave you.`,
    );
  if (diagnosis?.state === "halted")
    warnings.push(
      "The chain is halted: the payment waits until it goes on, and ends unpaid if that takes long.",
    );
  return warnings;
}
