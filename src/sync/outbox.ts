import { maxGossipTransactions, type TopicName } from "../../protocols/index.ts";
import type { CanonicalBlock } from "../chain/types.ts";
import type { Mempool } from "../mempool/mempool.ts";
import { CompactBlock, encodeRecords, SignedFinalityVote, type TransactionRecord } from "../types/index.ts";
import { inBackground } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { Topics } from "./topics.ts";

/** Transactions that arrive within this time are sent in one message. */
const batchDelayMs = 5;
/**
 * The time between two messages: under load each has some tens of transactions, and its overhead is smaller than they
 * are.
 */
const messageIntervalMs = 100;
/** Transactions that are sent without a pause: a reorganization may return many more. */
const maxFlushed = 16 * maxGossipTransactions;
/** Acknowledged transactions that no block has included after this time are published again. */
const republishMs = 30_000;
/** Only the best paid are republished: transactions that fit into no block soon would only fill the network. */
const maxRepublished = 4096;
/** The bytes of an id that make a `ShortId`. */
const shortIdBytes = 8;

export interface OutboxOptions {
  topics: Pick<Topics, "publish" | "publishBlock" | "publishVote">;
  mempool: Mempool;
  clock: Clock;
  logger: Logger;
}

/** Publishes what this node makes, and what it received in other ways than by gossip. */
export class Outbox {
  readonly #options: OutboxOptions;
  #waiting: TransactionRecord[] = [];
  #stopFollowing: () => void = () => undefined;
  #cancelFlush: () => void = () => undefined;
  #cancelRepublish: () => void = () => undefined;
  #flushedAtMs = 0;
  #stopped = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  start(): void {
    const { mempool } = this.#options;
    this.#stopFollowing = mempool.events.on("added", ({ records, source }) => {
      if (source !== "gossip") this.publishTransactions(records);
    });
    this.#republish();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopFollowing();
    this.#cancelFlush();
    this.#cancelRepublish();
  }

  /** Announces a block: header and short ids. Its transactions that still wait here are sent first. */
  async publishBlock({ header, records }: CanonicalBlock): Promise<void> {
    this.#flush();
    const shortIds = records.map(({ id }) => id.subarray(0, shortIdBytes));
    const message = CompactBlock.serialize({ header, shortIds });
    await this.#reportFailure("blocks", message, () =>
      this.#options.topics.publishBlock(message, header.message.parent),
    );
  }

  async publishVote(vote: SignedFinalityVote): Promise<void> {
    const message = SignedFinalityVote.serialize(vote);
    await this.#reportFailure("votes", message, () =>
      this.#options.topics.publishVote(message, vote.message),
    );
  }

  /** Publishes transactions in the next message. */
  publishTransactions(records: readonly TransactionRecord[]): void {
    if (this.#stopped) return;
    if (this.#waiting.length === 0) {
      const { clock } = this.#options;
      // A clock that is set back must not delay messages.
      const sinceMs = Math.max(0, clock.now() - this.#flushedAtMs);
      const delayMs = Math.max(batchDelayMs, messageIntervalMs - sinceMs);
      this.#flushAfter(delayMs);
    }
    for (const record of records) this.#waiting.push(record);
  }

  #flushAfter(delayMs: number): void {
    this.#cancelFlush = this.#options.clock.after(delayMs, () => this.#flush());
  }

  #flush(): void {
    const waiting = this.#waiting.splice(0, maxFlushed);
    if (waiting.length === 0) return;
    this.#cancelFlush();
    this.#flushedAtMs = this.#options.clock.now();
    if (this.#waiting.length > 0) this.#flushAfter(batchDelayMs);
    for (let at = 0; at < waiting.length; at += maxGossipTransactions) {
      const message = encodeRecords(waiting.slice(at, at + maxGossipTransactions));
      inBackground(
        this.#reportFailure("transactions", message, () =>
          this.#options.topics.publish("transactions", message),
        ),
      );
    }
  }

  #republish(): void {
    const { clock, mempool } = this.#options;
    const publish = async () => {
      const old = clock.now() - republishMs;
      const records: TransactionRecord[] = [];
      for (const entry of await mempool.executableEntries()) {
        if (entry.batch && entry.receivedAtMs <= old) records.push(entry.record);
        if (records.length === maxRepublished) break;
      }
      if (this.#stopped) return;
      if (records.length > 0) this.publishTransactions(records);
      this.#republish();
    };
    this.#cancelRepublish = clock.after(republishMs, () => inBackground(publish()));
  }

  /** Never rejects. */
  async #reportFailure(topic: TopicName, message: Uint8Array, publish: () => Promise<number>): Promise<void> {
    try {
      await publish();
    } catch (error) {
      this.#options.logger.warn(
        { topic, bytes: message.length, error: messageOf(error) },
        "could not publish a message",
      );
    }
  }
}
