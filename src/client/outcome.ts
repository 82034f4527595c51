import { ApiError, isTransient } from "./http.ts";
import type { SignedTransaction } from "./transaction.ts";
import type { AccountProof } from "./types.ts";

/**
 * The fate of a transfer. `ended` and `replaced`: it is not paid and never will be, as its last height has passed or another
 * has used its nonce. `unknown`: the node does not have it, but a block may hold it still.
 */
export type Outcome = "pending" | "included" | "finalized" | "ended" | "replaced" | "unknown";

/** The questions that an outcome follows from. */
interface Answers {
  accountProof(address: string, at: "finalized"): Promise<AccountProof>;
  transaction(id: string): Promise<{ status: Outcome }>;
}

/**
 * It is over for good only if that follows from blocks that are final. With nonce n it would have made its sender's nonce n + 1, and
 * nonces never fall:
 * - `ended`: one answer gives a final block at or above the last height, and the sender's nonce in the state after that block, which
 *   is not above n. No block up to there holds the transfer, and no later one may.
 * - `replaced`: the nonce in that state is above n, and the node, asked after that, knows the transfer in no block of its chain, to
 *   which the final one belongs. So another has used the nonce.
 * No answer at all, or one about blocks that are not final, decides nothing. @throws what is neither transient nor an unknown id
 */
export async function outcomeOf(client: Answers, signed: SignedTransaction): Promise<Outcome> {
  const { id, from, nonce, validUntil } = signed;
  const final = await orUndefined<Pick<AccountProof, "block" | "account">>(
    client.accountProof(from, "finalized"),
    (error) => isTransient(error) || isUndecided(error),
  );
  const found = await orUndefined(client.transaction(id), isUnknownId);
  if (found) return found.status;
  if (!final) return "unknown";
  if (final.account.nonce > nonce) return "replaced";
  return validUntil !== 0 && final.block.height >= validUntil ? "ended" : "unknown";
}

function isUndecided(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    ["ACCOUNT_NOT_FOUND", "PROOF_NOT_AVAILABLE", "BLOCK_NOT_FOUND"].includes(error.code)
  );
}

export function isUnknownId(error: unknown): boolean {
  return error instanceof ApiError && error.code === "TRANSACTION_NOT_FOUND";
}

async function orUndefined<T>(
  promise: Promise<T>,
  isExpected: (error: unknown) => boolean,
): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isExpected(error)) return undefined;
    throw error;
  }
}
