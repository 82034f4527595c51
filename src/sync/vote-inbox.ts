import { type FinalityAnswer, finality } from "../../protocols/index.ts";
import type { Chain } from "../chain/chain.ts";
import type { Finalizer } from "../chain/finalizer.ts";
import { checkVoter, VoteError } from "../chain/vote-check.ts";
import { authorityIndex, isLink } from "../consensus/index.ts";
import type { Network, PeerId, Verdict } from "../network/types.ts";
import type { FinalityStore } from "../storage/finality.ts";
import { type Certificate, maxAuthorities, type SignedFinalityVote } from "../types/index.ts";
import { inBackground } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { AwaitedBlocks } from "./awaited-blocks.ts";
import type { BlockInbox } from "./block-inbox.ts";
import { CertificateErrands } from "./certificate-errands.ts";
import { HeldVotes } from "./held-votes.ts";
import { Places } from "./places.ts";
import { requestOne } from "./request-one.ts";
import { recordBytes } from "./serve.ts";
import { voteFaults, voteVerdicts } from "./verdicts.ts";
import { VoteDecoder } from "./vote-decoder.ts";
import { VoteLimit } from "./vote-limit.ts";
import { VoteSignatures } from "./vote-signatures.ts";
import { VoterAccounts } from "./voter-accounts.ts";

/** Signature checks under way for one peer: a round of all authorities, and some of the next, may come through it. */
const checksPerAuthority = 2;
const leastChecks = 64;
/** The limit for all peers together: as much as two of them may have; each address has a part of that for itself. */
const busyPeers = 2;
const ownPart = 1 / 4;
/** Votes of an answer that are processed together. */
const votesAtOnce = 64;

export interface VoteInboxOptions {
  network: Network;
  chain: Pick<Chain, "genesis" | "finality" | "justified" | "snapshot" | "checks" | "tree" | "events">;
  finalizer: Finalizer;
  store: FinalityStore;
  clock: Clock;
  logger: Logger;
  /** Fetches blocks that certificates and votes name. */
  blocks: Pick<BlockInbox, "fetch" | "fetchVoted">;
  /** Called when a peer's answer about finality has been processed. */
  onAnswer(): void;
}

/**
 * Accepts finality votes and certificates from peers, keeps votes that arrive before their block, and answers peers
 * that were away. Until its signature is checked, a vote is charged to the peer that sent it; from then on, to its
 * voter.
 */
export class VoteInbox {
  readonly #options: VoteInboxOptions;
  readonly #decoder = new VoteDecoder();
  readonly #limit = new VoteLimit();
  readonly #places: Places;
  readonly #signatures: VoteSignatures;
  readonly #accounts: VoterAccounts;
  readonly #errands: CertificateErrands;
  readonly #held: HeldVotes;
  readonly #asking = new Set<PeerId>();
  readonly #awaited: AwaitedBlocks;
  readonly #stopFollowing: () => void;

  constructor(options: VoteInboxOptions) {
    this.#options = options;
    const { network, chain, clock } = options;
    this.#awaited = new AwaitedBlocks(network);
    this.#signatures = new VoteSignatures({
      clock,
      genesisId: chain.genesis.id,
      verify: chain.checks.verify,
      setSize: () => chain.snapshot.authorities.length,
    });
    this.#places = new Places(() => {
      const each = checksPerAuthority * chain.snapshot.authorities.length + leastChecks;
      return { each, inAll: busyPeers * each, always: Math.ceil(ownPart * each) };
    });
    this.#accounts = new VoterAccounts(clock, chain.genesis.config.slotMs);
    this.#errands = new CertificateErrands({
      network,
      clock,
      accounts: this.#accounts,
      justifiedRound: () => chain.justified.round,
      pull: (peer) => inBackground(this.pull(peer)),
    });
    this.#held = new HeldVotes(clock);
    this.#stopFollowing = chain.events.on("imported", ({ id }) => this.#release(id));
  }

  stop(): void {
    this.#stopFollowing();
    this.#errands.stop();
    this.#awaited.stop();
    this.#held.giveUpWhere(() => true);
  }

  /** Answers the protocol `finality`. */
  serve(): void {
    const { network } = this.#options;
    const answer = () => this.#answer();
    network.serve(finality, async function* (_, { read }) {
      await read(3 * recordBytes);
      yield await answer();
    });
  }

  /** The validator of the topic `votes`. */
  async onGossip(message: Uint8Array, from: PeerId): Promise<Verdict> {
    let vote: SignedFinalityVote;
    try {
      vote = this.#decoder.decode(message);
    } catch {
      return "reject";
    }
    try {
      const taken = await this.#take(vote, from);
      return typeof taken === "string" ? taken : await taken.verdict;
    } catch (error) {
      return verdictOf(error);
    }
  }

  /** Asks a peer which blocks it knows to be justified and final. Never rejects. */
  async pull(peer: PeerId): Promise<void> {
    if (this.#asking.has(peer)) return;
    this.#asking.add(peer);
    const { network, chain, logger } = this.#options;
    try {
      const answer = await requestOne(network, peer, finality, { justifiedRound: chain.justified.round });
      for (const certificate of answer.certificates) await this.#takeCertificate(certificate, peer);
      // Votes are processed together, so that their signatures are checked together, but only a few at a time, so that
      // a liar costs only a few checks.
      for (let at = 0; at < answer.votes.length; at += votesAtOnce)
        await Promise.all(answer.votes.slice(at, at + votesAtOnce).map((vote) => this.#takeTold(vote, peer)));
      this.#options.onAnswer();
    } catch (error) {
      logger.debug({ peer, error: messageOf(error) }, "could not adopt the peer's finality");
      if (error instanceof VoteError)
        network.penalize(peer, "invalidResponse", `${error.code}: ${error.message}`);
    } finally {
      this.#asking.delete(peer);
    }
  }

  /**
   * @throws {VoteError} if it is wrong. A certificate for a block that is not here yet is requested again when the
   * block is.
   */
  async #takeCertificate(certificate: Certificate, peer: PeerId): Promise<void> {
    const { finalizer, blocks } = this.#options;
    try {
      await finalizer.addCertificate(certificate);
    } catch (error) {
      if (!(error instanceof VoteError)) throw error;
      // The peer may not have been given the recovery yet.
      if (error.code === "BEFORE_RECOVERY") return;
      if (error.code !== "UNKNOWN_BLOCK") throw error;
      const { block } = certificate.link.target;
      this.#awaited.add(block, peer);
      inBackground(blocks.fetch(block, peer));
    }
  }

  /**
   * Processes a vote in an answer. The answerer may not have its block. @throws {VoteError} if the vote is wrong
   * without regard to its block
   */
  async #takeTold(vote: SignedFinalityVote, peer: PeerId): Promise<void> {
    try {
      await this.#take(vote, peer);
    } catch (error) {
      const fault = error instanceof VoteError ? voteFaults[error.code] : "message";
      if (fault !== undefined && fault !== "target") throw error;
    }
  }

  /** `verdict` stays pending until the vote's block is here. @throws {VoteError} */
  async #take(vote: SignedFinalityVote, from: PeerId): Promise<Verdict | { verdict: Promise<Verdict> }> {
    const { network, chain, finalizer } = this.#options;
    if (!isLink(vote.message)) throw new VoteError("NOT_A_LINK", "rounds or heights do not ascend");
    if (this.#limit.excludes(vote)) return "ignore";
    if (authorityIndex(chain.snapshot.authorities, vote.voter) < 0) {
      // The voter may be in the target's own set; if that is not known, nobody is blamed.
      await checkVoter(vote, chain.tree);
    }
    const isFarAhead = finalizer.isFarAhead(vote.message);
    const isPast = isFarAhead || finalizer.isOld(vote.message) || this.#limit.isPast(vote);
    const account = isPast ? "past" : "current";
    if (!this.#accounts.mayCheck(vote, account)) return "ignore";
    const causer = { id: from, host: network.hostOf(from) };
    const valid = await this.#places.run(causer, () => this.#signatures.isSigned(vote));
    if (valid === false) throw new VoteError("INVALID_SIGNATURE", "the vote's signature is wrong");
    // It may be counted when it comes again.
    if (valid && isFarAhead) return this.#hearFarAhead(vote);
    if (!valid || !this.#limit.take(vote)) return "ignore";
    finalizer.noteSigned(vote);
    if (!this.#accounts.chargeVote(vote, account) || finalizer.isOld(vote.message)) return "pardon";
    this.#errands.request(vote, from);
    try {
      return (await finalizer.addSigned(vote)) ? "accept" : "pardon";
    } catch (error) {
      if (!(error instanceof VoteError) || error.code !== "UNKNOWN_BLOCK") throw error;
    }
    return { verdict: this.#hold(vote, from) };
  }

  /** Charges a vote like one of the past, because anybody can repeat it. */
  #hearFarAhead(vote: SignedFinalityVote): Verdict {
    const { finalizer } = this.#options;
    finalizer.noteSigned(vote);
    if (this.#accounts.chargeVote(vote, "past")) finalizer.hearFarAhead(vote);
    return "ignore";
  }

  #hold(vote: SignedFinalityVote, from: PeerId): Promise<Verdict> {
    const { chain, finalizer, blocks } = this.#options;
    const { block } = vote.message.target;
    const verdict = this.#held.hold(vote);
    finalizer.hearRound(vote);
    const charge = () => this.#accounts.chargeErrand("block", vote, from);
    inBackground(blocks.fetchVoted(block, from, charge));
    // The block may have arrived since the last lookup.
    chain.tree.get(block).then(
      (found) => found && this.#release(block),
      // This happens after a stop, which closes the database.
      (error) =>
        this.#options.logger.debug({ error: messageOf(error) }, "could not look for the block of a vote"),
    );
    return verdict;
  }

  #release(block: Uint8Array): void {
    const { finalizer } = this.#options;
    for (const peer of this.#awaited.release(block)) inBackground(this.pull(peer));
    for (const { vote, decide } of this.#held.release(block)) {
      finalizer.addSigned(vote).then(
        (added) => decide(added ? "accept" : "pardon"),
        (error) => {
          this.#options.logger.debug(
            { error: messageOf(error) },
            "a vote that waited for its block was refused",
          );
          decide(error instanceof VoteError ? verdictOf(error) : "ignore");
        },
      );
    }
    this.#held.giveUpWhere(({ message }) => finalizer.isOld(message));
  }

  async #answer(): Promise<FinalityAnswer> {
    const { chain, store, finalizer } = this.#options;
    const { justified, finalized } = chain.finality;
    const rounds = new Set([finalized.round, finalized.round + 1, justified.round]);
    const certificates = await Promise.all([...rounds].map((round) => store.certificate(round)));
    return {
      // Nobody signed genesis, in round 0.
      certificates: certificates.filter((certificate) => certificate !== undefined),
      votes: finalizer.rounds.votes().slice(0, maxAuthorities),
    };
  }
}

/** Rethrows errors that are no fault of a vote. */
function verdictOf(error: unknown): Verdict {
  if (!(error instanceof VoteError)) throw error;
  return voteVerdicts[error.code];
}
