import { isAddress } from "../crypto/address.ts";
import {
  type AuthoritySnapshot,
  type AuthorityVote,
  maxAuthorities,
  type OpenVote,
  voteKinds,
} from "../types/authority.ts";
import type { Header } from "../types/block.ts";
import { zero32 } from "../types/primitives.ts";
import {
  authorityIndex,
  sameAddress,
  signerLimit,
  withAuthority,
  withoutAuthority,
} from "./authority-set.ts";

/** With at most `maxAuthorities` voters, what bounds the snapshot's list of open votes. */
export const maxOpenVotesPerVoter = maxAuthorities;

type VotingState = Pick<AuthoritySnapshot, "authorities" | "openVotes">;
type VoteHeader = Pick<Header, "height" | "proposer" | "vote">;

/** Whether a vote's fields are allowed: a known kind, and a candidate that is an address, or zero where there is no vote. */
export function isWellFormedVote({ kind, candidate }: AuthorityVote): boolean {
  if (kind === voteKinds.none) return sameAddress(candidate, zero32);
  return (kind === voteKinds.add || kind === voteKinds.remove) && isAddress(candidate);
}

/**
 * Counts the vote of a header and enacts what it brings to a majority (EIP-225, "Voting on signers"). Only the header's
 * candidate is ever added or removed: other proposals that a smaller set brings to a majority wait until they are touched.
 */
export function applyAuthorityVote({ authorities, openVotes }: VotingState, header: VoteHeader): VotingState {
  const { kind, candidate } = header.vote;
  if (kind === voteKinds.none) return { authorities, openVotes };

  const votes = replaceVote(authorities, openVotes, header);
  const standing = authorityIndex(authorities, candidate) < 0 ? voteKinds.add : voteKinds.remove;
  const tally = votes.reduce((sum, vote) => sum + (sameAddress(vote.candidate, candidate) ? 1 : 0), 0);
  if (tally < signerLimit(authorities.length) || !canEnact(authorities, standing, candidate)) {
    return { authorities, openVotes: votes };
  }

  const settled = votes.filter((vote) => !sameAddress(vote.candidate, candidate));
  if (standing === voteKinds.add) {
    return { authorities: withAuthority(authorities, candidate), openVotes: settled };
  }
  return {
    authorities: withoutAuthority(authorities, candidate),
    openVotes: settled.filter((vote) => !sameAddress(vote.voter, candidate)),
  };
}

/** The voter's older vote on the candidate goes, even where the new one does not count. */
function replaceVote(
  authorities: readonly Uint8Array[],
  openVotes: readonly OpenVote[],
  { height, proposer, vote: { kind, candidate } }: VoteHeader,
): OpenVote[] {
  const votes: OpenVote[] = [];
  let own = 0;
  for (const vote of openVotes) {
    const isOwn = sameAddress(vote.voter, proposer);
    if (isOwn && sameAddress(vote.candidate, candidate)) continue;
    if (isOwn) own++;
    votes.push(vote);
  }
  if (own < maxOpenVotesPerVoter && canEnact(authorities, kind, candidate)) {
    votes.push({ voter: proposer, candidate, kind, height });
  }
  return votes;
}

/** Whether the change would change the set and not make it too large. That it becomes empty, which ends the chain, is for the voters to say. */
function canEnact(authorities: readonly Uint8Array[], kind: number, candidate: Uint8Array): boolean {
  const member = authorityIndex(authorities, candidate) >= 0;
  return kind === voteKinds.add ? !member && authorities.length < maxAuthorities : member;
}
