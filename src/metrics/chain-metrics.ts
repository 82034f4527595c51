import { Counter, Histogram, type Registry } from "prom-client";
import type { Chain } from "../chain/chain.ts";
import { turnOf } from "../chain/turn-of.ts";
import type { CanonicalBlock, HeadChange, StartStageTimer } from "../chain/types.ts";
import { sameAddress } from "../consensus/index.ts";
import { encodeAddress } from "../crypto/address.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { Clock } from "../util/clock.ts";

/** Buckets from an empty block to a full one on a slow disk. */
const stageBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
/** Buckets for delays of blocks and finality: milliseconds on a LAN, minutes if something is wrong. */
const delayBuckets = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

type WatchedChain = Pick<Chain, "events" | "finalized" | "tree">;

/** Metrics of blocks and transactions. */
export class ChainMetrics {
  readonly #applied: Counter;
  readonly #retracted: Counter;
  readonly #reorganizations: Counter;
  readonly #transactions: Counter;
  readonly #missedTurns: Counter<"authority">;
  readonly #blockDelay: Histogram;
  readonly #finalityDelay: Histogram;
  readonly #added: Counter<"source">;
  readonly #stages: Histogram<"operation" | "stage">;

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = (name: string, help: string) => new Counter({ name, help, registers });
    this.#applied = counter("ccoin_blocks_applied_total", "Blocks that have joined the canonical chain");
    this.#retracted = counter("ccoin_blocks_retracted_total", "Blocks that a reorganization has retracted");
    this.#reorganizations = counter("ccoin_reorganizations_total", "Reorganizations to another branch");
    this.#transactions = counter(
      "ccoin_transactions_applied_total",
      "Transactions of blocks that have joined the canonical chain",
    );
    this.#missedTurns = new Counter({
      name: "ccoin_missed_turns_total",
      help: "Blocks that were expected from an authority and made by another, counted while in step",
      labelNames: ["authority"],
      registers,
    });
    this.#blockDelay = new Histogram({
      name: "ccoin_block_delay_seconds",
      help: "From a block's timestamp until it is the head, while in step",
      buckets: delayBuckets,
      registers,
    });
    this.#finalityDelay = new Histogram({
      name: "ccoin_finality_delay_seconds",
      help: "From a block's timestamp until it is final, while in step",
      buckets: delayBuckets,
      registers,
    });
    this.#added = new Counter({
      name: "ccoin_mempool_added_total",
      help: "Transactions that have entered the mempool: from clients, by gossip, from a peer's mempool, from retracted blocks",
      labelNames: ["source"],
      registers,
    });
    this.#stages = new Histogram({
      name: "ccoin_block_stage_seconds",
      help: "Work on a block, or on several of a download together, by stage",
      labelNames: ["operation", "stage"],
      buckets: stageBuckets,
      registers,
    });
  }

  readonly startTimer: StartStageTimer = (operation) => {
    const startedAt = performance.now();
    let lastAt = startedAt;
    return (stage) => {
      const nowAt = performance.now();
      const sinceAt = stage === "total" ? startedAt : lastAt;
      this.#stages.observe({ operation, stage }, (nowAt - sinceAt) / 1000);
      lastAt = nowAt;
    };
  };

  /** `inStep` excludes blocks that are being downloaded. */
  follow(
    chain: WatchedChain,
    mempool: Pick<Mempool, "events">,
    { clock, inStep }: { clock: Clock; inStep(): boolean },
  ): void {
    chain.events.on("head", async (change) => {
      this.#count(change);
      if (!inStep()) return;
      this.#blockDelay.observe(secondsSince(clock, change.head.header.message.timestamp));
      for (const block of change.applied) await this.#watchTurn(chain, block);
    });
    let finalized = chain.finalized.height;
    chain.events.on("finality", async () => {
      if (chain.finalized.height === finalized) return;
      finalized = chain.finalized.height;
      if (inStep()) await this.#watchFinality(chain, clock);
    });
    mempool.events.on("added", ({ records, source }) => this.#added.inc({ source }, records.length));
  }

  #count({ applied, retracted }: HeadChange): void {
    this.#applied.inc(applied.length);
    this.#transactions.inc(applied.reduce((sum, { records }) => sum + records.length, 0));
    this.#retracted.inc(retracted.length);
    if (retracted.length > 0) this.#reorganizations.inc();
  }

  async #watchTurn({ tree }: WatchedChain, block: CanonicalBlock): Promise<void> {
    const authority = await turnOf(tree, block);
    if (authority && !sameAddress(authority, block.header.message.proposer))
      this.#missedTurns.inc({ authority: encodeAddress(authority) });
  }

  async #watchFinality(chain: WatchedChain, clock: Clock): Promise<void> {
    const block = await chain.tree.get(chain.finalized.id);
    if (block) this.#finalityDelay.observe(secondsSince(clock, block.header.message.timestamp));
  }
}

/** Clocks differ, so a block that arrives early counts as in time. */
function secondsSince(clock: Clock, timestampMs: number): number {
  return Math.max(0, clock.now() - timestampMs) / 1000;
}
