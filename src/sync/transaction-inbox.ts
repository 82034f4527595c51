import {
  maxGossipTransactions,
  maxMempoolIds,
  maxTransactionsById,
  mempoolIds,
  type Network,
  type PeerId,
  transactions,
  type Verdict,
} from "../../protocols/index.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { AddOutcome } from "../mempool/types.ts";
import { type TransactionRecord, transactionCount } from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { PeerQueue, type PeerQueueLimits } from "./peer-queue.ts";
import { requestOne } from "./request-one.ts";
import { transactionVerdicts } from "./verdicts.ts";

export interface TransactionInboxOptions {
  network: Network;
  mempool: Mempool;
  logger: Logger;
  limits?: PeerQueueLimits;
}

/** Signatures that are checked before it is looked whether one is wrong: the rest of a batch with a bad one costs nothing. */
export const checkedAtOnce = 128;
/**
 * Batches that wait to be checked. A peer's share is some seconds of a full network; checked at a time are so few that a block waits for
 * some ten milliseconds of them, at most.
 */
export const transactionQueueLimits: PeerQueueLimits = {
  maxBytesPerPeer: 4 * 2 ** 20,
  maxCountPerPeer: 512,
  maxBytes: 32 * 2 ** 20,
  maxRunning: 8,
};

/** Takes in what peers say is to be mined: by gossip, and what they had before we met. */
export class TransactionInbox {
  readonly #options: TransactionInboxOptions;
  readonly #queue: PeerQueue;
  readonly #stopFollowing: () => void;

  constructor(options: TransactionInboxOptions) {
    this.#options = options;
    this.#queue = new PeerQueue(options.limits ?? transactionQueueLimits);
    // A peer that was banned, too: what it has sent is not worth checking any more.
    this.#stopFollowing = options.network.on("disconnected", (peer) => this.#queue.drop(peer));
  }

  stop(): void {
    this.#stopFollowing();
  }

  /**
   * The validator of the topic `transactions`: a batch travels on if a part of it is new and none of it is at fault. Nothing is read
   * before the peer's turn; what is over its share is dropped, and costs it score.
   */
  async onGossip(message: Uint8Array, from: PeerId): Promise<Verdict> {
    const queued = this.#queue.add(from, message.length, () => this.#check(message));
    if (!queued) {
      this.#options.network.penalize(from, "rateLimited", "more transactions than can be checked");
      return "ignore";
    }
    return (await queued) ?? "ignore";
  }

  async #check(message: Uint8Array): Promise<Verdict> {
    const { mempool } = this.#options;
    const count = transactionCount(message);
    // Before more than that is decoded.
    if (count === 0 || count > maxGossipTransactions) return "reject";
    let batch: TransactionRecord[];
    try {
      batch = mempool.decode(new Uint8Array(message));
    } catch {
      return "reject";
    }
    const outcomes = await this.#add(batch, "gossip");
    if (!outcomes) return "reject";
    if (!outcomes.some(({ accepted }) => accepted)) return "ignore";
    return (await this.#areSigned(outcomes)) ? "accept" : "reject";
  }

  /** Fetches what a peer's mempool has and ours has not. Never rejects. */
  async pull(peer: PeerId): Promise<void> {
    const { network, mempool, logger } = this.#options;
    try {
      const ids = await requestOne(network, peer, mempoolIds, { limit: maxMempoolIds });
      const missing = ids.filter((id) => !mempool.get(toHex(id)));
      for (let at = 0; at < missing.length; at += maxTransactionsById) {
        const batch = await requestOne(network, peer, transactions, {
          ids: missing.slice(at, at + maxTransactionsById),
        });
        if (!(await this.#add(mempool.records(batch), "peer"))) {
          return network.penalize(peer, "invalidResponse", "its mempool holds an invalid transaction");
        }
      }
    } catch (error) {
      logger.debug({ peer, error: messageOf(error) }, "the peer's mempool was not read");
    }
  }

  /** Verifies transactions that the pool refused by cheap checks: passing on a bad signature would be our fault. */
  async #areSigned(outcomes: AddOutcome[]): Promise<boolean> {
    const refused = outcomes.flatMap((outcome) => {
      return outcome.accepted || outcome.isSigned ? [] : outcome.record;
    });
    for (let at = 0; at < refused.length; at += checkedAtOnce) {
      const verdicts = await this.#options.mempool.verify(refused.slice(at, at + checkedAtOnce), "later");
      if (!verdicts.every(Boolean)) return false;
    }
    return true;
  }

  /** Undefined at the first that is at fault: what comes after it is not looked at. */
  async #add(
    batch: readonly TransactionRecord[],
    source: "gossip" | "peer",
  ): Promise<AddOutcome[] | undefined> {
    const outcomes: AddOutcome[] = [];
    for (let at = 0; at < batch.length; at += checkedAtOnce) {
      const some = await this.#options.mempool.add(batch.slice(at, at + checkedAtOnce), source);
      if (some.some((outcome) => isAtFault(outcome))) return undefined;
      outcomes.push(...some);
    }
    return outcomes;
  }
}

function isAtFault(outcome: AddOutcome): boolean {
  return !outcome.accepted && transactionVerdicts[outcome.code] === "reject";
}
