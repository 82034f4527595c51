import type { Address, PlacedTransaction, Transaction } from "../../client/index.ts";
import { client } from "../live.ts";

/** A payment to an account; it may still wait for a block. */
export type Incoming = Transaction & Pick<PlacedTransaction, "status">;

const newestTransactions = 20;
const newestWaiting = 200;

/** For each account, the ids of the payments that it had when it was first looked at. */
export type Earlier = Map<Address, ReadonlySet<string>>;

/** Resolves to payments to these accounts from others since they were first looked at, newest first. */
export async function newIncoming(addresses: readonly Address[], earlier: Earlier): Promise<Incoming[]> {
  const [{ transactions: waiting }, ...histories] = await Promise.all([
    client.mempool({ limit: newestWaiting }),
    ...addresses.map((address) => client.history(address, { limit: newestTransactions })),
  ]);
  return addresses.flatMap((address, index) => {
    const placed = histories[index]!.transactions;
    const all = [...waiting.map((each) => ({ ...each, status: "pending" as const })), ...placed];
    const incoming = all.filter(({ to, from }) => to === address && !addresses.includes(from));
    const known = earlier.get(address) ?? new Set(incoming.map(({ id }) => id));
    earlier.set(address, known);
    const news = incoming.filter(({ id }) => !known.has(id));
    // A payment may be in a block by the time of the second answer.
    return news.filter(({ id }, at) => at === news.findLastIndex((each) => each.id === id));
  });
}
