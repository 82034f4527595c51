import { isTransient } from "../../client/http.ts";
import {
  type Address,
  type Hex,
  type Key,
  type SignedTransaction,
  signTransfer,
} from "../../client/index.ts";
import { client } from "../live.ts";
import { kept, Store } from "../store.ts";
import { refusalText } from "./refusals.ts";
import type { Order } from "./transfers.ts";

export interface BatchPayment {
  signed: SignedTransaction;
  /** `over`: it is not paid and never will be, so that it can be signed again. */
  state: "unsent" | "accepted" | "final" | "over";
  /** Why the node refused it the last time. */
  problem?: string;
}

/** Payments that were signed together. They are kept until all are decided, so that a reload loses and repeats none. */
export interface Batch {
  genesisId: Hex;
  from: Address;
  payments: readonly BatchPayment[];
}

const storageKey = "ccoin.batch";
/** Payments in one request: fewer than the node takes at once, so that progress shows. */
const chunk = 100;
/** The number of blocks after the head that may hold the payments. */
const validFor = 100;
const historyPage = 100;

export const batch = new Store(kept<Batch | undefined>(storageKey, undefined));
/** The step of the batch that is under way in this tab, and why it ended the last time. */
export const sending = new Store<{ isBusy: boolean; error: Error | undefined }>({
  isBusy: false,
  error: undefined,
});

async function busy(action: () => Promise<void>): Promise<void> {
  sending.set({ isBusy: true, error: undefined });
  const error = await action().then(
    () => undefined,
    (failure: Error) => failure,
  );
  sending.set({ isBusy: false, error });
}

function keep(news: Batch | undefined): void {
  if (news) localStorage.setItem(storageKey, JSON.stringify(news));
  else localStorage.removeItem(storageKey);
  batch.set(news);
}

/** Signs the orders with successive nonces and keeps them; `sending` shows how they are submitted. */
export async function startBatch(key: Key, orders: readonly Order[]): Promise<void> {
  const { genesisId, signed } = await signAll(key, orders);
  keep({ genesisId, from: key.address, payments: signed.map((each) => ({ signed: each, state: "unsent" })) });
  // `sending` shows its error.
  void submitBatch();
}

/** Signs the payments that are `over` anew, and submits them. */
export function renewBatch(key: Key): Promise<void> {
  return busy(async () => {
    await signAgain(key);
    await submitAll();
  });
}

/** Submits the payments that the node has not accepted, until it refuses one. The same bytes are paid only once. */
export function submitBatch(): Promise<void> {
  return busy(submitAll);
}

async function signAgain(key: Key): Promise<void> {
  const { payments, from } = batch.value!;
  if (key.address !== from) throw new Error("These payments are of another account.");
  const over = payments.filter(({ state }) => state === "over");
  const orders = over.map(({ signed: { to, amount, fee, memo } }) => ({
    ...{ to, memo, amount: BigInt(amount), fee: BigInt(fee) },
  }));
  const { signed } = await signAll(key, orders);
  const renewed = new Map(over.map((each, index) => [each, signed[index]!]));
  change((each) => {
    const again = renewed.get(each);
    return again ? { signed: again, state: "unsent" } : each;
  });
}

async function signAll(
  key: Key,
  orders: readonly Order[],
): Promise<{ genesisId: Hex; signed: SignedTransaction[] }> {
  const [{ pendingNonce }, { genesisId, head, mempool }] = await Promise.all([
    client.account(key.address),
    client.status(),
  ]);
  if (!genesisId || !head) throw new Error("The node has no chain yet.");
  const least = BigInt(mempool.minFee ?? 0);
  const validUntil = head.height + validFor;
  const signed: SignedTransaction[] = [];
  for (const [index, { fee, ...order }] of orders.entries()) {
    const transfer = { ...order, fee: fee < least ? least : fee, nonce: pendingNonce + index, validUntil };
    signed.push(await signTransfer(key, genesisId, transfer));
  }
  return { genesisId, signed };
}

async function submitAll(): Promise<void> {
  for (;;) {
    const unsent = batch.value!.payments.filter(({ state }) => state === "unsent").slice(0, chunk);
    if (unsent.length === 0) return;
    const { rejected } = await client.submitMany(unsent.map(({ signed }) => signed));
    const refused = new Map(
      rejected.filter(({ code }) => code !== "ALREADY_KNOWN").map((each) => [unsent[each.index]!, each]),
    );
    change((each) => {
      const refusal = refused.get(each);
      if (refusal) return { ...each, problem: refusalText(refusal.code, refusal.minFee) ?? refusal.detail };
      return unsent.includes(each) ? { signed: each.signed, state: "accepted" } : each;
    });
    if (refused.size > 0) return;
  }
}

/** Asks the node which payments are decided for good by now. */
export async function settleBatch(): Promise<void> {
  const { from } = batch.value!;
  try {
    const { account, block } = await client.accountProof(from);
    const isDue = ({ state, signed: { nonce, validUntil } }: BatchPayment) =>
      (state === "accepted" || state === "unsent") && (account.nonce > nonce || block.height >= validUntil);
    const due = batch.value!.payments.filter(isDue);
    if (due.length === 0) return;
    const final = await finalAmong(new Set(due.map(({ signed }) => signed.id)), from);
    const over = new Set<Hex>();
    for (const { signed } of due) {
      if (final.has(signed.id)) continue;
      const outcome = await client.outcome(signed);
      if (outcome === "finalized") final.add(signed.id);
      else if (outcome === "ended" || outcome === "replaced") over.add(signed.id);
    }
    change((each) => {
      const { id } = each.signed;
      if (final.has(id)) return { signed: each.signed, state: "final" };
      return over.has(id) ? { signed: each.signed, state: "over" } : each;
    });
  } catch (error) {
    // The next final block asks again.
    if (!isTransient(error)) sending.update({ error: error as Error });
  }
}

/** Resolves to the `ids` that are in final blocks, which it looks for in the newest entries of the history. */
async function finalAmong(ids: ReadonlySet<Hex>, from: Address): Promise<Set<Hex>> {
  const final = new Set<Hex>();
  let before: string | undefined;
  for (let page = 0; page * historyPage < 2 * ids.size + historyPage && final.size < ids.size; page++) {
    const { transactions, next } = await client.history(from, {
      limit: historyPage,
      ...(before && { before }),
    });
    for (const { id, status } of transactions) if (status === "finalized" && ids.has(id)) final.add(id);
    if (next === null) break;
    before = next;
  }
  return final;
}

/** Forgets the batch once every payment is decided. */
export function closeBatch(): void {
  keep(undefined);
}

function change(each: (payment: BatchPayment) => BatchPayment): void {
  const { value } = batch;
  if (value) keep({ ...value, payments: value.payments.map(each) });
}
