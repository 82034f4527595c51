import type { StateReader } from "../state/index.ts";
import type { Database, Prepared, Write } from "../storage/database.ts";
import { type ForkRecord, ForkStore } from "../storage/forks.ts";
import { recordsBytes } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { inSlices, type Pause } from "../util/slices.ts";
import type { Chain } from "./chain.ts";
import type { ChainParticipant } from "./participants.ts";
import type { BlockSummary, CanonicalBlock, HeadChange } from "./types.ts";

const remembered = 100;

export interface SideBlock extends BlockSummary, Pick<ForkRecord, "retracted" | "seenAtMs" | "returned"> {}

interface SeenBlock {
  block: SideBlock;
  write: Write;
}

/**
 * The newest blocks that lost against another or were retracted, as long as they are not canonical again. They are
 * remembered when finality has passed them and their branch is deleted.
 */
export class SideBlocks implements ChainParticipant {
  /** The blocks by id, in the order in which they were seen. */
  readonly #blocks = new Map<Hex, SideBlock>();
  readonly #store: ForkStore;
  readonly #clock: Clock;
  /** The newest write of a block that is not canonical. */
  #written: Promise<void> = Promise.resolve();

  private constructor(store: ForkStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  static async open(
    { events }: Pick<Chain, "events">,
    { database, clock }: { database: Database; clock: Clock },
  ): Promise<SideBlocks> {
    const side = new SideBlocks(new ForkStore(database), clock);
    const stored: ForkRecord[] = [];
    for await (const record of side.#store.all()) stored.push(record);
    for (const record of stored.sort((a, b) => a.seenAtMs - b.seenAtMs)) side.#remember(sideBlock(record));
    events.on("aside", (block) => {
      const { writes, applied } = side.#add([side.#seen(block)]);
      // A write that fails ends the node.
      side.#written = database.commit(writes).catch(() => undefined);
      applied();
    });
    return side;
  }

  /** Highest first. */
  list(): SideBlock[] {
    return [...this.#blocks.values()].sort((a, b) => b.height - a.height);
  }

  get(idHex: Hex): SideBlock | undefined {
    return this.#blocks.get(idHex);
  }

  /** The encoded `Transactions` that are kept of one of them, its first ones. */
  async transactions(id: Uint8Array): Promise<Uint8Array | undefined> {
    await this.#written;
    return this.#store.transactions(id);
  }

  async prepare(
    { retracted, applied }: HeadChange,
    _after: StateReader,
    pause: Pause,
  ): Promise<() => Prepared> {
    const again = applied.filter(({ idHex }) => this.#blocks.has(idHex));
    const kept = retracted.slice(0, remembered);
    const held = new Set<Hex>();
    const seen: SeenBlock[] = [];
    if (kept.length > 0)
      await inSlices(applied.length, 1, pause, (at) => {
        for (const { idHex } of applied[at]!.records) held.add(idHex);
      });
    await inSlices(kept.length, 1, pause, (at) => {
      seen.push(this.#seen(kept[at]!, held));
    });
    return () => {
      const added = this.#add(seen);
      return {
        writes: [...added.writes, ...again.map(({ id }) => this.#store.delete(id))],
        applied: () => {
          added.applied();
          for (const { idHex } of again) this.#blocks.delete(idHex);
        },
      };
    };
  }

  prepareFinal(): Prepared {
    return { writes: [], applied: () => undefined };
  }

  /** `held` are the transactions of the better branch, if the block is retracted. */
  #seen({ id, header, totalDifficulty, records }: CanonicalBlock, held?: ReadonlySet<Hex>): SeenBlock {
    const bodyBytes = recordsBytes(records);
    const record: ForkRecord = {
      id,
      record: { header, totalDifficulty, transactionCount: records.length, bodyBytes },
      retracted: held !== undefined,
      seenAtMs: this.#clock.now(),
      returned: held ? records.filter(({ idHex }) => !held.has(idHex)).length : 0,
    };
    return { block: sideBlock(record), write: this.#store.put(record, records) };
  }

  #add(seen: readonly SeenBlock[]): Prepared {
    const ids = new Set(seen.map(({ block }) => block.idHex));
    const others = [...this.#blocks.values()].filter(({ idHex }) => !ids.has(idHex));
    const forgotten = others.slice(0, Math.max(0, others.length + seen.length - remembered));
    return {
      writes: [...seen.map(({ write }) => write), ...forgotten.map(({ id }) => this.#store.delete(id))],
      applied: () => {
        for (const { idHex } of forgotten) this.#blocks.delete(idHex);
        for (const { block } of seen) this.#remember(block);
      },
    };
  }

  #remember(block: SideBlock): void {
    this.#blocks.delete(block.idHex);
    this.#blocks.set(block.idHex, block);
  }
}

function sideBlock({ id, record, ...seen }: ForkRecord): SideBlock {
  return { height: record.header.message.height, id, idHex: toHex(id), ...record, ...seen };
}
