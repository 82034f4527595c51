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
import type { TransactionRecord } from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { requestOne } from "./request-one.ts";
import { transactionVerdicts } from "./verdicts.ts";

export interface TransactionInboxOptions {
  network: Network;
  mempool: Mempool;
  logger: Logger;
}

/** Takes in what peers say is to be mined: by gossip, and what they had before we met. */
export class TransactionInbox {
  readonly #options: TransactionInboxOptions;

  constructor(options: TransactionInboxOptions) {
    this.#options = options;
  }

  /** The validator of the topic `transactions`: a batch travels on if a part of it is new and none of it is at fault. */
  async onGossip(message: Uint8Array): Promise<Verdict> {
    const { mempool } = this.#options;
    let batch: TransactionRecord[];
    try {
      batch = mempool.decode(new Uint8Array(message));
    } catch {
      return "reject";
    }
    if (batch.length === 0 || batch.length > maxGossipTransactions) return "reject";
    const outcomes = await mempool.add(batch, "gossip");
    if (outcomes.some((outcome) => isAtFault(outcome))) return "reject";
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
        const outcomes = await mempool.add(mempool.records(batch), "peer");
        if (outcomes.some((outcome) => isAtFault(outcome))) {
          return network.penalize(peer, "invalidResponse", "its mempool holds an invalid transaction");
        }
      }
    } catch (error) {
      logger.debug({ peer, error: messageOf(error) }, "the peer's mempool was not read");
    }
  }

  /** What the pool refused at a glance has not been verified, but those it travels on to may have to: the fault would be ours. */
  async #areSigned(outcomes: AddOutcome[]): Promise<boolean> {
    const refused = outcomes.flatMap((outcome) => {
      return outcome.accepted || outcome.isSigned ? [] : outcome.record;
    });
    return (await this.#options.mempool.verify(refused)).every(Boolean);
  }
}

function isAtFault(outcome: AddOutcome): boolean {
  return !outcome.accepted && transactionVerdicts[outcome.code] === "reject";
}
