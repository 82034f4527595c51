import {
  type BlockChecks,
  checkBlockSize,
  checkHeaderForm,
  checkHeaderSignatures,
} from "../chain/block-check.ts";
import type { Chain } from "../chain/chain.ts";
import { authorityIndex } from "../consensus/index.ts";
import { BlockError } from "../types/errors.ts";
import type { EncodedBlock, SignedHeader } from "../types/index.ts";
import type { EvidenceInbox } from "./evidence-inbox.ts";

export interface FetchedHeaderOptions {
  chain: Pick<Chain, "checkHeaders" | "snapshot" | "tree">;
  checks: BlockChecks;
  /** Sees each header with a valid signature, whatever else is wrong with it. */
  evidence: Pick<EvidenceInbox, "seenHeader">;
}

/**
 * Checks the header and the size of a block that was fetched on somebody's claim, before any of its transactions is
 * decoded: the transactions of a block that no authority has signed cost a stranger nothing, and this node much work.
 * Resolves to false if nothing can be said because the parent is not here: the block may be of an authority of a later
 * set, or keep later limits. Sync then finds it by its headers. @throws {BlockError}
 */
export async function checkFetchedHeader(
  { header, body }: EncodedBlock,
  id: Uint8Array,
  { chain, checks, evidence }: FetchedHeaderOptions,
): Promise<boolean> {
  checkHeaderForm(header);
  const { parent, proposer } = header.message;
  const isParentHere = (await chain.tree.get(parent)) !== undefined;
  const after = isParentHere ? await chain.tree.findSnapshotAfter(parent) : chain.snapshot;
  if (!after) return false;
  if (!isParentHere && authorityIndex(after.authorities, proposer) < 0) return false;
  try {
    checkBlockSize(body, after.parameters);
  } catch (error) {
    if (isParentHere) throw error;
    return false;
  }
  await checkHeaderSignatures([{ header, id }], checks);
  evidence.seenHeader(header);
  if (isParentHere) await checkRules(header, chain);
  return true;
}

/** A block that is early waits for its time once it is here. */
async function checkRules(header: SignedHeader, chain: Pick<Chain, "checkHeaders">): Promise<void> {
  try {
    await chain.checkHeaders([header]);
  } catch (error) {
    if (!(error instanceof BlockError && error.code === "FUTURE_BLOCK")) throw error;
  }
}
