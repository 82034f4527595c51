import { limitsInWords } from "../config/parameter-limits.ts";
import {
  applyVote,
  authorityIndex,
  isEpochBlock,
  isWellFormedVote,
  sameAddress,
  sameSet,
  sameSubject,
  type VotingConfig,
} from "../consensus/index.ts";
import { encodeAddress } from "../crypto/address.ts";
import type { ChainConfig } from "../types/genesis.ts";
import {
  authorityVote,
  type ChainSnapshot,
  type HeaderVote,
  maxAuthorities,
  noVote,
  parameterName,
  voteKinds,
} from "../types/index.ts";
import { compareBytes, type Hex, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { Emitter } from "../util/emitter.ts";
import { CodedError, isClosed, messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { SerialQueue } from "../util/serial-queue.ts";

/** A change that this node's operator proposes: the node's own blocks vote for it. */
export interface Proposal {
  /** Never of kind none. */
  vote: HeaderVote;
  proposedAtMs: number;
}

/** Storage for proposals, one per subject. */
interface ProposalStorage {
  load(): Promise<Proposal[]>;
  save(proposal: Proposal): Promise<void>;
  remove(vote: HeaderVote): Promise<void>;
}

export interface ProposalsOptions {
  store: ProposalStorage;
  config: Pick<ChainConfig, "epochLength"> & VotingConfig;
  /** The snapshot after the finalized block. */
  finalizedSnapshot(): Promise<ChainSnapshot>;
  clock: Clock;
  logger: Logger;
}

/** An authority has at most this many open votes. */
const maxProposals = maxAuthorities;
/** Turns of all authorities for which they vote on one change of the set, before they try the next one. */
const turnsPerChange = 4;

/**
 * The node's own proposals, one per candidate or parameter. They stay on disk until a final block has enacted them or
 * they are dropped.
 */
export class Proposals {
  readonly #options: ProposalsOptions;
  readonly #queue = new SerialQueue();
  readonly #proposals = new Map<Hex, Proposal>();
  /** `changed`: the vote of the next block may be another one. */
  readonly events: Emitter<{ changed: undefined }>;
  /** The set after the finalized block, or an earlier one if finality has just moved. */
  #finalAuthorities: readonly Uint8Array[] = [];

  private constructor(options: ProposalsOptions) {
    this.#options = options;
    this.events = new Emitter(options.logger);
  }

  static async open(options: ProposalsOptions): Promise<Proposals> {
    const proposals = new Proposals(options);
    for (const proposal of await options.store.load()) {
      proposals.#proposals.set(keyOf(proposal.vote), proposal);
    }
    await proposals.onFinalized();
    return proposals;
  }

  /** The order is the same on every node. */
  list(): Proposal[] {
    return [...this.#proposals.values()].sort(
      (a, b) => a.vote.parameter - b.vote.parameter || compareBytes(a.vote.candidate, b.vote.candidate),
    );
  }

  /** @throws {CodedError} `MALFORMED` if no vote could make the change; `NOTHING_TO_CHANGE` */
  async check(vote: HeaderVote): Promise<void> {
    const snapshot = await this.#options.finalizedSnapshot();
    if (!isWellFormedVote(vote))
      throw new CodedError("MALFORMED", "candidate: no key belongs to this address");
    if (isEnacted(snapshot, vote)) throw new CodedError("NOTHING_TO_CHANGE", describeEnacted(vote));
    if (vote.kind !== voteKinds.set || this.#couldCount(snapshot, vote)) return;
    const name = parameterName(vote.parameter)!;
    const limits = limitsInWords(name, snapshot.parameters, this.#options.config);
    throw new CodedError("MALFORMED", `value: ${vote.value} is not within the limits of ${name}: ${limits}`);
  }

  /**
   * Resolves once the proposal is on disk; it replaces one on the same subject.
   * @throws {CodedError} the errors of `check`, and `TOO_MANY_PROPOSALS`
   */
  propose(vote: HeaderVote): Promise<Proposal> {
    return this.#queue.run(async () => {
      const { store, clock, logger } = this.#options;
      await this.check(vote);
      const key = keyOf(vote);
      const existing = this.#proposals.get(key);
      if (existing?.vote.kind === vote.kind && existing.vote.value === vote.value) return existing;
      if (!existing && this.#proposals.size >= maxProposals) {
        throw new CodedError("TOO_MANY_PROPOSALS", `there are already ${maxProposals} proposals: drop some`);
      }
      const proposal = { vote, proposedAtMs: clock.now() };
      await store.save(proposal);
      this.#proposals.set(key, proposal);
      this.events.emit("changed", undefined);
      logger.info(logged(vote), "proposal taken");
      return proposal;
    });
  }

  /** Votes that are in blocks already stay open until the next epoch. Returns the dropped proposal. */
  async drop(vote: HeaderVote): Promise<Proposal | undefined> {
    const dropped = await this.#queue.run(() => this.#remove(vote));
    this.events.emit("changed", undefined);
    return dropped;
  }

  /** True if the set of a snapshot is that after the finalized block. */
  isSetFinal({ authorities }: Pick<ChainSnapshot, "authorities">): boolean {
    return sameSet(authorities, this.#finalAuthorities);
  }

  /**
   * The vote in the block at `height` by `voter`. `snapshot` is the one after its parent. Several proposals take turns,
   * one for each round of the authorities, so that nodes with the same proposals vote on the same one.
   */
  voteFor(snapshot: ChainSnapshot, height: number, voter: Uint8Array): HeaderVote {
    const { authorities } = snapshot;
    if (isEpochBlock(height, this.#options.config) || authorityIndex(authorities, voter) < 0) return noVote;
    const votes = this.list()
      .map(({ vote }) => vote)
      .filter((vote) => vote.kind === voteKinds.set && this.#changesSomething(snapshot, height, voter, vote));
    const onSet = this.#voteOnSet(snapshot, height, voter);
    if (onSet) votes.unshift(onSet);
    return votes[Math.floor(height / authorities.length) % votes.length] ?? noVote;
  }

  /**
   * An authority votes for one change of the set at a time: for none while the last one is not final, and for another
   * one only when its open vote is withdrawn. Otherwise blocks of faulty authorities could complete several changes
   * before any of them is final (docs/consensus.md, section 7, moving sets).
   */
  #voteOnSet(snapshot: ChainSnapshot, height: number, voter: Uint8Array): HeaderVote | undefined {
    const { authorities, openVotes } = snapshot;
    if (!this.isSetFinal(snapshot)) return undefined;
    const wanted = this.list()
      .map(({ vote }) => vote)
      .filter((vote) => vote.kind !== voteKinds.set && !isEnacted(snapshot, vote));
    const vote = wanted[Math.floor(height / (turnsPerChange * authorities.length)) % wanted.length];
    if (!vote) return undefined;
    const other = openVotes.find(
      (open) =>
        sameAddress(open.voter, voter) && open.vote.kind !== voteKinds.set && !sameSubject(open.vote, vote),
    );
    if (!other) return this.#changesSomething(snapshot, height, voter, vote) ? vote : undefined;
    const withdrawal = opposite(other.vote);
    const after = applyVote(snapshot, { height, proposer: voter, vote: withdrawal }, this.#options.config);
    // If the votes of others are a majority of a smaller set, any vote on the candidate would make the change.
    return after.authorities === authorities ? withdrawal : undefined;
  }

  /**
   * True if the block at `height` by `voter` would vote, or is in the way of a vote: the first block of an epoch
   * carries none. `snapshot` is the one after its parent.
   */
  wantsBlock(snapshot: ChainSnapshot, height: number, voter: Uint8Array): boolean {
    const isInTheWay = isEpochBlock(height, this.#options.config) && snapshot.openVotes.length === 0;
    return this.voteFor(snapshot, isInTheWay ? height + 1 : height, voter) !== noVote;
  }

  /**
   * Drops the proposals that the finalized block's state has enacted. Called after each finalization; never rejects.
   */
  async onFinalized(): Promise<void> {
    try {
      await this.#queue.run(() => this.#removeEnacted());
    } catch (error) {
      if (isClosed(error)) return;
      this.#options.logger.error({ error: messageOf(error) }, "could not remove the proposals that are done");
    }
    this.events.emit("changed", undefined);
  }

  async #removeEnacted(): Promise<void> {
    const { finalizedSnapshot, logger } = this.#options;
    const snapshot = await finalizedSnapshot();
    this.#finalAuthorities = snapshot.authorities;
    for (const { vote } of this.list()) {
      if (!isEnacted(snapshot, vote)) continue;
      await this.#remove(vote);
      logger.info({ ...logged(vote), authorities: snapshot.authorities.length }, "proposal enacted");
    }
  }

  async #remove(vote: HeaderVote): Promise<Proposal | undefined> {
    const proposal = this.#proposals.get(keyOf(vote));
    if (!proposal) return undefined;
    await this.#options.store.remove(vote);
    this.#proposals.delete(keyOf(vote));
    return proposal;
  }

  #couldCount(snapshot: ChainSnapshot, vote: HeaderVote): boolean {
    const [voter] = snapshot.authorities;
    return voter !== undefined && this.#changesSomething({ ...snapshot, openVotes: [] }, 1, voter, vote);
  }

  /**
   * True if the vote, which asks for something new, would be a new open one, or would change something. A repeated vote
   * can do that too, if the majority has become smaller since (no cascades: the subject waits until a header votes on
   * it).
   */
  #changesSomething(
    snapshot: ChainSnapshot,
    height: number,
    proposer: Uint8Array,
    vote: HeaderVote,
  ): boolean {
    const after = applyVote(snapshot, { height, proposer, vote }, this.#options.config);
    // Without an authority the chain ends: no operator can intend that.
    if (after.authorities !== snapshot.authorities) return after.authorities.length > 0;
    if (after.parameters !== snapshot.parameters) return true;
    const isOwn = (open: { voter: Uint8Array; vote: HeaderVote }) =>
      sameAddress(open.voter, proposer) && sameSubject(open.vote, vote) && open.vote.value === vote.value;
    return !snapshot.openVotes.some(isOwn) && after.openVotes.some(isOwn);
  }
}

/** The vote that asks for the present state: it is not counted, and the voter's open vote is discarded for it. */
function opposite({ kind, candidate }: HeaderVote): HeaderVote {
  return authorityVote(kind === voteKinds.add ? "remove" : "add", candidate);
}

/** True if the state already is as the vote wants it. */
export function isEnacted({ authorities, parameters }: ChainSnapshot, vote: HeaderVote): boolean {
  const name = parameterName(vote.parameter);
  if (name === "rules") return BigInt(parameters.rules) >= vote.value;
  if (name) return BigInt(parameters[name]) === vote.value;
  return authorityIndex(authorities, vote.candidate) >= 0 === (vote.kind === voteKinds.add);
}

function describeEnacted(vote: HeaderVote): string {
  const name = parameterName(vote.parameter);
  if (name) return `${name} is ${vote.value} already`;
  const is =
    vote.kind === voteKinds.add ? "is already an authority" : "is not an authority in the finalized state";
  return `${encodeAddress(vote.candidate)} ${is}`;
}

function logged({ kind, candidate, parameter, value }: HeaderVote) {
  const name = parameterName(parameter);
  return name
    ? { kind: "set", parameter: name, value: value.toString() }
    : { kind: kind === voteKinds.add ? "add" : "remove", candidate: encodeAddress(candidate) };
}

/** One key for each candidate and each parameter. */
function keyOf({ candidate, parameter }: HeaderVote): Hex {
  return toHex(parameter === 0 ? candidate : Uint8Array.of(parameter));
}
