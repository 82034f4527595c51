import { isLink, quorum } from "../consensus/index.ts";
import type { Verify } from "../crypto/ed25519.ts";
import {
  type Certificate,
  type Checkpoint,
  computeDomain,
  FinalityVote,
  rootOf,
  type SignedFinalityVote,
  signingRoot,
} from "../types/index.ts";
import { compareBytes, equalBytes } from "../util/bytes.ts";
import { CodedError } from "../util/errors.ts";
import { type BlockTree, BrokenBranch } from "./block-tree.ts";
import { findAncestor } from "./branches.ts";

/**
 * `UNKNOWN_BLOCK`: the target is not here yet, or what it stands on is gone, so nothing can be said. `INVALID_VOTE`: it contradicts
 * the blocks or the rules; the others tell what is wrong. Only the first can befall an honest vote.
 */
export type VoteErrorCode =
  | "UNKNOWN_BLOCK"
  | "INVALID_VOTE"
  | "NOT_AN_AUTHORITY"
  | "INVALID_SIGNATURE"
  | "NO_QUORUM";

export class VoteError extends CodedError<VoteErrorCode> {}

export interface VoteChecks {
  tree: BlockTree;
  genesisId: Uint8Array;
  verify: Verify;
}

/** What is signed by a vote for this link. */
export function voteSigningRoot(link: FinalityVote, genesisId: Uint8Array): Uint8Array {
  return signingRoot(rootOf(FinalityVote, link), computeDomain("finalityVote", genesisId));
}

/** Checks one vote against the target's own authorities, and returns these. @throws {VoteError} */
export async function checkVote(vote: SignedFinalityVote, checks: VoteChecks): Promise<Uint8Array[]> {
  const authorities = await checkLink(vote.message, checks.tree);
  if (!authorities.some((authority) => equalBytes(authority, vote.voter))) {
    throw new VoteError("NOT_AN_AUTHORITY", "the voter is no authority in the target block's state");
  }
  if (!(await isSigned(vote, checks)))
    throw new VoteError("INVALID_SIGNATURE", "the vote's signature is wrong");
  return authorities;
}

/** Whether the signature is the voter's, whatever else is wrong with the vote. */
export async function isSigned(
  { message, voter, signature }: SignedFinalityVote,
  { genesisId, verify }: Pick<VoteChecks, "genesisId" | "verify">,
): Promise<boolean> {
  const [valid] = await verify([
    { publicKey: voter, message: voteSigningRoot(message, genesisId), signature },
  ]);
  return valid === true;
}

/** Checks a certificate: a quorum of the target's own authorities has signed the link. @throws {VoteError} */
export async function checkCertificate(certificate: Certificate, checks: VoteChecks): Promise<void> {
  await checkSigners(certificate, await checkLink(certificate.link, checks.tree), checks);
}

/** Checks that a quorum of these authorities has signed a certificate, whatever its link is worth. @throws {VoteError} */
export async function checkSigners(
  { link, voters, signatures }: Certificate,
  authorities: readonly Uint8Array[],
  checks: Pick<VoteChecks, "genesisId" | "verify">,
): Promise<void> {
  const ascending = voters.every(
    (voter, index) => index === 0 || compareBytes(voters[index - 1]!, voter) < 0,
  );
  if (!ascending || voters.length !== signatures.length)
    throw new VoteError("INVALID_VOTE", "voters do not ascend");
  const members = voters.filter((voter) => authorities.some((authority) => equalBytes(authority, voter)));
  if (members.length !== voters.length) throw new VoteError("NOT_AN_AUTHORITY", "a voter is no authority");
  if (voters.length < quorum(authorities.length)) {
    throw new VoteError("NO_QUORUM", `${voters.length} votes, ${quorum(authorities.length)} needed`);
  }
  const message = voteSigningRoot(link, checks.genesisId);
  const sets = voters.map((publicKey, index) => ({ publicKey, message, signature: signatures[index]! }));
  if ((await checks.verify(sets)).includes(false))
    throw new VoteError("INVALID_SIGNATURE", "a signature is wrong");
}

/** Checks the link against the block tree; returns the authorities of the target's state. @throws {VoteError} */
async function checkLink(link: FinalityVote, tree: BlockTree): Promise<Uint8Array[]> {
  if (!isLink(link)) throw new VoteError("INVALID_VOTE", "rounds or heights do not ascend");
  const target = await tree.get(link.target.block);
  if (!target) throw new VoteError("UNKNOWN_BLOCK", "the target block is not known");
  requireHeight(link.target, target.height);
  const ancestor = await findAncestor(tree, target, link.source.height);
  if (!ancestor) throw noAncestor();
  if (!equalBytes(ancestor.id, link.source.block)) {
    throw new VoteError("INVALID_VOTE", "the target does not descend from the source");
  }
  try {
    return (await tree.snapshotAfter(target.id)).authorities;
  } catch (error) {
    throw error instanceof BrokenBranch ? noAncestor() : error;
  }
}

/** It was found invalid after blocks on it had been stored. */
function noAncestor(): VoteError {
  return new VoteError("UNKNOWN_BLOCK", "an ancestor of the target block is not known");
}

function requireHeight(checkpoint: Checkpoint, height: number): void {
  if (checkpoint.height !== height) throw new VoteError("INVALID_VOTE", `the block's height is ${height}`);
}
