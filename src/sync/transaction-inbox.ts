import {
  maxGossipTransactions,
  maxMempoolIds,
  maxTransactionsById,
  mempoolIds,
  transactions,
} from "../../protocols/index.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { AddOutcome } from "../mempool/types.ts";
import type { Network, PeerId, Verdict } from "../network/types.ts";
import { type TransactionRecord, transactionCount } from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { Outbox } from "./outbox.ts";
import { PeerQueue, type PeerQueueLimits } from "./peer-queue.ts";
import { requestOne } from "./request-one.ts";
import { transactionVerdicts } from "./verdicts.ts";

export interface TransactionInboxOptions {
  network: Network;
  mempool: Mempool;
  logger: Logger;
  /** Sends transactions on in a message of this node's own. */
  outbox: Pick<Outbox, "publishTransactions">;
  limits?: PeerQueueLimits;
}

/**
 * A batch is forwarded only if at least one in this many of its transactions is new. Those that are not would have to
 * be checked by every node that it reaches, for the fee of a single one.
 */
export const fewAccepted = 4;

/**
 * The first transactions of a batch that are checked. If all of their signatures are right, twice as many follow: a
 * batch ends at the first part with a wrong one, so that at most as many are checked in vain as were right, and these.
 */
export const checkedFirst = 128;
/**
 * Batches that wait to be checked. A peer's share is some seconds of a full network. So few are checked at one time
 * that a block waits for them for some ten milliseconds at most.
 */
export const transactionQueueLimits: PeerQueueLimits = {
  maxBytesPerPeer: 4 * 2 ** 20,
  maxCountPerPeer: 512,
  maxBytes: 32 * 2 ** 20,
  maxRunning: 8,
};

/** Accepts transactions from peers: by gossip, and those that they had before they connected. */
export class TransactionInbox {
  readonly #options: TransactionInboxOptions;
  readonly #queue: PeerQueue;
  readonly #stopFollowing: () => void;

  constructor(options: TransactionInboxOptions) {
    this.#options = options;
    this.#queue = new PeerQueue(options.limits ?? transactionQueueLimits);
    // This also covers banned peers, whose messages are not worth checking any more.
    this.#stopFollowing = options.network.on("disconnected", (peer) => this.#queue.drop(peer));
  }

  stop(): void {
    this.#stopFollowing();
  }

  /**
   * The validator of the topic `transactions`. A batch is forwarded if much of it is new and none of it is at fault; if
   * little of it is new, this node sends that on itself.
   * Nothing is read before the peer's turn; messages above its share are dropped, and cost it score.
   */
  async onGossip(message: Uint8Array, from: PeerId): Promise<Verdict> {
    const { network } = this.#options;
    const causer = { id: from, host: network.hostOf(from) };
    const queued = this.#queue.add(causer, message.length, () => this.#check(message));
    if (!queued) {
      network.penalize(from, "rateLimited", "more transactions than can be checked");
      return "ignore";
    }
    return (await queued) ?? "ignore";
  }

  async #check(message: Uint8Array): Promise<Verdict> {
    const { mempool } = this.#options;
    const count = transactionCount(message);
    // This check comes before the rest is decoded.
    if (count === 0 || count > maxGossipTransactions) return "reject";
    let batch: TransactionRecord[];
    try {
      batch = mempool.decode(new Uint8Array(message));
    } catch {
      return "reject";
    }
    const outcomes = await this.#add(batch, "gossip");
    if (!outcomes) return "reject";
    const accepted = outcomes.filter((outcome) => outcome.accepted).map(({ record }) => record);
    if (accepted.length * fewAccepted < outcomes.length) {
      if (accepted.length > 0) this.#options.outbox.publishTransactions(accepted);
      return "ignore";
    }
    return (await this.#areSigned(outcomes)) ? "accept" : "reject";
  }

  /** Fetches transactions of a peer's mempool that this node does not have. Never rejects. */
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
          return network.penalize(peer, "invalidResponse", "the peer's mempool holds an invalid transaction");
        }
      }
    } catch (error) {
      logger.debug({ peer, error: messageOf(error) }, "could not read the peer's mempool");
    }
  }

  /**
   * Verifies transactions that the pool refused by cheap checks: forwarding a bad signature would be this node's fault.
   */
  async #areSigned(outcomes: AddOutcome[]): Promise<boolean> {
    const refused = outcomes.flatMap((outcome) => {
      return outcome.accepted || outcome.isSigned ? [] : outcome.record;
    });
    for (const part of growingParts(refused)) {
      const verdicts = await this.#options.mempool.verify(part, "later");
      if (!verdicts.every(Boolean)) return false;
    }
    return true;
  }

  /** Undefined at the first faulty transaction: those after it are not examined. */
  async #add(
    batch: readonly TransactionRecord[],
    source: "gossip" | "peer",
  ): Promise<AddOutcome[] | undefined> {
    const outcomes: AddOutcome[] = [];
    for (const part of growingParts(batch)) {
      const some = await this.#options.mempool.add(part, source);
      if (some.some((outcome) => isAtFault(outcome))) return undefined;
      outcomes.push(...some);
    }
    return outcomes;
  }
}

function isAtFault(outcome: AddOutcome): boolean {
  return !outcome.accepted && transactionVerdicts[outcome.code] === "reject";
}

/** The parts in which a batch is checked, each twice as long as the one before. */
function* growingParts<T>(batch: readonly T[]): Iterable<readonly T[]> {
  for (let at = 0, length = checkedFirst; at < batch.length; at += length, length *= 2)
    yield batch.slice(at, at + length);
}
