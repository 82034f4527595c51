import { ApiError, isTransient } from "./http.ts";
import type { SignedTransaction } from "./transaction.ts";
import type { AccountProof } from "./types.ts";

/**
 * The fate of a transfer. After `ended` and `replaced` it is not paid and never will be, because its last height has
 * passed or another transfer has used its nonce. `unknown`: the node does not have it, but a block may still hold it.
 */
export type Outcome = "pending" | "included" | "finalized" | "ended" | "replaced" | "unknown";

/** The requests whose answers decide an outcome. */
interface Answers {
  accountProof(address: string, at: "finalized"): Promise<AccountProof>;
  transaction(id: string): Promise<{ status: Outcome }>;
}

/**
 * Decides that a transfer is over for good only from final blocks. A paid transfer with nonce n leaves its sender's
 * nonce at n + 1, and nonces never fall:
 * - `ended`: one answer gives a final block at or above the last height, and the sender's nonce in the state after that
 *   block is not above n. No block up to there holds the transfer, and no later block may.
 * - `replaced`: the nonce in that state is above n, and the node, asked afterwards, knows the transfer in no block of
 *   its chain, which contains the final block. So another transfer has used the nonce.
 * A missing answer, or one about blocks that are not final, decides nothing. @throws errors other than transient ones
 * and unknown ids
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

/** Resolves to `unknown` while the node is away or busy. */
export async function orUnknown(outcome: Promise<Outcome>): Promise<Outcome> {
  try {
    return await outcome;
  } catch (error) {
    if (isTransient(error)) return "unknown";
    throw error;
  }
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
