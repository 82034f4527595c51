import { rightOfState } from "../state/index.ts";
import { type Account, AuthoritySnapshot, rootOf } from "../types/index.ts";
import { CodedError } from "../util/errors.ts";
import type { Chain } from "./chain.ts";
import type { WeightedHeader } from "./types.ts";

/**
 * The number of heights below the head for which a state is still rebuilt. Finality is a block or two behind, unless it
 * waits.
 */
export const maxProofDepth = 128;
/** The most transactions in these blocks: some 0.3 s of work, in slices; blocks wait for it. */
const maxProofTransactions = 32_768;

/** `ACCOUNT_NOT_FOUND`: the account did not exist then. `PROOF_NOT_AVAILABLE`: the block's state cannot be rebuilt. */
export class ProofError extends CodedError<"ACCOUNT_NOT_FOUND" | "PROOF_NOT_AVAILABLE"> {}

/** A proof of an account's contents in the state after a block. */
export interface AccountProof {
  account: Account;
  /** The index in the account list. */
  index: number;
  /** The SSZ Merkle branch from the account's root to the header's `stateRoot`: 35 nodes, lowest first. */
  branch: Uint8Array[];
}

/** @throws {ProofError} */
export async function proveAccount(
  chain: Pick<Chain, "head" | "reader" | "tree" | "accountsAfter">,
  block: WeightedHeader,
  address: Uint8Array,
): Promise<AccountProof> {
  await requireNear(chain, block);
  const snapshot = await chain.tree.stateAfter(block.id);
  const beside = [rootOf(AuthoritySnapshot, snapshot), rightOfState(snapshot)];
  const found = await chain.accountsAfter(block, (accounts) => {
    const index = accounts.indexOf(address);
    return index < 0
      ? "none"
      : { account: accounts.account(index), index, branch: [...accounts.branch(index), ...beside] };
  });
  if (!found) throw notAvailable(block, "it is on a side branch");
  if (found === "none")
    throw new ProofError("ACCOUNT_NOT_FOUND", `no such account after block ${block.height}`);
  return found;
}

/** Refuses blocks that are too old to rebuild their state. @throws {ProofError} */
async function requireNear(
  { head, reader, tree }: Pick<Chain, "head" | "reader" | "tree">,
  block: WeightedHeader,
): Promise<void> {
  const depth = head.height - block.height;
  if (depth > maxProofDepth) throw notAvailable(block, `it is more than ${maxProofDepth} below the head`);
  const ids = await reader.idsDown(head.height, depth);
  const summaries = await Promise.all(ids.map((id) => tree.get(id)));
  const count = summaries.reduce((sum, summary) => sum + (summary?.transactionCount ?? 0), 0);
  if (count > maxProofTransactions) {
    throw notAvailable(block, `${count} transactions have come since, more than ${maxProofTransactions}`);
  }
}

function notAvailable({ height }: WeightedHeader, why: string): ProofError {
  return new ProofError("PROOF_NOT_AVAILABLE", `the state after block ${height} is not at hand: ${why}`);
}
