import type { StateReader } from "../state/index.ts";
import type { BlockStore, SideRecord } from "../storage/blocks.ts";
import type { Database, Prepared, Write } from "../storage/database.ts";
import { BlockError } from "../types/errors.ts";
import type { BlockRef } from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import { inSlices, type Pause } from "../util/slices.ts";
import type { ChainParticipant } from "./participants.ts";
import type { CanonicalBlock, HeadChange } from "./types.ts";

/**
 * Limits for blocks of side branches above the final block. An authority can sign any number of them; an honest one
 * signs one per slot, and most of those are canonical.
 */
export const sideBlockLimits = {
  perProposer: { blocks: 64, bytes: 64 * 2 ** 20 },
  inAll: { blocks: 4_096, bytes: 512 * 2 ** 20 },
  /** The factor by which more may be stored, of a proposer and in all, if other blocks build on them. */
  neededFactor: 4,
};
/** Blocks that one commit deletes. */
const deletedAtOnce = 256;

interface Share {
  blocks: number;
  bytes: number;
}

interface ForkBlock extends BlockRef {
  idHex: Hex;
  parent: Hex;
  proposer: Hex;
  bytes: number;
}

/**
 * Every stored block that is not canonical, as the index on disk lists it: the candidates of the fork choice. Blocks
 * that finality has passed are deleted, a bounded number at a time.
 */
export class ForkBlocks implements ChainParticipant {
  readonly #blocks = new Map<Hex, ForkBlock>();
  readonly #shares = new Map<Hex, Share>();
  readonly #total: Share = { blocks: 0, bytes: 0 };
  readonly #store: BlockStore;
  readonly #database: Database;

  private constructor(stores: { blocks: BlockStore; database: Database }) {
    this.#store = stores.blocks;
    this.#database = stores.database;
  }

  /** Reads the index. An entry of a canonical block is removed; another version of the program may have left it. */
  static async load(stores: { blocks: BlockStore; database: Database }): Promise<ForkBlocks> {
    const forks = new ForkBlocks(stores);
    const stale: Write[] = [];
    for await (const side of stores.blocks.sides()) {
      const canonical = await stores.blocks.canonicalId(side.height);
      if (canonical && equalBytes(canonical, side.id)) stale.push(stores.blocks.clearSide(side));
      else forks.#add(side);
    }
    if (stale.length > 0) await stores.database.commit(stale);
    return forks;
  }

  has(idHex: Hex): boolean {
    return this.#blocks.has(idHex);
  }

  refs(): Iterable<BlockRef> {
    return this.#blocks.values();
  }

  /**
   * Refuses a block if there is no room for it. `needed`: others have built on it. This is not called for blocks that a
   * majority of the authorities must have signed, or that more than a third have voted for.
   * @throws {BlockError} `TOO_MANY_SIDE_BLOCKS`
   */
  requireRoom(block: CanonicalBlock, needed: boolean): void {
    const { perProposer, inAll, neededFactor } = sideBlockLimits;
    const { proposer, bodyBytes } = sideRecord(block);
    const own = this.#shares.get(toHex(proposer)) ?? { blocks: 0, bytes: 0 };
    const times = needed ? neededFactor : 1;
    const fits = (share: Share, limit: Share) =>
      share.blocks < times * limit.blocks && share.bytes + bodyBytes <= times * limit.bytes;
    if (fits(own, perProposer) && fits(this.#total, inAll)) return;
    throw new BlockError(
      "TOO_MANY_SIDE_BLOCKS",
      `${own.blocks} of its proposer, ${this.#total.blocks} in all`,
    );
  }

  /** The index entry of a block that is stored on a side branch. */
  writeFor(block: CanonicalBlock): Write {
    return this.#store.putSide(sideRecord(block));
  }

  /** Records a block that has been stored. */
  add(block: CanonicalBlock): void {
    this.#add(sideRecord(block));
  }

  /** Adds retracted blocks to the index, and removes those that join the canonical chain. */
  async prepare(
    { retracted, applied }: HeadChange,
    _after: StateReader,
    pause: Pause,
  ): Promise<() => Prepared> {
    const joined = applied.filter(({ idHex }) => this.#blocks.has(idHex));
    const left: SideRecord[] = [];
    await inSlices(retracted.length, 1, pause, (at) => {
      left.push(sideRecord(retracted[at]!));
    });
    return () => ({
      writes: [
        ...left.map((side) => this.#store.putSide(side)),
        ...joined.map((block) => this.#store.clearSide(block)),
      ],
      applied: () => {
        for (const side of left) this.#add(side);
        for (const { idHex } of applied) this.remove(idHex);
      },
    });
  }

  /** Nothing is deleted with this commit: `sweep` deletes passed blocks in steps. */
  prepareFinal(): Prepared {
    return { writes: [], applied: () => undefined };
  }

  /** A block has joined the canonical chain, or is deleted. */
  remove(idHex: Hex): void {
    const block = this.#blocks.get(idHex);
    if (!block) return;
    this.#blocks.delete(idHex);
    const own = this.#shares.get(block.proposer)!;
    for (const share of [own, this.#total]) {
      share.blocks--;
      share.bytes -= block.bytes;
    }
    if (own.blocks === 0) this.#shares.delete(block.proposer);
  }

  /**
   * Deletes blocks that do not descend from the finalized block, lowest first, as many as one commit takes: header,
   * body, indexes and all. Returns them; an empty result means that none are left.
   */
  async sweep(finalized: BlockRef): Promise<BlockRef[]> {
    return this.#delete(this.#leftBehind(toHex(finalized.id), finalized.height));
  }

  /** Deletes all blocks above a height in the same way, because a recovery has abandoned them. */
  sweepAbove(height: number): Promise<BlockRef[]> {
    return this.#delete([...this.#blocks.values()].filter((block) => block.height > height));
  }

  async #delete(blocks: readonly ForkBlock[]): Promise<BlockRef[]> {
    const doomed = blocks.slice(0, deletedAtOnce);
    if (doomed.length === 0) return doomed;
    const writes = await Promise.all(doomed.map((block) => this.#store.delete(block)));
    await this.#database.commit(writes.flat());
    for (const { idHex } of doomed) this.remove(idHex);
    return doomed;
  }

  #leftBehind(finalized: Hex, height: number): ForkBlock[] {
    const found = new Set<Hex>();
    const ascending = [...this.#blocks.values()].sort((a, b) => a.height - b.height);
    return ascending.filter((block) => {
      const above = block.height > height;
      // The parent of a block just above is the finalized block itself, or is no longer needed.
      const lost =
        !above || found.has(block.parent) || (block.height === height + 1 && block.parent !== finalized);
      if (lost) found.add(block.idHex);
      return lost;
    });
  }

  #add({ height, id, parent, proposer, bodyBytes: bytes }: SideRecord): void {
    const idHex = toHex(id);
    if (this.#blocks.has(idHex)) return;
    const owner = toHex(proposer);
    this.#blocks.set(idHex, { height, id, idHex, parent: toHex(parent), proposer: owner, bytes });
    const own = this.#shares.get(owner) ?? { blocks: 0, bytes: 0 };
    this.#shares.set(owner, own);
    for (const share of [own, this.#total]) {
      share.blocks++;
      share.bytes += bytes;
    }
  }
}

function sideRecord({ height, id, header, records }: CanonicalBlock): SideRecord {
  const { parent, proposer } = header.message;
  const bodyBytes = records.reduce((sum, { bytes }) => sum + bytes, 0);
  return { height, id, parent, proposer, bodyBytes };
}
