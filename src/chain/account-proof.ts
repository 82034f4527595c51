import { digest64 } from "@chainsafe/persistent-merkle-tree";
import { Undo } from "../state/index.ts";
import { type Account, AuthoritySnapshot } from "../types/index.ts";
import { equalBytes } from "../util/bytes.ts";
import { CodedError } from "../util/errors.ts";
import type { Chain } from "./chain.ts";
import type { Head } from "./types.ts";

/** How far below the head a state is still made from it: finality is a block or two behind, unless it waits. */
export const maxProofDepth = 128;
/** Accounts that these blocks may have changed, counted for each block: some 0.1 s of hashing. */
const maxChanges = 65_536;
/** Each ends when the head moves meanwhile. */
const maxAttempts = 8;

/** `ACCOUNT_NOT_FOUND`: nothing has created it by then; `PROOF_NOT_AVAILABLE`: the block's state is not at hand. */
export class ProofError extends CodedError<"ACCOUNT_NOT_FOUND" | "PROOF_NOT_AVAILABLE"> {}

/** What an account holds in the state after a block. */
export interface AccountProof {
  account: Account;
  /** Place in the account list. */
  index: number;
  /** The SSZ Merkle branch from the account's root to the header's `stateRoot`: 34 nodes, lowest first. */
  branch: Uint8Array[];
}

/** `block`: canonical. @throws {ProofError} */
export async function proveAccount(chain: Chain, block: Head, address: Uint8Array): Promise<AccountProof> {
  const authoritiesRoot = AuthoritySnapshot.hashTreeRoot(await chain.tree.snapshotAfter(block.id));
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const undos = await undosAbove(chain, block);
    const accounts = undos && chain.state.before(undos);
    if (accounts && equalBytes(digest64(accounts.root(), authoritiesRoot), block.header.message.stateRoot)) {
      const index = accounts.indexOf(address);
      if (index < 0) throw new ProofError("ACCOUNT_NOT_FOUND", `no such account after block ${block.height}`);
      return {
        account: accounts.account(index),
        index,
        branch: [...accounts.branch(index), authoritiesRoot],
      };
    }
    // A block is being executed that is not the head yet, or the head has moved while the records were read.
    await chain.idle();
  }
  throw notAvailable(block, "the chain moves too fast: try again");
}

/** The undo records of the blocks above, newest first; undefined if the head has moved meanwhile. @throws {ProofError} */
async function undosAbove(chain: Chain, block: Head): Promise<Undo[] | undefined> {
  const { head, reader } = chain;
  const depth = head.height - block.height;
  if (depth < 0) throw notAvailable(block, "it is on a side branch");
  if (depth > maxProofDepth) throw notAvailable(block, `it is more than ${maxProofDepth} below the head`);
  const refs = await reader.refsDown(head.height, depth + 1);
  if (chain.head !== head) return undefined;
  if (!equalBytes(refs.at(-1)!.id, block.id)) throw notAvailable(block, "it is on a side branch");
  const undos: Undo[] = [];
  let changes = 0;
  for (const { id } of refs.slice(0, -1)) {
    const record = await reader.undoIfThere(id);
    if (chain.head !== head) return undefined;
    if (!record) throw notAvailable(block, "this node has not executed the blocks after it");
    const undo = Undo.deserialize(record);
    changes += undo.entries.length;
    if (changes > maxChanges) throw notAvailable(block, "too much has changed since");
    undos.push(undo);
  }
  return undos;
}

function notAvailable({ height }: Head, why: string): ProofError {
  return new ProofError("PROOF_NOT_AVAILABLE", `the state after block ${height} is not at hand: ${why}`);
}
