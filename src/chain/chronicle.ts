import { sameSet } from "../consensus/index.ts";
import { ChronicleStore, type EnactedChange, type HourFigures, keptMissed } from "../storage/chronicle.ts";
import type { Database } from "../storage/database.ts";
import { ChainParameters, type ChainSnapshot, HeaderVote, voteKinds } from "../types/index.ts";
import { equalBytes, fromHex, type Hex, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { isClosed, messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { SerialQueue } from "../util/serial-queue.ts";
import type { Pause } from "../util/slices.ts";
import type { Chain } from "./chain.ts";
import { turnOf } from "./turn-of.ts";
import type { CanonicalBlock, WeightedHeader } from "./types.ts";

/** The hours of figures are counted from 1970 on, in pieces of this length. */
export const hourMs = 3_600_000;
/** The most blocks that a start reads again: those of the unfinished hour, or half of an hour of ten a second. */
const maxReadAgain = 20_000;
const readAtOnce = 64;
/** A head that is older has not just arrived: the node is downloading, and its finality times say nothing. */
const maxLiveAgeMs = 600_000;

type FollowedChain = Pick<Chain, "events" | "head" | "finalized" | "reader" | "tree" | "state" | "snapshot">;
type CountedBlock = Pick<WeightedHeader, "height" | "id" | "header"> & { transactionCount: number };

export interface ChronicleOptions {
  database: Database;
  clock: Clock;
  pause: Pause;
  logger: Logger;
}

interface OpenHour extends Omit<HourFigures, "missed"> {
  hour: number;
  missed: Map<Hex, number>;
}

/**
 * Keeps figures of each hour of the canonical chain, and the blocks that changed the authorities or a parameter. It
 * follows the chain in its own time, and writes once an hour. A start reads the blocks of the hour under way again.
 */
export class Chronicle {
  readonly #chain: FollowedChain;
  readonly #store: ChronicleStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #queue = new SerialQueue();
  #open: OpenHour | undefined;
  /** The highest block of a written hour. Blocks that replace others up to here are not counted again. */
  #written = 0;
  #finalHeight: number;
  /** The timestamp of the newest counted block. */
  #lastMs: number | undefined;

  constructor(chain: FollowedChain, options: ChronicleOptions) {
    this.#chain = chain;
    this.#store = new ChronicleStore(options.database);
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#finalHeight = chain.finalized.height;
    const upTo = chain.head.height;
    this.#later(() => this.#readAgain(upTo, options.pause));
    chain.events.on("head", ({ retracted, applied }) => {
      const [left, joined] = [retracted.map(counted), applied.map(counted)];
      this.#later(() => this.#follow(left, joined));
    });
    chain.events.on("finality", () => this.#later(() => this.#onFinality()));
  }

  /** The figures of hours before `hour`, newest first; the one under way is among them. */
  async hoursBefore(hour: number, limit: number): Promise<{ hour: number; figures: HourFigures }[]> {
    const open = this.#open && this.#open.hour < hour ? [figuresOf(this.#open)] : [];
    const written = await this.#store.hoursBefore(Math.min(hour, this.#open?.hour ?? hour), limit);
    return [...open, ...written].slice(0, limit);
  }

  /** The changes by blocks below a height, newest first. */
  changesBelow(height: number, limit: number): Promise<EnactedChange[]> {
    return this.#store.changesBelow(height, limit);
  }

  /** A failure does not end the node: it is logged, and its figures are missing. */
  #later(task: () => Promise<void>): void {
    this.#queue.run(task).catch((error) => {
      if (!isClosed(error)) this.#logger.warn({ error: messageOf(error) }, "some hourly figures are missing");
    });
  }

  async #readAgain(upTo: number, pause: Pause): Promise<void> {
    const { reader, tree } = this.#chain;
    const [last] = await this.#store.hoursBefore(Number.MAX_SAFE_INTEGER, 1);
    if (last) {
      this.#written = last.figures.fromHeight + last.figures.blocks - 1;
      this.#lastMs = last.figures.untilMs;
    }
    const from = Math.max(this.#written + 1, upTo - maxReadAgain, 1);
    for (let height = from; height <= upTo; height += readAtOnce) {
      for (const id of await reader.idsUp(height, Math.min(readAtOnce, upTo + 1 - height))) {
        const block = await tree.get(id);
        if (block) await this.#add(block);
      }
      await pause();
    }
  }

  async #follow(left: readonly CountedBlock[], joined: readonly CountedBlock[]): Promise<void> {
    for (const block of left) await this.#remove(block);
    for (const block of joined) await this.#add(block);
  }

  async #add(block: CountedBlock): Promise<void> {
    const { height, header } = block;
    const { timestamp } = header.message;
    await this.#noteChange(block);
    if (height <= this.#written) return;
    const hour = Math.floor(timestamp / hourMs);
    if (this.#open && hour > this.#open.hour) await this.#write(this.#open);
    // The genesis block may be much older than the first block.
    const sinceMs = height > 1 ? (this.#lastMs ?? timestamp) : timestamp;
    this.#open ??= { ...nothing, hour, fromHeight: height, sinceMs, missed: new Map() };
    const open = this.#open;
    await this.#count(open, block, 1);
    open.longestMs = Math.max(open.longestMs, timestamp - sinceMs);
    this.#lastMs = open.untilMs = timestamp;
    open.accounts = this.#chain.state.count;
    open.authorities = this.#chain.snapshot.authorities.length;
  }

  async #remove(block: CountedBlock): Promise<void> {
    const open = this.#open;
    if (block.header.message.vote.kind !== voteKinds.none) await this.#store.clearChange(block.height);
    if (open && block.height >= open.fromHeight) await this.#count(open, block, -1);
  }

  async #count(open: OpenHour, block: CountedBlock, by: 1 | -1): Promise<void> {
    const turn = await turnOf(this.#chain.tree, block);
    open.blocks += by;
    open.transactions += by * block.transactionCount;
    if (!turn || equalBytes(turn, block.header.message.proposer)) return;
    const key = toHex(turn);
    open.missed.set(key, (open.missed.get(key) ?? 0) + by);
  }

  async #write(open: OpenHour): Promise<void> {
    const { hour, figures } = figuresOf(open);
    if (open.blocks > 0) await this.#store.putHour(hour, figures);
    this.#written = open.fromHeight + open.blocks - 1;
    this.#open = undefined;
  }

  /** Remembers a block whose vote has changed the authorities or a parameter. */
  async #noteChange({ height, id, header }: CountedBlock): Promise<void> {
    const { parent, vote, proposer } = header.message;
    if (vote.kind === voteKinds.none) return;
    const { tree } = this.#chain;
    const [before, after] = [await tree.findSnapshotAfter(parent), await tree.findSnapshotAfter(id)];
    if (!before || !after || !isChange(before, after)) return;
    const others = before.openVotes
      .filter((open) => HeaderVote.equals(open.vote, vote))
      .map(({ voter }) => voter);
    const voters = [...others.filter((voter) => !equalBytes(voter, proposer)), proposer];
    await this.#store.putChange({ height, voters });
  }

  async #onFinality(): Promise<void> {
    const { head, finalized, tree } = this.#chain;
    const now = this.#clock.now();
    if (finalized.height <= this.#finalHeight) return;
    this.#finalHeight = finalized.height;
    const block = await tree.get(finalized.id);
    if (!block || !this.#open || now - head.header.message.timestamp > maxLiveAgeMs) return;
    this.#open.finalized++;
    this.#open.finalityMs += Math.max(0, now - block.header.message.timestamp);
  }
}

const nothing = {
  ...{ blocks: 0, transactions: 0, untilMs: 0, longestMs: 0 },
  ...{ accounts: 0, authorities: 0, finalized: 0, finalityMs: 0 },
};

function counted({ height, id, header, records }: CanonicalBlock): CountedBlock {
  return { height, id, header, transactionCount: records.length };
}

function figuresOf({ hour, missed, ...rest }: OpenHour): { hour: number; figures: HourFigures } {
  const most = [...missed].filter(([, turns]) => turns > 0).sort(([, a], [, b]) => b - a);
  const kept = most
    .slice(0, keptMissed)
    .map(([authority, turns]) => ({ authority: fromHex(authority), turns }));
  return { hour, figures: { ...rest, missed: kept } };
}

function isChange(before: ChainSnapshot, after: ChainSnapshot): boolean {
  return (
    !sameSet(before.authorities, after.authorities) ||
    !ChainParameters.equals(before.parameters, after.parameters)
  );
}
