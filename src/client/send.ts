import { ClientError, type Hex } from "./bytes.ts";
import { ApiError } from "./http.ts";
import type { Key } from "./keys.ts";
import { type Outcome, orUnknown } from "./outcome.ts";
import { awayMs, firstPollMs, nextPollMs, pause } from "./pause.ts";
import type { SignedTransaction, Transfer } from "./transaction.ts";

/** The most times that an order is signed: anew only when no block can hold the previous transfer any more. */
const maxSignings = 3;

/** A transfer for `Client.send`, which fills in the omitted fields. */
export type Order = Omit<Transfer, "nonce"> & {
  nonce?: number;
  /** Number of blocks after the head that may hold the transfer; by default 100, 0: no limit. Excludes `validUntil`. */
  validFor?: number;
};

export interface SendOptions {
  /**
   * The transfer that an earlier call signed for the same order without getting an answer. It is submitted again, and
   * replaced only when no block can hold it any more.
   */
  earlier?: SignedTransaction | undefined;
  /** Called with each signed transfer before it is submitted. */
  onSigned?(signed: SignedTransaction): void;
}

/** The node to send to, as `Client` reaches it. */
interface Sender {
  readonly url: string;
  sign(key: Pick<Key, "address" | "sign">, order: Order): Promise<SignedTransaction>;
  submit(signed: SignedTransaction): Promise<Hex>;
  outcome(signed: SignedTransaction): Promise<Outcome>;
}

/** `Client.send`. */
export async function sendOrder(
  client: Sender,
  key: Pick<Key, "address" | "sign">,
  order: Order,
  { earlier, onSigned, signal }: SendOptions & { signal: AbortSignal | undefined },
): Promise<SignedTransaction> {
  const mayChoose = order.nonce === undefined && order.validUntil === undefined;
  let signed = earlier;
  for (let signings = 1; ; signings++) {
    signed ??= await client.sign(key, order);
    onSigned?.(signed);
    try {
      await client.submit(signed);
      return signed;
    } catch (error) {
      if (!(error instanceof ApiError)) throw unanswered(error, client.url, signed.id);
      // The earlier attempt has reached the node.
      if (error.code === "ALREADY_KNOWN" && signed === earlier) return signed;
      const isLate = error.code === "NONCE_TOO_LOW" || error.code === "EXPIRED";
      if (!isLate || !mayChoose || signings === maxSignings) throw error;
      if (await isTaken(client, signed, error, signal)) return signed;
      signed = undefined;
    }
  }
}

/** True if the node has the transfer that it refused now. @throws {refusal} if that is undecided after a minute */
async function isTaken(
  client: Sender,
  signed: SignedTransaction,
  refusal: ApiError,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const startedAt = performance.now();
  for (let pollMs = firstPollMs; ; pollMs = nextPollMs(pollMs)) {
    const outcome = await orUnknown(client.outcome(signed));
    if (outcome === "ended" || outcome === "replaced") return false;
    if (outcome !== "unknown") return true;
    if (performance.now() - startedAt > awayMs) throw refusal;
    await pause(pollMs, signal);
  }
}

/** Adds a hint to an error: the transfer may have arrived, and another with a new nonce would be a second payment. */
function unanswered(error: unknown, url: string, id: Hex): unknown {
  if (!(error instanceof ClientError)) return error;
  const hint = `before sending again, see whether ${url}/v1/transactions/${id} knows it`;
  return new ClientError(error.code, `${error.message}; ${hint}`, { cause: error });
}
