import { compareHeads, type HeadWeight, turnScore } from "../consensus/index.ts";
import type { BlockStore } from "../storage/blocks.ts";
import { damaged } from "../storage/damaged.ts";
import type { Write } from "../storage/database.ts";
import { BlockError } from "../types/errors.ts";
import type { ChainConfig } from "../types/genesis.ts";
import { type BlockRef, type ChainSnapshot, recordsBytes } from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";
import { Recoveries } from "./recoveries.ts";
import type { KnownRules } from "./rules.ts";
import type { BlockSummary, CanonicalBlock, CheckedBlock, WeightedHeader } from "./types.ts";

/**
 * Headers and snapshots of the newest blocks, which import, production and answers to peers read repeatedly; and ids of
 * blocks that are announced and voted for before they are here.
 */
const cached = 1024;
/** The distance in heights between stored snapshots, so that any other one is a short walk away. */
const snapshotInterval = 256;

/** Stored blocks, newest first, that do not lead down to the canonical chain: the parent of the last one is missing. */
export class BrokenBranch extends Error {
  readonly blocks: WeightedHeader[];
  readonly missing: Uint8Array;

  constructor(blocks: WeightedHeader[]) {
    super("an ancestor is missing");
    this.blocks = blocks;
    this.missing = blocks.at(-1)!.header.message.parent;
  }
}

/** The writes that store a block that is not canonical yet. `after` is the snapshot after it. */
export function blockWrites(
  blocks: BlockStore,
  { id, header, records, body }: CheckedBlock,
  { height, totalDifficulty }: Pick<WeightedHeader, "height" | "totalDifficulty">,
  after: ChainSnapshot,
): Write[] {
  const counts = { transactionCount: records.length, bodyBytes: body.length };
  const writes = blocks.put(id, { header, totalDifficulty, ...counts }, body);
  if (height % snapshotInterval === 0) writes.push(blocks.putSnapshot(id, after));
  return writes;
}

/** Returns the part of a block that stays in memory: all but its transactions. */
export function summaryOf({
  height,
  id,
  idHex,
  header,
  totalDifficulty,
  records,
}: CanonicalBlock): BlockSummary {
  const counts = { transactionCount: records.length, bodyBytes: recordsBytes(records) };
  return { height, id, idHex, header, totalDifficulty, ...counts };
}

/** All known blocks by id, canonical or not, with their weights and authority snapshots. */
export class BlockTree {
  readonly #blocks: BlockStore;
  readonly #config: ChainConfig;
  readonly recoveries: Recoveries;
  /** The recoveries by which stored blocks are read: those under which they were made. */
  #inForce: Recoveries;
  readonly #rules: KnownRules;
  readonly #heads = new LruMap<Hex, BlockSummary>(cached);
  /** Blocks that are known not to be stored. */
  readonly #absent = new LruMap<Hex, true>(cached);
  /** The number of blocks that were stored so far. */
  #stored = 0;
  /** The snapshots as the state roots contain them. */
  readonly #snapshots = new LruMap<Hex, ChainSnapshot>(cached);

  /**
   * `headSnapshot` is the one in the head's state root. Blocks above the block of a recovery that was given to the node
   * later were made without it, and are read without it until they are left.
   */
  constructor(
    blocks: BlockStore,
    config: ChainConfig,
    rules: KnownRules,
    recoveries = new Recoveries(),
    headSnapshot?: ChainSnapshot,
  ) {
    this.#blocks = blocks;
    this.#rules = rules;
    this.#config = config;
    this.recoveries = recoveries;
    this.#inForce = headSnapshot ? recoveries.before(headSnapshot) : recoveries;
  }

  /** From now on there are no blocks that were made without the newest recoveries. */
  enforceRecoveries(): void {
    if (this.#inForce === this.recoveries) return;
    this.#inForce = this.recoveries;
    this.#snapshots.clear();
  }

  /** Must be called with each block that has been stored. `snapshot` is the one in its state root. */
  remember(block: BlockSummary, snapshot: ChainSnapshot): void {
    this.#heads.set(block.idHex, block);
    this.#snapshots.set(block.idHex, snapshot);
    this.#absent.delete(block.idHex);
    this.#stored++;
  }

  /** The block is not stored, so nobody has to look for it on the disk until it is remembered. */
  noteAbsent(idHex: Hex): void {
    this.#absent.set(idHex, true);
  }

  forget(idHex: Hex): void {
    this.#heads.delete(idHex);
    this.#snapshots.delete(idHex);
  }

  /** A block of any branch, without its transactions. */
  async get(id: Uint8Array): Promise<BlockSummary | undefined> {
    const idHex = toHex(id);
    const cached = this.#heads.get(idHex);
    if (cached || this.#absent.has(idHex)) return cached;
    const storedBefore = this.#stored;
    const record = await this.#blocks.header(id);
    if (!record) {
      // It may have been stored since it was read.
      if (this.#stored === storedBefore) this.noteAbsent(idHex);
      return undefined;
    }
    const head: BlockSummary = { height: record.header.message.height, id: id.slice(), idHex, ...record };
    this.#heads.set(idHex, head);
    return head;
  }

  /** A block that must exist. @throws {CodedError} `DAMAGED` */
  async require(id: Uint8Array): Promise<BlockSummary> {
    return (await this.get(id)) ?? damaged(`block ${toHex(id)} is missing`);
  }

  /**
   * The snapshot by which a child of a stored block is checked: after a recovery's block, the recovered one. @throws
   * {BrokenBranch}
   */
  async snapshotAfter(id: Uint8Array): Promise<ChainSnapshot> {
    return this.#inForce.after(id, await this.stateAfter(id));
  }

  /**
   * The same, or undefined if nothing can be said about children of the block: its branch is broken, or a program that
   * knew later rules has stored it.
   */
  async findSnapshotAfter(id: Uint8Array): Promise<ChainSnapshot | undefined> {
    try {
      return await this.snapshotAfter(id);
    } catch (error) {
      const isUnknown = error instanceof BlockError && error.code === "UNKNOWN_RULES";
      if (isUnknown || error instanceof BrokenBranch) return undefined;
      throw error;
    }
  }

  /**
   * The snapshot that is part of a block's own state, under its state root. It is computed from the nearest known one
   * before it and the headers since.
   * @throws {BrokenBranch}. {BlockError} `UNKNOWN_RULES` if a program that knew later rules has stored it.
   */
  async stateAfter(id: Uint8Array): Promise<ChainSnapshot> {
    const idHex = toHex(id);
    const since: WeightedHeader[] = [];
    let cursor = id;
    let snapshot = this.#snapshots.get(idHex);
    while (!snapshot) {
      snapshot = await this.#blocks.snapshot(cursor);
      if (snapshot) break;
      const head = since.length === 0 ? await this.require(cursor) : await this.#below(since);
      since.push(head);
      cursor = head.header.message.parent;
      snapshot = this.#snapshots.get(toHex(cursor));
    }
    for (const { header } of since.reverse()) {
      const before = this.#inForce.after(header.message.parent, snapshot);
      snapshot = this.#rules.applyHeader(before, header.message, this.#config);
    }
    this.#snapshots.set(idHex, snapshot);
    return snapshot;
  }

  /**
   * The path from the canonical head to another block: down to their last common ancestor (newest first), then up
   * (oldest first).
   * @throws {BrokenBranch}
   */
  async path(
    from: WeightedHeader,
    to: WeightedHeader,
  ): Promise<{ retract: WeightedHeader[]; apply: WeightedHeader[] }> {
    const retract: WeightedHeader[] = [];
    const apply: WeightedHeader[] = [];
    let down = from;
    let up = to;
    while (!equalBytes(down.id, up.id)) {
      if (up.height >= down.height) {
        apply.push(up);
        up = await this.#below(apply);
      } else {
        retract.push(down);
        down = await this.require(down.header.message.parent);
      }
    }
    return { retract, apply: apply.reverse() };
  }

  /** The ancestor at this height of a block of the canonical chain; undefined for any other block. */
  async canonicalAncestor(head: BlockRef, height: number): Promise<WeightedHeader | undefined> {
    const [own, id] = await this.#blocks.canonicalIds([head.height, height]);
    return own && id && equalBytes(own, head.id) ? this.require(id) : undefined;
  }

  /** True if the fork choice prefers `candidate` to `head`. */
  async isBetter(candidate: WeightedHeader, head: WeightedHeader): Promise<boolean> {
    // Most comparisons need no snapshot.
    if (candidate.totalDifficulty !== head.totalDifficulty)
      return candidate.totalDifficulty > head.totalDifficulty;
    return compareHeads(await this.#weigh(candidate), await this.#weigh(head)) < 0;
  }

  async #weigh({ totalDifficulty, height, id, header }: WeightedHeader): Promise<HeadWeight> {
    if (height === 0) return { totalDifficulty, height, id, turnScore: 0 };
    const before = await this.snapshotAfter(header.message.parent);
    return { totalDifficulty, height, id, turnScore: turnScore(before, header.message) };
  }

  /** The parent of the last of these blocks. @throws {BrokenBranch} */
  async #below(blocks: WeightedHeader[]): Promise<WeightedHeader> {
    const parent = await this.get(blocks.at(-1)!.header.message.parent);
    if (!parent) throw new BrokenBranch(blocks);
    return parent;
  }
}
