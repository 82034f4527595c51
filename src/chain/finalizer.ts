import {
  authorityIndex,
  certificateOf,
  checkpointKey,
  linkKey,
  minority,
  quorum,
  RoundWatch,
  VoteTally,
  votesOf,
} from "../consensus/index.ts";
import type { Certificate, Checkpoint, FinalityVote, SignedFinalityVote } from "../types/index.ts";
import { equalBytes } from "../util/bytes.ts";
import { Emitter } from "../util/emitter.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { LruMap } from "../util/lru.ts";
import type { Chain } from "./chain.ts";
import { FinalityConflictError } from "./checkpoints.ts";
import {
  areSigned,
  checkCertificate,
  checkSignature,
  checkSigners,
  checkVote,
  checkVoter,
  type VoteChecks,
  VoteError,
} from "./vote-check.ts";

/** Votes this many rounds below the justified one can finalize nothing any more. */
export const keptRounds = 8;
/** Justified checkpoints that are remembered: those of the newest rounds are sources of votes. */
const keptCheckpoints = 64;
/** Conflicts that are reported; each takes a third of the authorities to make. */
const maxConflicts = 64;
/**
 * Rounds without a result last 30 s after the first few, so this is three weeks of them; 18 hours if a faulty authority
 * claims later rounds while an honest one that is needed is away.
 */
export const maxRoundsAhead = 2 ** 16;

export type FinalizerEvents = {
  /** A vote that an authority has cast recently, whether or not it can be counted yet. */
  seen: SignedFinalityVote;
  /** Every vote with a valid signature: seen ones, those in certificates, and those that break the rules. */
  signed: SignedFinalityVote;
  /** The known votes or results have changed. */
  changed: undefined;
  /** Votes prove final a block that is not on the branch of the previous final block. */
  conflict: FinalityConflictError;
};

/**
 * Counts the votes of all authorities, and accepts certificates that others have made (Casper FFG; docs/consensus.md).
 */
export class Finalizer {
  readonly events: Emitter<FinalizerEvents>;
  readonly tally = new VoteTally();
  readonly rounds = new RoundWatch();
  /** The same, far ahead or not: an honest authority is in a round that more than a third of them have reached. */
  readonly #claimed = new RoundWatch();
  readonly #chain: Chain;
  readonly #logger: Logger;
  /** Results that are being written to disk, by link. */
  readonly #settling = new Map<string, Promise<void>>();
  readonly #justified = new LruMap<string, true>(keptCheckpoints);
  readonly #conflicts = new LruMap<string, true>(maxConflicts);

  constructor({ chain, logger }: { chain: Chain; logger: Logger }) {
    this.#chain = chain;
    this.#logger = logger;
    this.events = new Emitter(logger);
  }

  /** True while a result is being written to disk. */
  get isSettling(): boolean {
    return this.#settling.size > 0;
  }

  /** Checks and counts a vote. Returns false if it is old or known. @throws {VoteError} */
  async addVote(vote: SignedFinalityVote): Promise<boolean> {
    if (this.isOld(vote.message) || this.tally.has(vote)) return false;
    await checkVoter(vote, this.#chain.tree);
    await checkSignature(vote, this.#checks);
    this.noteSigned(vote);
    return this.addSigned(vote);
  }

  /** Reports a vote to those who look for contradictions. `vote` is an authority's, and its signature was checked. */
  noteSigned(vote: SignedFinalityVote): void {
    this.events.emit("signed", vote);
  }

  /** Counts a vote whose signature has been checked. Returns false if it is old or known. @throws {VoteError} */
  async addSigned(vote: SignedFinalityVote): Promise<boolean> {
    if (this.isOld(vote.message) || this.tally.has(vote)) return false;
    const authorities = await checkVote(vote, this.#checks);
    this.tally.add(vote);
    this.#take(vote);
    if (this.tally.count(vote.message) >= quorum(authorities.length))
      await this.#settle(vote.message, () => certificateOf(vote.message, this.tally.votesFor(vote.message)));
    this.events.emit("changed", undefined);
    return true;
  }

  /** Records the round of a vote whose block is not here. `vote` is an authority's, and its signature was checked. */
  hearRound(vote: SignedFinalityVote): void {
    this.#take(vote);
    this.events.emit("changed", undefined);
  }

  /**
   * Records the round of a vote that is far ahead, which counts for nothing else. Authorities that went on while this
   * node was away are ahead together, and then it follows them.
   */
  hearFarAhead(vote: SignedFinalityVote): void {
    this.#claimed.add(vote);
  }

  /** Accepts a certificate that others have made. Returns false if it says nothing new. @throws {VoteError} */
  async addCertificate(certificate: Certificate): Promise<boolean> {
    const { link } = certificate;
    // A certificate of an unknown branch may show who signed for two.
    const saysNothing = this.isSettled(link) && !(await this.#chain.lacksProof(link));
    if (saysNothing && (await this.#chain.tree.get(link.target.block))) return false;
    await checkCertificate(certificate, this.#checks).catch(async (error) => {
      if (error instanceof VoteError && error.code === "UNKNOWN_BLOCK")
        await this.#noteLeftBehind(certificate);
      return this.#onRefused(error, certificate);
    });
    for (const vote of votesOf(certificate)) this.noteSigned(vote);
    await this.#settle(link, () => certificate);
    this.events.emit("changed", undefined);
    return true;
  }

  /** True if a link can change nothing any more. */
  isOld({ target }: FinalityVote): boolean {
    return target.round + keptRounds <= this.#chain.finality.justified.round;
  }

  /** True if a link is above all rounds that an honest authority can have reached. */
  isFarAhead({ target }: FinalityVote): boolean {
    const { finality, snapshot } = this.#chain;
    if (target.round <= finality.justified.round + maxRoundsAhead) return false;
    return target.round > this.#claimed.targets(snapshot.authorities).ofMinority + maxRoundsAhead;
  }

  isSettled({ source, target }: FinalityVote): boolean {
    const { justified, finalized } = this.#chain.finality;
    return (
      target.round <= justified.round &&
      (target.round !== source.round + 1 || source.round <= finalized.round)
    );
  }

  /** True if a quorum is known to have justified the checkpoint, also if later rounds have been justified since. */
  isJustified(checkpoint: Checkpoint): boolean {
    const { justified, finalized } = this.#chain.finality;
    const key = checkpointKey(checkpoint);
    return [justified, finalized].some((one) => checkpointKey(one) === key) || this.#justified.has(key);
  }

  /**
   * True if the newest votes of more than a third of the authorities are for this block, which need not be here: an
   * honest one has it as its head, or has had it.
   */
  isVotedFor(block: Uint8Array): boolean {
    const { authorities } = this.#chain.snapshot;
    const voters = this.rounds
      .votes()
      .filter(
        ({ message, voter }) =>
          equalBytes(message.target.block, block) && authorityIndex(authorities, voter) >= 0,
      );
    return voters.length >= minority(authorities.length);
  }

  get #checks(): VoteChecks {
    const { tree, genesis, checks } = this.#chain;
    return { tree, genesisId: genesis.id, verify: checks.verify };
  }

  #take(vote: SignedFinalityVote): void {
    this.rounds.add(vote);
    this.#claimed.add(vote);
    this.events.emit("seen", vote);
  }

  /** A certificate that cannot be counted may still show who contradicts an earlier vote. @throws {VoteError} always */
  async #onRefused(error: unknown, { link, voters, signatures }: Certificate): Promise<never> {
    if (!(error instanceof VoteError) || error.code === "NOT_A_LINK" || error.code === "INVALID_SIGNATURE")
      throw error;
    const { authorities } = this.#chain.snapshot;
    const votes = new Map<number, SignedFinalityVote>();
    for (const [index, voter] of voters.entries()) {
      const signature = signatures[index];
      // Each authority counts once: a peer's message must not cause more work than there are authorities.
      if (signature) votes.set(authorityIndex(authorities, voter), { message: link, voter, signature });
    }
    votes.delete(-1);
    const valid = await areSigned([...votes.values()], this.#checks);
    for (const [index, vote] of [...votes.values()].entries()) if (valid[index]) this.noteSigned(vote);
    // The sender has counted the certificate, so it has checked the signatures.
    if (valid.includes(false)) throw new VoteError("INVALID_SIGNATURE", "a signature is wrong");
    throw error;
  }

  /**
   * The block of a certificate is not known and not above the final one: finality has passed its branch, and it was
   * deleted if it was here. Honest authorities can have justified it in an earlier round. It is a conflict only if the
   * link contradicts the final block, and a quorum of the authorities that this node's chain had at that height has
   * signed it.
   */
  async #noteLeftBehind(certificate: Certificate): Promise<void> {
    const { target } = certificate.link;
    const { finalized, reader, tree } = this.#chain;
    const own = target.height > finalized.height ? undefined : await reader.canonicalId(target.height);
    if (!own || !(await this.#contradictsFinal(certificate.link))) return;
    try {
      await checkSigners(certificate, (await tree.snapshotAfter(own)).authorities, this.#checks);
    } catch (error) {
      if (error instanceof VoteError) return;
      throw error;
    }
    this.#onConflict(
      new FinalityConflictError(
        { height: target.height, id: own },
        { height: target.height, id: target.block },
      ),
    );
  }

  /**
   * True if a link to a block that conflicts with the final one, and is not above it, cannot be honest: it justifies
   * the block in the final checkpoint's round or a later one, or it makes a block of a side branch final
   * (docs/consensus.md, section 7, safety).
   */
  async #contradictsFinal({ source, target }: FinalityVote): Promise<boolean> {
    const { finality, reader } = this.#chain;
    if (target.round >= finality.finalized.round) return true;
    if (target.round !== source.round + 1) return false;
    const own = await reader.canonicalId(source.height);
    return own === undefined || !equalBytes(own, source.block);
  }

  /** Reports each pair of blocks once, however many peers show it. */
  #onConflict(error: FinalityConflictError): void {
    if (this.#conflicts.has(error.message)) return;
    this.#conflicts.set(error.message, true);
    this.#logger.error({ error: messageOf(error) }, "TWO CONFLICTING BLOCKS ARE FINAL");
    this.events.emit("conflict", error);
  }

  /** Settles each link once: votes that arrive after the quorum make no further certificate. */
  async #settle(link: FinalityVote, certificate: () => Certificate): Promise<void> {
    this.#justified.set(checkpointKey(link.target), true);
    if (this.isSettled(link) && !(await this.#chain.lacksProof(link))) return;
    const key = linkKey(link);
    const settling = this.#settling.get(key) ?? this.#justify(certificate());
    this.#settling.set(key, settling);
    try {
      await settling;
    } finally {
      if (this.#settling.delete(key)) this.events.emit("changed", undefined);
    }
  }

  async #justify(certificate: Certificate): Promise<void> {
    try {
      await this.#chain.justify(certificate);
    } catch (error) {
      if (!(error instanceof FinalityConflictError)) throw error;
      this.#onConflict(error);
    }
    const oldest = this.#chain.finality.justified.round - keptRounds;
    this.tally.prune(oldest);
    this.rounds.prune(oldest);
    this.#claimed.prune(oldest);
  }
}
