import type { AuthorityProposal } from "../chain/proposals.ts";
import { minFaultTolerantAuthorities } from "../config/chain-rules.ts";
import { authorityIndex, sameAddress, signerLimit } from "../consensus/index.ts";
import { encodeAddress } from "../crypto/address.ts";
import { type AuthoritySnapshot, voteKinds } from "../types/index.ts";
import type { ProposalBody, WarningBody } from "./services-consensus.ts";

/** `snapshot`: after the head. */
export function proposalBody(
  { candidate, kind, proposedAtMs }: AuthorityProposal,
  { authorities, openVotes }: AuthoritySnapshot,
): ProposalBody {
  const votes = openVotes.filter(
    (vote) => vote.kind === voteKinds[kind] && sameAddress(vote.candidate, candidate),
  );
  return {
    candidate: encodeAddress(candidate),
    kind,
    proposedAt: proposedAtMs,
    votes: votes.length,
    needed: signerLimit(authorities.length),
    enacted: authorityIndex(authorities, candidate) >= 0 === (kind === "add"),
  };
}

/** What the operator should know of a proposal. `mines`, `voter`: whether the node makes blocks, and its account. */
export function proposalWarnings(
  { kind }: AuthorityProposal,
  { authorities }: AuthoritySnapshot,
  { knownInSync, mines, voter }: { knownInSync: boolean | undefined; mines: boolean; voter: Uint8Array },
): WarningBody[] {
  const warnings: WarningBody[] = [];
  const warn = (code: string, detail: string) => warnings.push({ code, detail });
  const count = authorities.length;
  if (kind === "add" && knownInSync !== true) {
    const what = knownInSync === false ? "is not in sync" : "is not known to be in sync";
    const need = `then ${signerLimit(count + 1)} of ${count + 1} authorities must sign blocks`;
    warn(
      "CANDIDATE_NOT_IN_SYNC",
      `the candidate's node ${what} with this chain; ${need}: see that it runs, follows the chain and has this account`,
    );
  }
  if (kind === "remove" && count - 1 < minFaultTolerantAuthorities) {
    warn(
      "NO_FAULT_TOLERANCE",
      `${count - 1} ${count === 2 ? "authority" : "authorities"} will be left: below ${minFaultTolerantAuthorities} none may fail`,
    );
  }
  if (kind === "remove" && count === 1) {
    warn("LAST_AUTHORITY", "the only authority is not removed: add another first");
  }
  if (authorityIndex(authorities, voter) < 0) {
    warn("NOT_AN_AUTHORITY", "this node is no authority: its votes count once it is one");
  } else if (!mines) {
    warn("NOT_MINING", "this node makes no blocks (--no-mine), and votes are in blocks");
  }
  return warnings;
}
