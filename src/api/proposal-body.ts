import { isEnacted, type Proposal } from "../chain/proposals.ts";
import { minFaultTolerantAuthorities } from "../config/chain-limits.ts";
import { authorityIndex, quorum, sameAddress, sameSubject, signerLimit } from "../consensus/index.ts";
import { type ChainSnapshot, type HeaderVote, maxAmount, parameterName, voteKinds } from "../types/index.ts";
import { duration } from "../util/duration.ts";
import type { ProposalBody, WarningBody } from "./services.ts";
import { subjectView } from "./views.ts";

/** A proposal as JSON, with the votes for it. `snapshot` is the one after the head. */
export function proposalBody({ vote, proposedAtMs }: Proposal, snapshot: ChainSnapshot): ProposalBody {
  const { authorities, openVotes } = snapshot;
  const votes = openVotes.filter(
    (open) => open.vote.kind === vote.kind && sameSubject(open.vote, vote) && open.vote.value === vote.value,
  );
  return {
    ...subjectView(vote),
    proposedAt: proposedAtMs,
    votes: votes.length,
    needed: signerLimit(authorities.length),
    enacted: isEnacted(snapshot, vote),
  };
}

/** This node's view of which authorities are online. */
export interface ProposalContext {
  /** True if the account's node follows the chain; undefined if unknown. */
  isKnownInSync(address: Uint8Array): boolean | undefined;
  /** True if the node makes blocks, with the account `voter`. */
  mines: boolean;
  voter: Uint8Array;
  /** The newest version of the rules that the node's program knows. */
  knownRules: number;
  /** The newest version that each connected node has reported to know. */
  peersKnow: readonly number[];
  /** The distance in blocks after which open votes are discarded. */
  epochLength: number;
  /** The votes of the node's other proposals. */
  otherVotes: readonly HeaderVote[];
  /** True if the last change of the set is final. Until then nobody votes for another one. */
  isSetFinal: boolean;
  /** The balance of an account after the head. */
  balanceOf(address: Uint8Array): bigint;
}

/** A reward is refused if an authority's balance could not hold it this many times. */
const leastRewards = 1_000_000n;
/** A longer period is refused if it is more than ten times as long as now, and at least this long. */
const longPeriodMs = 3_600_000n;

/**
 * The reason for which a proposal must not be accepted without force: once enacted, fewer authorities would be known to
 * be alive than have to sign blocks, and the chain would halt, or than have to vote for finality, and the change could
 * not be undone by votes; or an epoch would be too short for the votes of a majority; or this node itself would stop.
 * Undefined if it is safe.
 */
export function danger(
  { vote }: Pick<Proposal, "vote">,
  snapshot: ChainSnapshot,
  context: ProposalContext,
): string | undefined {
  const rules = rulesOf(vote);
  if (rules !== undefined && rules > context.knownRules) {
    return (
      `this node's program knows versions of the rules up to ${context.knownRules}, and would stop at the block that enacts ${rules}: ` +
      "install a release that knows it on all nodes first"
    );
  }
  const { authorities } = snapshot;
  const after = withVote(authorities, vote);
  const tooShort = dangerOfEpoch(Math.max(authorities.length, after.length), context);
  if (tooShort !== undefined) return tooShort;
  if (vote.kind === voteKinds.set) return dangerOfValue(vote, snapshot, context);
  return (
    dangerOfSet(after, "", context) ??
    dangerOfSet(
      [...context.otherVotes, vote].reduce(withVote, authorities),
      " (with this node's other proposals)",
      context,
    )
  );
}

/** The first block of an epoch carries no vote. */
function dangerOfEpoch(count: number, { epochLength }: ProposalContext): string | undefined {
  const votes = signerLimit(count);
  if (votes < epochLength) return undefined;
  return (
    `of ${count} authorities ${votes} must vote for a change in one epoch, and one of ${epochLength} blocks has room for ` +
    `${epochLength - 1} votes: no vote can change anything then; a recovery can (ccoin recover)`
  );
}

function dangerOfSet(
  after: readonly Uint8Array[],
  when: string,
  { isKnownInSync }: ProposalContext,
): string | undefined {
  const alive = after.filter((address) => isKnownInSync(address) === true).length;
  const signers = signerLimit(after.length);
  const voters = quorum(after.length);
  if (alive >= voters || after.length === 0) return undefined;
  const [needed, doing, danger] =
    alive < signers
      ? [signers, "sign blocks", "the chain could halt for good"]
      : [
          voters,
          "vote for finality",
          "the change might never be final, and until it is, none can follow it or undo it",
        ];
  return (
    `${after.length} authorities${when} would need ${needed} to ${doing}, and only ${alive} are known to be alive: ` +
    `${danger}; check the address, see that its node runs, or propose it again with force`
  );
}

/** The set once a vote on an authority is enacted. */
function withVote(
  authorities: readonly Uint8Array[],
  { kind, candidate }: HeaderVote,
): readonly Uint8Array[] {
  if (kind !== voteKinds.add && kind !== voteKinds.remove) return authorities;
  const others = authorities.filter((address) => !sameAddress(address, candidate));
  return kind === voteKinds.add ? [...others, candidate] : others;
}

function dangerOfValue(
  { parameter, value }: HeaderVote,
  { authorities, parameters }: ChainSnapshot,
  { balanceOf }: ProposalContext,
): string | undefined {
  const name = parameterName(parameter);
  if (name === "blockReward" && value > 0n) {
    const left = authorities.map((authority) => (maxAmount - balanceOf(authority)) / value);
    const few = left.find((count) => count < leastRewards);
    if (few === undefined) return undefined;
    return (
      `an authority's balance could hold this reward ${few} times, since it stays below 2^64: what is above that is lost, ` +
      "and no vote takes back what was paid; amounts are in base units; propose less, or ask again with force"
    );
  }
  if (name !== "periodMs" || value < longPeriodMs || value <= 10n * BigInt(parameters.periodMs))
    return undefined;
  const votes = signerLimit(authorities.length);
  return (
    `there would be a block every ${duration(Number(value))}, and a vote to undo it would take ${votes} blocks: ` +
    "times are in ms; ask again with force if this is meant"
  );
}

/** The version of the rules that a vote would set. */
function rulesOf(vote: HeaderVote): number | undefined {
  const isOnRules = vote.kind === voteKinds.set && parameterName(vote.parameter) === "rules";
  return isOnRules ? Number(vote.value) : undefined;
}

/** Facts that the operator should know. They do not refuse anything. */
export function proposalWarnings(
  { vote }: Pick<Proposal, "vote">,
  { authorities }: ChainSnapshot,
  { isKnownInSync, mines, voter, peersKnow, isSetFinal, balanceOf }: ProposalContext,
): WarningBody[] {
  const warnings: WarningBody[] = [];
  const warn = (code: string, detail: string) => warnings.push({ code, detail });
  const count = authorities.length;
  const knownInSync = isKnownInSync(vote.candidate);
  if (vote.kind === voteKinds.add && knownInSync !== true) {
    const what = knownInSync === false ? "is not in sync" : "is not known to be in sync";
    const need = `then ${signerLimit(count + 1)} of ${count + 1} authorities must sign blocks`;
    warn(
      "CANDIDATE_NOT_IN_SYNC",
      `the candidate's node ${what} with this chain; ${need}: see that it runs, follows the chain and has this account`,
    );
  }
  if (vote.kind === voteKinds.remove && count - 1 < minFaultTolerantAuthorities) {
    warn(
      "NO_FAULT_TOLERANCE",
      `${count - 1} ${count === 2 ? "authority" : "authorities"} will be left: with fewer than ${minFaultTolerantAuthorities} none may fail`,
    );
  }
  if (vote.kind === voteKinds.remove && count === 1) {
    warn("LAST_AUTHORITY", "the only authority cannot be removed: add another first");
  }
  const rules = rulesOf(vote);
  const ignorant = peersKnow.filter((known) => rules !== undefined && known < rules).length;
  if (ignorant > 0) {
    warn(
      "NODES_TO_UPGRADE",
      `${ignorant} of ${peersKnow.length} connected nodes do not know version ${rules} of the rules: they stop at the block that enacts it until a later release is installed there`,
    );
  }
  const [richest = 0n] = authorities.map(balanceOf).sort((a, b) => Number(b - a));
  if (parameterName(vote.parameter) === "minFee" && richest > 0n && vote.value > richest) {
    warn(
      "FEE_NOT_PAYABLE",
      `no authority could pay this fee: the highest of their balances is ${richest}; amounts are in base units`,
    );
  }
  if (vote.kind === voteKinds.remove && count > 1 && sameAddress(vote.candidate, voter)) {
    warn("OWN_ACCOUNT", "this is the account of this node: once it is removed, the node makes no blocks");
  }
  if (vote.kind !== voteKinds.set && !isSetFinal) {
    warn(
      "SET_NOT_FINAL",
      "the last change of the authorities is not final: until it is, nobody votes for another one (ccoin status says what finality waits for)",
    );
  }
  const alive = authorities.filter((address) => isKnownInSync(address) === true).length;
  if (alive < signerLimit(count)) {
    warn(
      "TOO_FEW_VOTERS",
      `${signerLimit(count)} of ${count} authorities must vote for it, and only ${alive} are known to be alive: it cannot be enacted before more of them are back`,
    );
  }
  if (authorityIndex(authorities, voter) < 0) {
    warn("NOT_AN_AUTHORITY", "this node is not an authority: its votes count only once it is one");
  } else if (!mines) {
    warn("NOT_MINING", "this node makes no blocks (--no-mine), so it casts no votes, which are in blocks");
  }
  return warnings;
}
