import {
  type ChainSnapshot,
  type HeaderVote,
  maxAuthorities,
  type OpenVote,
  voteKinds,
} from "../types/authority.ts";
import type { Header } from "../types/block.ts";
import type { ChainConfig } from "../types/genesis.ts";
import { parameterName } from "../types/parameters.ts";
import { zero32 } from "../types/primitives.ts";
import {
  authorityIndex,
  sameAddress,
  signerLimit,
  withAuthority,
  withoutAuthority,
} from "./authority-set.ts";
import { canSetParameter, withParameter } from "./parameters.ts";

/**
 * An honest authority has one open vote on a candidate and one on each parameter. Every block hashes the open votes,
 * and every node stores and shows them, so faulty ones must not make many.
 */
export const maxOpenVotesPerVoter = 16;

/** The part of a chain's configuration that bounds its parameters. */
export type VotingConfig = Pick<ChainConfig, "slotMs">;
type VotingState = Pick<ChainSnapshot, "authorities" | "openVotes" | "parameters">;
type VoteHeader = Pick<Header, "height" | "proposer" | "vote">;

/** True if a vote has a known kind, and zeros in exactly the fields that the kind does not use. */
export function isWellFormedVote({ kind, candidate, parameter, value }: HeaderVote): boolean {
  const noCandidate = sameAddress(candidate, zero32);
  const noParameter = parameter === 0 && value === 0n;
  if (kind === voteKinds.none) return noCandidate && noParameter;
  if (kind === voteKinds.add || kind === voteKinds.remove) return !noCandidate && noParameter;
  return kind === voteKinds.set && noCandidate && parameterName(parameter) !== undefined;
}

/** True if two votes are on the same candidate, or on the same parameter. */
export function sameSubject(a: HeaderVote, b: HeaderVote): boolean {
  return a.parameter === b.parameter && sameAddress(a.candidate, b.candidate);
}

/**
 * Counts the vote of a header and enacts the change that it brings to a majority (EIP-225, "Voting on signers"). Only
 * the header's own subject ever changes: other proposals that have a majority of a smaller set wait until a header
 * votes on them.
 */
export function applyVote(state: VotingState, header: VoteHeader, config: VotingConfig): VotingState {
  const { vote } = header;
  if (vote.kind === voteKinds.none) return state;
  const openVotes = replaceVote(state, header, config);
  const counted = { ...state, openVotes };
  return vote.kind === voteKinds.set
    ? enactParameter(counted, vote, config)
    : enactAuthority(counted, vote.candidate);
}

/** All open votes on a candidate are of one kind, which follows from whether it is an authority. */
function enactAuthority(state: VotingState, candidate: Uint8Array): VotingState {
  const { authorities, openVotes } = state;
  const kind = authorityIndex(authorities, candidate) < 0 ? voteKinds.add : voteKinds.remove;
  const tally = count(openVotes, ({ vote }) => sameAddress(vote.candidate, candidate));
  if (tally < signerLimit(authorities.length) || !canChangeSet(authorities, kind, candidate)) return state;
  const settled = openVotes.filter(({ vote }) => !sameAddress(vote.candidate, candidate));
  if (kind === voteKinds.add) {
    return { ...state, authorities: withAuthority(authorities, candidate), openVotes: settled };
  }
  return {
    ...state,
    authorities: withoutAuthority(authorities, candidate),
    openVotes: settled.filter(({ voter }) => !sameAddress(voter, candidate)),
  };
}

/** Votes count only for the value that they name. */
function enactParameter(state: VotingState, vote: HeaderVote, config: VotingConfig): VotingState {
  const { authorities, openVotes, parameters } = state;
  const tally = count(openVotes, (open) => sameSubject(open.vote, vote) && open.vote.value === vote.value);
  if (tally < signerLimit(authorities.length) || !canSetParameter(parameters, vote, config)) return state;
  return {
    ...state,
    parameters: withParameter(parameters, vote),
    openVotes: openVotes.filter((open) => !sameSubject(open.vote, vote)),
  };
}

/** The voter's older vote on the subject is discarded, even if the new one does not count. */
function replaceVote(
  { authorities, openVotes, parameters }: VotingState,
  { height, proposer, vote }: VoteHeader,
  config: VotingConfig,
): OpenVote[] {
  const votes: OpenVote[] = [];
  let own = 0;
  for (const open of openVotes) {
    const isOwn = sameAddress(open.voter, proposer);
    if (isOwn && sameSubject(open.vote, vote)) continue;
    if (isOwn) own++;
    votes.push(open);
  }
  const counts =
    vote.kind === voteKinds.set
      ? canSetParameter(parameters, vote, config)
      : canChangeSet(authorities, vote.kind, vote.candidate);
  if (own < maxOpenVotesPerVoter && counts) votes.push({ voter: proposer, vote, height });
  return votes;
}

/**
 * True if the vote would change the set without making it too large. Emptying the set ends the chain, but is allowed.
 */
function canChangeSet(authorities: readonly Uint8Array[], kind: number, candidate: Uint8Array): boolean {
  const member = authorityIndex(authorities, candidate) >= 0;
  return kind === voteKinds.add ? !member && authorities.length < maxAuthorities : member;
}

function count<T>(items: readonly T[], matches: (item: T) => boolean): number {
  return items.reduce((sum, item) => sum + (matches(item) ? 1 : 0), 0);
}
