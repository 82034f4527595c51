import { ClientError, type Hex } from "./bytes.ts";
import { isTransient } from "./http.ts";
import { isUnknownId, type Outcome, orUnknown } from "./outcome.ts";
import { awayMs, firstPollMs, nextPollMs, pause } from "./pause.ts";
import type { SignedTransaction } from "./transaction.ts";
import type { PlacedTransaction, Status } from "./types.ts";

/** An accepted transaction that the node has not known for this long has been evicted or replaced. */
const lostAfterMs = 5_000;

/** The node to ask, as `Client` reaches it. */
interface Answers {
  transaction(id: Hex): Promise<PlacedTransaction>;
  outcome(signed: SignedTransaction): Promise<Outcome>;
  status(): Promise<Status>;
}

/** `Client.waitFor`. */
export async function waitForBlock(
  client: Answers,
  transaction: Hex | SignedTransaction,
  until: "included" | "finalized",
  signal: AbortSignal | undefined,
): Promise<PlacedTransaction> {
  const id = typeof transaction === "string" ? transaction : transaction.id;
  let knownAt = performance.now();
  let answeredAt = knownAt;
  for (let pollMs = firstPollMs; ; pollMs = nextPollMs(pollMs)) {
    signal?.throwIfAborted();
    try {
      const answer = await client.transaction(id);
      if (answer.status === "finalized" || answer.status === until) return answer;
      answeredAt = knownAt = performance.now();
    } catch (error) {
      const now = performance.now();
      const isUnknown = isUnknownId(error);
      if (!isUnknown && (!isTransient(error) || now - answeredAt > awayMs)) throw error;
      // Only an answer shows that the node does not know the transaction; a failed request shows nothing.
      if (isUnknown) answeredAt = now;
      else knownAt = now;
      if (isUnknown && typeof transaction !== "string") await throwIfOver(client, transaction);
      if (now - knownAt > (await patienceMs(client, transaction))) {
        const message = `the node no longer knows transaction ${id}: it was evicted; submit the same transaction again`;
        throw new ClientError("EVICTED", message);
      }
    }
    await pause(pollMs, signal);
  }
}

async function throwIfOver(client: Answers, signed: SignedTransaction): Promise<void> {
  const { id, nonce, validUntil } = signed;
  const outcome = await orUnknown(client.outcome(signed));
  const never = `transaction ${id} is not paid, and never will be`;
  if (outcome === "ended")
    throw new ClientError("EXPIRED", `${never}: it was valid until block ${validUntil}`);
  if (outcome === "replaced")
    throw new ClientError("REPLACED", `${never}: another transaction has used its nonce ${nonce}`);
}

/** A node drops a transfer once its last height has passed; the outcome is known when that height is final. */
async function patienceMs(client: Answers, transaction: Hex | SignedTransaction): Promise<number> {
  const validUntil = typeof transaction === "string" ? 0 : transaction.validUntil;
  if (validUntil === 0) return lostAfterMs;
  const head = await client.status().then(
    (status) => status.head,
    () => undefined,
  );
  return head && head.height < validUntil ? lostAfterMs : awayMs;
}
