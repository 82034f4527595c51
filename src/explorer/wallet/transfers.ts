import {
  type Address,
  ApiError,
  type BlockRef,
  type Hex,
  type Key,
  type SignedTransaction,
} from "../../client/index.ts";
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

/** Sent, and not answered: the same order again is this transaction again, so that it is made once. */
let unanswered: { name: string; signed: SignedTransaction } | undefined;

/** Signs here, and resolves once the node has taken the transaction; `transfers` tells the rest. */
export async function send(key: Key, genesisId: Hex, order: Order): Promise<void> {
  const { to, amount, fee, memo } = order;
  const name = [genesisId, key.address, to, amount, fee, memo].join(" ");
  const signed = await submit(key, order, name);
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
  void follow(sent, signed);
}

async function submit(key: Key, order: Order, name: string): Promise<SignedTransaction> {
  try {
    const signed = await client.send(key, order, {
      earlier: unanswered?.name === name ? unanswered.signed : undefined,
      onSigned: (signed) => (unanswered = { name, signed }),
    });
    unanswered = undefined;
    return signed;
  } catch (error) {
    if (error instanceof ApiError) {
      // One that others overtook, and of which it is not known yet that no block can hold it, is the one to ask about next time.
      if (!["NONCE_TOO_LOW", "EXPIRED"].includes(error.code)) unanswered = undefined;
      throw error;
    }
    if (unanswered?.name !== name) throw error;
    const hint = "It may have taken the transfer: the same order again is the same transfer, made once.";
    throw new Error(`${(error as Error).message}. ${hint}`, { cause: error });
  }
}

async function follow({ id, acceptedAtMs }: Sent, signed: SignedTransaction): Promise<void> {
  const change = (news: Partial<Sent>) =>
    transfers.set(transfers.value.map((each) => (each.id === id ? { ...each, ...news } : each)));
  try {
    const included = await client.waitFor(signed, "included");
    change({ block: included.block ?? undefined });
    const final = await client.waitFor(signed, "finalized");
    change({ block: final.block ?? undefined, finalAfterMs: Date.now() - acceptedAtMs });
  } catch (error) {
    change({ error: error as Error });
  }
}
