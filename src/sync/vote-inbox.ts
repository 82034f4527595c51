import {
  type FinalityAnswer,
  finality,
  type Network,
  type PeerId,
  type Verdict,
} from "../../protocols/index.ts";
import type { Chain } from "../chain/chain.ts";
import type { Finalizer } from "../chain/finalizer.ts";
import { isSigned, VoteError } from "../chain/vote-check.ts";
import { isLink } from "../consensus/index.ts";
import type { FinalityStore } from "../storage/finality.ts";
import { type Certificate, FinalityVote, maxAuthorities, SignedFinalityVote } from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { LruMap } from "../util/lru.ts";
import { requestOne } from "./request-one.ts";

/** Votes of one authority that wait for blocks: an honest one is a few rounds ahead at most. */
const maxHeldPerVoter = 8;
/** Some for each of many peers. */
const maxAwaited = 256;

export interface VoteInboxOptions {
  network: Network;
  chain: Chain;
  finalizer: Finalizer;
  store: FinalityStore;
  logger: Logger;
  /** Fetches a block that votes wait for. */
  fetchBlock(id: Uint8Array, peer: PeerId): void;
  /** What a peer knows of finality has been taken in. */
  onAnswer?(): void;
}

/** Takes finality votes and certificates from peers, keeps votes that come before their block, and answers who was away. */
export class VoteInbox {
  readonly #options: VoteInboxOptions;
  /** By voter, oldest first. */
  readonly #held = new Map<Hex, SignedFinalityVote[]>();
  readonly #asking = new Set<PeerId>();
  /** Blocks that certificates of a peer wait for. */
  readonly #awaited = new LruMap<Hex, PeerId>(maxAwaited);
  readonly #stopFollowing: () => void;

  constructor(options: VoteInboxOptions) {
    this.#options = options;
    this.#stopFollowing = options.chain.events.on("imported", ({ id }) => this.#release(id));
  }

  stop(): void {
    this.#stopFollowing();
  }

  /** Answers the protocol `finality`. */
  serve(): void {
    const { network } = this.#options;
    const answer = () => this.#answer();
    network.serve(finality, async function* () {
      yield await answer();
    });
  }

  /** The validator of the topic `votes`. */
  async onGossip(message: Uint8Array, from: PeerId): Promise<Verdict> {
    let vote: SignedFinalityVote;
    try {
      vote = SignedFinalityVote.deserialize(message);
    } catch {
      return "reject";
    }
    return this.#take(vote, from);
  }

  /** Asks a peer for what it knows to be justified and final. Never rejects. */
  async pull(peer: PeerId): Promise<void> {
    if (this.#asking.has(peer)) return;
    this.#asking.add(peer);
    const { network, chain, logger } = this.#options;
    try {
      const answer = await requestOne(network, peer, finality, { justifiedRound: chain.justified.round });
      for (const certificate of answer.certificates) await this.#takeCertificate(certificate, peer);
      for (const vote of answer.votes) await this.#take(vote, peer);
      this.#options.onAnswer?.();
    } catch (error) {
      logger.debug({ peer, error: messageOf(error) }, "the peer's finality was not taken over");
      if (error instanceof VoteError)
        network.penalize(peer, "invalidResponse", `${error.code}: ${error.message}`);
    } finally {
      this.#asking.delete(peer);
    }
  }

  /** @throws {VoteError} if it is wrong. One for a block that is not here yet is asked for again when it is. */
  async #takeCertificate(certificate: Certificate, peer: PeerId): Promise<void> {
    const { finalizer, fetchBlock } = this.#options;
    try {
      await finalizer.addCertificate(certificate);
    } catch (error) {
      if (!(error instanceof VoteError) || error.code !== "UNKNOWN_BLOCK") throw error;
      const { block } = certificate.link.target;
      this.#awaited.set(toHex(block), peer);
      fetchBlock(block, peer);
    }
  }

  async #take(vote: SignedFinalityVote, from: PeerId): Promise<Verdict> {
    const { chain, finalizer, fetchBlock } = this.#options;
    if (!isLink(vote.message)) return "reject";
    try {
      const added = await finalizer.addVote(vote);
      this.#pullSource(vote, from);
      return added ? "accept" : "ignore";
    } catch (error) {
      if (!(error instanceof VoteError)) throw error;
      if (error.code !== "UNKNOWN_BLOCK") return "reject";
    }
    if (!(await this.#hold(vote))) return "ignore";
    this.#pullSource(vote, from);
    const { block } = vote.message.target;
    // It may have come while the signature was checked.
    if (await chain.tree.get(block)) this.#release(block);
    else fetchBlock(block, from);
    return "accept";
  }

  /** Who votes from a later source has its certificate. */
  #pullSource({ message }: SignedFinalityVote, from: PeerId): void {
    if (message.source.round > this.#options.chain.justified.round) void this.pull(from);
  }

  /** Keeps the vote of an authority of our head until its block is here. */
  async #hold(vote: SignedFinalityVote): Promise<boolean> {
    const { chain } = this.#options;
    if (!chain.snapshot.authorities.some((authority) => equalBytes(authority, vote.voter))) return false;
    if (!(await isSigned(vote, { genesisId: chain.genesis.id, verify: chain.checks.verify }))) return false;
    const voter = toHex(vote.voter);
    const held = this.#held.get(voter) ?? [];
    // Peers tell a voter's newest vote at every pull: its copies must not push out the others.
    if (!held.some(({ message }) => FinalityVote.equals(message, vote.message)))
      this.#held.set(voter, [...held, vote].slice(-maxHeldPerVoter));
    this.#options.finalizer.hearRound(vote);
    return true;
  }

  #release(block: Uint8Array): void {
    const peer = this.#awaited.get(toHex(block));
    if (peer !== undefined) void this.pull(peer);
    this.#awaited.delete(toHex(block));
    for (const [voter, held] of this.#held) {
      const ready = held.filter(({ message }) => equalBytes(message.target.block, block));
      if (ready.length === 0) continue;
      this.#held.set(
        voter,
        held.filter((vote) => !ready.includes(vote)),
      );
      for (const vote of ready) {
        this.#options.finalizer.addVote(vote).catch((error) => {
          this.#options.logger.debug(
            { error: messageOf(error) },
            "a vote that waited for its block was refused",
          );
        });
      }
    }
  }

  async #answer(): Promise<FinalityAnswer> {
    const { chain, store, finalizer } = this.#options;
    const { justified, finalized } = chain.finality;
    const settled = [finalized.round, finalized.round + 1, justified.round];
    // Nobody signed genesis, in round 0.
    const rounds = new Set(settled.filter((round) => round > 0));
    const certificates = await Promise.all([...rounds].map((round) => store.certificate(round)));
    return {
      certificates: certificates.filter((certificate) => certificate !== undefined),
      votes: finalizer.rounds.votes().slice(0, maxAuthorities),
    };
  }
}
