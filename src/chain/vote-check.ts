import { authorityIndex, isLink, linkKey, quorum } from "../consensus/index.ts";
import type { Verify, VerifyOrder } from "../crypto/ed25519.ts";
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
import type { WeightedHeader } from "./types.ts";

/**
 * The reasons for which a vote is refused. Only `UNKNOWN_BLOCK` and `BEFORE_RECOVERY` can befall an honest vote.
 * - `NOT_A_LINK`: rounds or heights do not ascend, whatever the chain.
 * - `UNKNOWN_BLOCK`: the target is not here yet, or its ancestor is gone, so nothing can be said.
 * - `BEFORE_RECOVERY`: the target is not above the block of the newest recovery, which is final without votes.
 * - `INVALID_VOTE`: it contradicts the blocks.
 */
export type VoteErrorCode =
  | "NOT_A_LINK"
  | "UNKNOWN_BLOCK"
  | "BEFORE_RECOVERY"
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

type SignatureChecks = Pick<VoteChecks, "genesisId" | "verify">;

/** The root that a vote for this link signs. */
export function voteSigningRoot(link: FinalityVote, genesisId: Uint8Array): Uint8Array {
  return signingRoot(rootOf(FinalityVote, link), computeDomain("finalityVote", genesisId));
}

/**
 * Checks everything about a vote except its signature against the blocks; returns the target's own authorities. @throws
 * {VoteError}
 */
export async function checkVote(
  { message, voter }: SignedFinalityVote,
  { tree }: Pick<VoteChecks, "tree">,
): Promise<Uint8Array[]> {
  const authorities = await checkLink(message, tree);
  requireMember(authorities, voter);
  return authorities;
}

/**
 * The cheap checks before a vote's signature: its link, and that the voter is in the target's set. @throws {VoteError}
 */
export async function checkVoter({ message, voter }: SignedFinalityVote, tree: BlockTree): Promise<void> {
  const target = await targetOf(message, tree);
  requireMember(await authoritiesOf(target.id, tree), voter);
}

/** @throws {VoteError} `INVALID_SIGNATURE` */
export async function checkSignature(vote: SignedFinalityVote, checks: SignatureChecks): Promise<void> {
  const [valid] = await areSigned([vote], checks);
  if (!valid) throw new VoteError("INVALID_SIGNATURE", "the vote's signature is wrong");
}

/**
 * For each vote, true if the signature is the voter's, whatever else is wrong with it. Votes of a round often sign one
 * link, which is hashed once.
 */
export function areSigned(
  votes: readonly SignedFinalityVote[],
  { genesisId, verify }: SignatureChecks,
  order?: VerifyOrder,
): Promise<boolean[]> {
  const roots = new Map<string, Uint8Array>();
  const rootOfLink = (link: FinalityVote) => {
    const key = linkKey(link);
    const root = roots.get(key) ?? voteSigningRoot(link, genesisId);
    roots.set(key, root);
    return root;
  };
  const sets = votes.map(({ message, voter, signature }) => ({
    publicKey: voter,
    message: rootOfLink(message),
    signature,
  }));
  return verify(sets, order);
}

/** Checks a certificate: a quorum of the target's own authorities has signed the link. @throws {VoteError} */
export async function checkCertificate(certificate: Certificate, checks: VoteChecks): Promise<void> {
  await checkSigners(certificate, await checkLink(certificate.link, checks.tree), checks);
}

/** Checks that a quorum of these authorities has signed a certificate, whatever its link. @throws {VoteError} */
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
  for (const voter of voters) requireMember(authorities, voter);
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
  const target = await targetOf(link, tree);
  requireHeight(link.target, target.height);
  const ancestor = await findAncestor(tree, target, link.source.height);
  if (!ancestor) throw noAncestor();
  if (!equalBytes(ancestor.id, link.source.block)) {
    throw new VoteError("INVALID_VOTE", "the target does not descend from the source");
  }
  return authoritiesOf(target.id, tree);
}

/** The set after the block. @throws {VoteError} `UNKNOWN_BLOCK` */
async function authoritiesOf(block: Uint8Array, tree: BlockTree): Promise<Uint8Array[]> {
  try {
    return (await tree.snapshotAfter(block)).authorities;
  } catch (error) {
    throw error instanceof BrokenBranch ? noAncestor() : error;
  }
}

function unknownTarget(): VoteError {
  return new VoteError("UNKNOWN_BLOCK", "the target block is not known");
}

/** The target's block, for a link that can be on this chain. @throws {VoteError} */
async function targetOf(link: FinalityVote, tree: BlockTree): Promise<WeightedHeader> {
  requireLink(link);
  requireAboveRecovery(link, tree);
  const target = await tree.get(link.target.block);
  if (!target) throw unknownTarget();
  return target;
}

function requireLink(link: FinalityVote): void {
  if (!isLink(link)) throw new VoteError("NOT_A_LINK", "rounds or heights do not ascend");
}

/**
 * The keys of a lost majority must not settle anything below the block that people have agreed on. @throws {VoteError}
 */
function requireAboveRecovery({ target }: FinalityVote, { recoveries }: BlockTree): void {
  const { newest } = recoveries;
  if (newest && target.height <= newest.block.height)
    throw new VoteError(
      "BEFORE_RECOVERY",
      `not above block ${newest.block.height}, where the chain was recovered`,
    );
}

function requireMember(authorities: readonly Uint8Array[], voter: Uint8Array): void {
  if (authorityIndex(authorities, voter) < 0)
    throw new VoteError("NOT_AN_AUTHORITY", "the voter is no authority in the target block's state");
}

/** The ancestor was found invalid after blocks on it had been stored. */
function noAncestor(): VoteError {
  return new VoteError("UNKNOWN_BLOCK", "an ancestor of the target block is not known");
}

function requireHeight(checkpoint: Checkpoint, height: number): void {
  if (checkpoint.height !== height) throw new VoteError("INVALID_VOTE", `the block's height is ${height}`);
}
