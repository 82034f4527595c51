import { isAddress } from "../crypto/address.ts";
import { type AuthoritySnapshot, type ChainSnapshot, voteKinds } from "../types/authority.ts";
import type { Header } from "../types/block.ts";
import { BlockError } from "../types/errors.ts";
import type { ChainConfig } from "../types/genesis.ts";
import { isSafeCount } from "../types/primitives.ts";
import { equalBytes } from "../util/bytes.ts";
import { authorityIndex, sameAddress, signerLimit } from "./authority-set.ts";
import { applyVote, isWellFormedVote, type VotingConfig } from "./voting.ts";

/** The part of a chain's configuration by which its headers are checked. */
export type CliqueConfig = Pick<ChainConfig, "epochLength">;

/** The parent that a header is checked against. `snapshot` is the one after the parent. */
export interface ParentHeader {
  header: Header;
  id: Uint8Array;
  snapshot: ChainSnapshot;
}

/** EIP-225 `DIFF_INTURN` and `DIFF_NOTURN`. */
export const difficulties = { inTurn: 2, outOfTurn: 1 } as const;

/** True if the turn at `height` is the proposer's. `snapshot` is the one after the parent of the block at `height`. */
export function isInTurn(snapshot: AuthoritySnapshot, height: number, proposer: Uint8Array): boolean {
  const { authorities } = snapshot;
  const inTurn = authorities[height % authorities.length];
  return inTurn !== undefined && sameAddress(inTurn, proposer);
}

/** The last answer of `barredIndexes` for a snapshot, which is usually asked for one height. */
const barredAfter = new WeakMap<AuthoritySnapshot, { height: number; indexes: readonly number[] }>();

/** The indexes of the authorities that signed too recently for the block at `height`. */
export function barredIndexes(snapshot: AuthoritySnapshot, height: number): readonly number[] {
  const known = barredAfter.get(snapshot);
  if (known?.height === height) return known.indexes;
  const { authorities, recentSigners } = snapshot;
  const limit = signerLimit(authorities.length);
  const recent = recentSigners.filter((each) => height < each.height + limit);
  const signers = new Set(recent.map(({ proposer }) => authorityIndex(authorities, proposer)));
  // One that was voted out.
  signers.delete(-1);
  const indexes = [...signers];
  barredAfter.set(snapshot, { height, indexes });
  return indexes;
}

/** The authority that may sign the block at `height` first: the one in turn, or the next after it that may sign. */
export function firstInLine(snapshot: AuthoritySnapshot, height: number): Uint8Array | undefined {
  const { authorities } = snapshot;
  const barred = barredIndexes(snapshot, height);
  for (let place = 0; place < authorities.length; place++) {
    const index = (height + place) % authorities.length;
    if (!barred.includes(index)) return authorities[index];
  }
  return undefined;
}

export function requiredDifficulty(snapshot: AuthoritySnapshot, height: number, proposer: Uint8Array): 1 | 2 {
  return isInTurn(snapshot, height, proposer) ? difficulties.inTurn : difficulties.outOfTurn;
}

/**
 * The lowest height at which the recent-signer rule lets the proposer sign while the set stays as it is; 0 if it does
 * not bar it.
 */
export function mayNotSignBefore(snapshot: AuthoritySnapshot, proposer: Uint8Array): number {
  const last = snapshot.recentSigners.findLast((recent) => sameAddress(recent.proposer, proposer));
  return last ? last.height + signerLimit(snapshot.authorities.length) : 0;
}

/** True if the proposer signed one of the `signerLimit - 1` blocks before `height`. */
export function hasSignedRecently(
  snapshot: AuthoritySnapshot,
  height: number,
  proposer: Uint8Array,
): boolean {
  return height < mayNotSignBefore(snapshot, proposer);
}

/** True if the block at `height` clears the open votes and carries none. */
export function isEpochBlock(height: number, config: Pick<ChainConfig, "epochLength">): boolean {
  return height % config.epochLength === 0;
}

/**
 * Checks the rules of a header that need only its parent: docs/consensus.md, stage 3. Signature, clock and state are
 * checked elsewhere.
 * @throws {BlockError} with the first rule that is broken.
 */
export function checkHeader(parent: ParentHeader, header: Header, config: CliqueConfig): void {
  const { snapshot } = parent;
  if (!isSafeCount(header.height) || !isSafeCount(header.timestamp)) {
    throw new BlockError("MALFORMED", "height or timestamp is above 2^53 - 1");
  }
  if (!equalBytes(header.parent, parent.id)) {
    throw new BlockError("UNKNOWN_PARENT", "the header names another parent");
  }
  if (header.height !== parent.header.height + 1) {
    throw new BlockError("WRONG_HEIGHT", `height ${header.height} on a parent at ${parent.header.height}`);
  }
  const earliest = parent.header.timestamp + snapshot.parameters.periodMs;
  if (header.timestamp < earliest) {
    throw new BlockError("TOO_EARLY", `timestamp ${header.timestamp} is before ${earliest}`);
  }
  if (authorityIndex(snapshot.authorities, header.proposer) < 0) {
    const why =
      snapshot.authorities.length === 0
        ? "no authority is left: the last one voted itself out, which ended the chain"
        : "the proposer is not an authority";
    throw new BlockError("NOT_AN_AUTHORITY", why);
  }
  const notBefore = mayNotSignBefore(snapshot, header.proposer);
  if (header.height < notBefore) {
    throw new BlockError("SIGNED_RECENTLY", `the proposer may not sign before height ${notBefore}`);
  }
  const difficulty = requiredDifficulty(snapshot, header.height, header.proposer);
  if (header.difficulty !== difficulty) {
    throw new BlockError("WRONG_DIFFICULTY", `difficulty ${header.difficulty}, not ${difficulty}`);
  }
  const { kind, candidate } = header.vote;
  const hasCandidate = kind === voteKinds.add || kind === voteKinds.remove;
  if (!isWellFormedVote(header.vote) || (hasCandidate && !isAddress(candidate))) {
    throw new BlockError(
      "INVALID_VOTE",
      "the vote is malformed, or no key belongs to the candidate's address",
    );
  }
  if (isEpochBlock(header.height, config) && header.vote.kind !== voteKinds.none) {
    throw new BlockError("INVALID_VOTE", "the first block of an epoch carries no vote");
  }
}

/**
 * The snapshot after a header that `checkHeader` accepted. Arguments are not changed; unchanged lists are shared, so a
 * snapshot is never changed in place.
 */
export function applyHeader(
  snapshot: ChainSnapshot,
  header: Pick<Header, "height" | "proposer" | "vote">,
  config: CliqueConfig & VotingConfig,
): ChainSnapshot {
  const { authorities, openVotes, parameters } = isEpochBlock(header.height, config)
    ? { ...snapshot, openVotes: [] }
    : applyVote(snapshot, header, config);
  const recentSigners = recentSignersAfter(snapshot, header, authorities.length);
  return { authorities, recentSigners, openVotes, parameters, recovery: snapshot.recovery };
}

/**
 * Only the last `signerLimit - 1` blocks can bar an authority from the next one, by the size of the set after the
 * block.
 */
function recentSignersAfter(
  { recentSigners }: AuthoritySnapshot,
  { height, proposer }: Pick<Header, "height" | "proposer">,
  authorityCount: number,
): AuthoritySnapshot["recentSigners"] {
  const oldest = height + 2 - signerLimit(authorityCount);
  const kept = recentSigners.filter((recent) => recent.height >= oldest);
  if (height >= oldest) kept.push({ height, proposer });
  return kept;
}
