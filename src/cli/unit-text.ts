import { type Account, type Amount, type Client, formatAmount, type Status } from "../client/index.ts";

/**
 * An amount in base units, as it is typed, and in the unit of the chain: `1050 (10.50 EUR)`. If base units are what
 * people count in: `1050 CC`.
 */
export function amountInUnit(
  amount: Amount | bigint,
  { symbol, decimals }: Pick<Status, "symbol" | "decimals">,
): string {
  // An earlier version of the node does not name the unit.
  if (typeof symbol !== "string" || typeof decimals !== "number") return String(amount);
  const text = formatAmount(amount, { symbol, decimals });
  return decimals === 0 ? text : `${amount} (${text})`;
}

/** An address with its name, if genesis gives it one. */
export function namedAddress({ address, name }: Pick<Account, "address" | "name">): string {
  return name === undefined ? address : `${address} (${name})`;
}

/** An account, for output that can do without it: `undefined` if the node does not answer. */
export async function findAccount(client: Client, address: string): Promise<Account | undefined> {
  return client.account(address).catch(() => undefined);
}

/** An amount in the unit of the chain alone, without its symbol. */
export function unitText(amount: Amount | bigint, status: Pick<Status, "symbol" | "decimals">): string {
  const { decimals } = status;
  if (typeof decimals !== "number") return String(amount);
  return formatAmount(amount, { symbol: "", decimals }).trimEnd();
}
