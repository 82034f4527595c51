import { applyAuthorityVote, authorityIndex, isEpochBlock, sameAddress } from "../consensus/index.ts";
import { encodeAddress } from "../crypto/address.ts";
import {
  type AuthoritySnapshot,
  type AuthorityVote,
  maxAuthorities,
  noVote,
  voteKinds,
  zero32,
} from "../types/index.ts";
import { compareBytes, type Hex, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { CodedError, messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { SerialQueue } from "../util/serial-queue.ts";

export type ProposalKind = "add" | "remove";

/** A wish of this node's operator: the votes for it are cast by the node's own blocks. */
export interface AuthorityProposal {
  candidate: Uint8Array;
  kind: ProposalKind;
  proposedAtMs: number;
}

/** Where proposals are kept. `kind`: one of `voteKinds`. */
export interface ProposalStorage {
  load(): Promise<{ candidate: Uint8Array; kind: number; proposedAtMs: number }[]>;
  save(proposal: { candidate: Uint8Array; kind: number; proposedAtMs: number }): Promise<void>;
  remove(candidate: Uint8Array): Promise<void>;
}

export interface ProposalsOptions {
  store: ProposalStorage;
  epochLength: number;
  /** After the finalized block. */
  finalizedSnapshot(): AuthoritySnapshot | Promise<AuthoritySnapshot>;
  clock: Clock;
  logger: Logger;
}

/** More could not be voted on at once: an authority has at most so many open votes. */
const maxProposals = maxAuthorities;

/** The node's own proposals: one a candidate, kept on disk until a finalized block has enacted it or it is dropped. */
export class Proposals {
  readonly #options: ProposalsOptions;
  readonly #queue = new SerialQueue();
  readonly #proposals = new Map<Hex, AuthorityProposal>();

  private constructor(options: ProposalsOptions) {
    this.#options = options;
  }

  static async open(options: ProposalsOptions): Promise<Proposals> {
    const proposals = new Proposals(options);
    for (const { candidate, kind, proposedAtMs } of await options.store.load()) {
      const name = kind === voteKinds.add ? "add" : "remove";
      proposals.#proposals.set(toHex(candidate), { candidate, kind: name, proposedAtMs });
    }
    await proposals.onFinalized();
    return proposals;
  }

  /** In the order of the candidates' addresses, which is the same on every node. */
  list(): AuthorityProposal[] {
    return [...this.#proposals.values()].sort((a, b) => compareBytes(a.candidate, b.candidate));
  }

  /**
   * Resolves once it is on disk; one for the same candidate that is there already is replaced.
   * @throws {CodedError} `MALFORMED`, `NOTHING_TO_CHANGE`, `TOO_MANY_PROPOSALS`
   */
  propose(candidate: Uint8Array, kind: ProposalKind): Promise<AuthorityProposal> {
    return this.#queue.run(async () => {
      if (sameAddress(candidate, zero32))
        throw new CodedError("MALFORMED", "candidate: nobody has this address");
      const key = toHex(candidate);
      const { store, clock, logger, finalizedSnapshot } = this.#options;
      if (isEnacted(await finalizedSnapshot(), candidate, kind)) {
        const is = kind === "add" ? "is an authority already" : "is no authority of the finalized state";
        const detail = `${encodeAddress(candidate)} ${is}`;
        throw new CodedError("NOTHING_TO_CHANGE", detail);
      }
      const existing = this.#proposals.get(key);
      if (existing?.kind === kind) return existing;
      if (!existing && this.#proposals.size >= maxProposals) {
        throw new CodedError("TOO_MANY_PROPOSALS", `there are ${maxProposals} already: drop some`);
      }
      const proposal = { candidate, kind, proposedAtMs: clock.now() };
      await store.save({ ...proposal, kind: voteKinds[kind] });
      this.#proposals.set(key, proposal);
      logger.info({ candidate: encodeAddress(candidate), kind }, "authority proposal taken");
      return proposal;
    });
  }

  /** Votes that blocks carry already stay open until the next epoch. Returns what was dropped. */
  drop(candidate: Uint8Array): Promise<AuthorityProposal | undefined> {
    return this.#queue.run(() => this.#remove(candidate));
  }

  /**
   * The vote that the block at `height` by `voter` shall carry. `snapshot`: after its parent. Several proposals take turns, one
   * for each round of the authorities, so that nodes with the same proposals vote on the same one.
   */
  voteFor(snapshot: AuthoritySnapshot, height: number, voter: Uint8Array): AuthorityVote {
    const { authorities } = snapshot;
    if (this.#proposals.size === 0 || isEpochBlock(height, this.#options)) return noVote;
    if (authorityIndex(authorities, voter) < 0) return noVote;
    const votes = this.list()
      .map(({ kind, candidate }) => ({ kind: voteKinds[kind], candidate }))
      .filter((vote) => changesSomething(snapshot, height, voter, vote));
    return votes[Math.floor(height / authorities.length) % votes.length] ?? noVote;
  }

  /** After each finalization: what the finalized block's state has enacted is done. Never rejects. */
  async onFinalized(): Promise<void> {
    if (this.#proposals.size === 0) return;
    try {
      await this.#queue.run(() => this.#removeEnacted());
    } catch (error) {
      this.#options.logger.error({ error: messageOf(error) }, "cannot settle the proposals");
    }
  }

  async #removeEnacted(): Promise<void> {
    const { finalizedSnapshot, logger } = this.#options;
    const snapshot = await finalizedSnapshot();
    for (const { candidate, kind } of this.list()) {
      if (!isEnacted(snapshot, candidate, kind)) continue;
      await this.#remove(candidate);
      logger.info(
        { candidate: encodeAddress(candidate), kind, authorities: snapshot.authorities.length },
        `proposal enacted: ${kind === "add" ? "a new authority" : "an authority is removed"}`,
      );
    }
  }

  async #remove(candidate: Uint8Array): Promise<AuthorityProposal | undefined> {
    const proposal = this.#proposals.get(toHex(candidate));
    if (!proposal) return undefined;
    await this.#options.store.remove(candidate);
    this.#proposals.delete(toHex(candidate));
    return proposal;
  }
}

function isEnacted({ authorities }: AuthoritySnapshot, candidate: Uint8Array, kind: ProposalKind): boolean {
  return authorityIndex(authorities, candidate) >= 0 === (kind === "add");
}

/**
 * Whether the vote would be a new open one, or would change the set: also one that is open already can, where the majority has
 * become smaller since (no cascades: it waits to be touched).
 */
function changesSomething(
  snapshot: AuthoritySnapshot,
  height: number,
  proposer: Uint8Array,
  vote: AuthorityVote,
): boolean {
  const { candidate, kind } = vote;
  const standing = authorityIndex(snapshot.authorities, candidate) < 0 ? voteKinds.add : voteKinds.remove;
  if (kind !== standing) return false;
  const isOwn = (open: { voter: Uint8Array; candidate: Uint8Array }) =>
    sameAddress(open.voter, proposer) && sameAddress(open.candidate, candidate);
  const after = applyAuthorityVote(snapshot, { height, proposer, vote });
  // Without an authority the chain ends: no operator can mean that.
  if (after.authorities !== snapshot.authorities) return after.authorities.length > 0;
  return !snapshot.openVotes.some(isOwn) && after.openVotes.some(isOwn);
}
