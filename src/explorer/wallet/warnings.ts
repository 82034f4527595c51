import type { Address, Diagnosis } from "../../client/index.ts";
import { namedAddresses } from "../names.ts";
import type { Order } from "./transfers.ts";

export interface Circumstances {
  from: Address;
  /** True if the account has paid the receiver before; undefined while the node is asked. */
  hasPaid: boolean | undefined;
  diagnosis: Pick<Diagnosis, "state"> | undefined;
}

/** Facts that the payer should know before signing. */
export function warningsOf({ to, amount }: Order, { from, hasPaid, diagnosis }: Circumstances): string[] {
  const warnings: string[] = [];
  if (amount === 0n) warnings.push("The amount is 0: only the fee is paid.");
  if (to === from) warnings.push("This pays the account itself: only the fee is lost.");
  else if (hasPaid === false && !namedAddresses().some(({ address }) => address === to))
    warnings.push(
      "This account has not paid this address before. Compare it, letter by letter, with what the receiver gave you.",
    );
  if (diagnosis?.state === "halted")
    warnings.push(
      "The chain is halted: the payment waits until it goes on, and ends unpaid if that takes long.",
    );
  return warnings;
}
