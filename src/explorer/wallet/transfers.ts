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

/** A transfer that was sent from this tab, with its progress. */
export interface Sent {
  id: Hex;
  from: Address;
  to: Address;
  amount: string;
  /** When the node had the transfer on its disk. */
  acceptedAtMs: number;
  block: BlockRef | undefined;
  /** The time from acceptance until the transfer was known to be final, in ms. */
  finalAfterMs: number | undefined;
  error: Error | undefined;
}

/** The transfers, newest first. */
export const transfers = new Store<readonly Sent[]>([]);

export interface Order {
  to: Address;
  amount: bigint;
  fee: bigint;
  memo: string;
}

/** The transaction that got no answer. The same order submits it again, so that the order is paid only once. */
let unanswered: { name: string; signed: SignedTransaction } | undefined;

/** Signs in the browser; resolves to the id once the node has accepted. `transfers` shows the further progress. */
export async function send(key: Key, genesisId: Hex, order: Order): Promise<Hex> {
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
  // The list of transfers shows its error.
  void follow(sent, signed);
  return signed.id;
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
      // After these errors a block may still hold the transaction, so the next attempt has to ask about it first.
      if (!["NONCE_TOO_LOW", "EXPIRED"].includes(error.code)) unanswered = undefined;
      throw error;
    }
    if (unanswered?.name !== name) throw error;
    const hint =
      "The node may have accepted the transfer. Sending the same order again is safe: it is paid only once.";
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
