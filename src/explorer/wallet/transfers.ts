import { type Address, type BlockRef, type Hex, type Key, signTransfer } from "../../client/index.ts";
import { client } from "../live.ts";
import { Store } from "../store.ts";

/** A transfer that was sent from this tab, and how far it has come. */
export interface Sent {
  id: Hex;
  from: Address;
  to: Address;
  amount: string;
  /** Once the node has it on its disk. */
  acceptedAtMs: number;
  block: BlockRef | undefined;
  /** From acceptance until it was known to be final, ms. */
  finalAfterMs: number | undefined;
  error: Error | undefined;
}

/** Newest first. */
export const transfers = new Store<readonly Sent[]>([]);

export interface Order {
  to: Address;
  amount: bigint;
  fee: bigint;
  memo: string;
}

/** Signs here, and resolves once the node has taken the transaction; `transfers` tells the rest. */
export async function send(key: Key, genesisId: Hex, order: Order): Promise<void> {
  const { pendingNonce } = await client.account(key.address);
  const signed = await signTransfer(key, genesisId, { ...order, nonce: pendingNonce });
  await client.submit(signed);
  const sent: Sent = {
    id: signed.id,
    from: key.address,
    to: order.to,
    amount: signed.amount,
    acceptedAtMs: Date.now(),
    block: undefined,
    finalAfterMs: undefined,
    error: undefined,
  };
  transfers.set([sent, ...transfers.value]);
  void follow(sent);
}

async function follow({ id, acceptedAtMs }: Sent): Promise<void> {
  const change = (news: Partial<Sent>) =>
    transfers.set(transfers.value.map((each) => (each.id === id ? { ...each, ...news } : each)));
  try {
    const included = await client.waitFor(id, "included");
    change({ block: included.block ?? undefined });
    const final = await client.waitFor(id, "finalized");
    change({ block: final.block ?? undefined, finalAfterMs: Date.now() - acceptedAtMs });
  } catch (error) {
    change({ error: error as Error });
  }
}
