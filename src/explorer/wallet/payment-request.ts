import { isAddress } from "../../client/index.ts";

/** A payment that somebody asks for. */
export interface PaymentRequest {
  to: string;
  /** Base units as decimal digits; "" leaves it to the payer. */
  amount: string;
  memo: string;
}

/** The link that fills the wallet's form with the request, for the node that serves the page at `page`. */
export function paymentLink({ to, amount, memo }: PaymentRequest, page: string): string {
  const query = new URLSearchParams({ to });
  if (amount !== "") query.set("amount", amount);
  if (memo !== "") query.set("memo", memo);
  return `${page.split("#", 1)[0]}#/wallet?${query}`;
}

/** Reads the query of such a link; undefined if it asks for nothing that can be paid. */
export function paymentRequest(query: URLSearchParams): PaymentRequest | undefined {
  const to = query.get("to")?.toLowerCase();
  if (to === undefined || !isAddress(to)) return undefined;
  const amount = query.get("amount") ?? "";
  return { to, amount: /^[0-9]{1,20}$/.test(amount) ? amount : "", memo: query.get("memo") ?? "" };
}
