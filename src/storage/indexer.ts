import { ByteListType, ContainerType } from "@chainsafe/ssz";
import {
  Amount,
  Bytes32,
  Count,
  computeDomain,
  decodeRecords,
  maxTransactionsPerList,
  type TransactionRecord,
  Uint32,
} from "../types/index.ts";
import type { Clock } from "../util/clock.ts";
import type { BlockEffects } from "./account-entries.ts";
import { BodyStore } from "./bodies.ts";
import { damaged } from "./damaged.ts";
import type { Database, EntryReader, Range, Write } from "./database.ts";
import { type BlockIncome, historyEntries } from "./histories.ts";
import { keyOf } from "./key-spaces.ts";
import { placeEntries } from "./places.ts";

/** A block is on its way through the network for less than this; then its index costs nobody time. */
const delayMs = 250;
/** The indexes of fewer transactions take less time than a second write. */
const fewTransactions = 64;

/** A block of the canonical chain, and what it did to accounts. */
export interface IndexedBlock extends BlockEffects, BlockIncome {
  id: Uint8Array;
  records: readonly TransactionRecord[];
}

/**
 * The content of the indexes for a block, besides its transactions. An account that does not exist has the highest
 * index.
 */
const WaitingBlock = new ContainerType(
  {
    id: Bytes32,
    height: Count,
    proposer: Uint32,
    income: Amount,
    proposerBalance: Amount,
    // Lists of numbers as SSZ writes them, of 4 and 8 bytes each.
    parties: new ByteListType(4 * 2 * maxTransactionsPerList),
    balances: new ByteListType(8 * 2 * maxTransactionsPerList),
  },
  { typeName: "WaitingBlock" },
);

const key = keyOf("waitingBlock");

/**
 * Writes the index of transactions and the histories of accounts. Nobody needs those of a new block at once, so they
 * follow a moment after it: until then a single entry, which is written together with the block, has what a start needs
 * to write them. Whoever reads from the indexes meanwhile waits until they are written, so that no answer is older than
 * the head. One block waits at most.
 */
export class Indexer implements EntryReader {
  readonly #database: Database;
  readonly #clock: Clock | undefined;
  readonly #few: number;
  /** The block that is being written, and will wait. */
  #prepared: IndexedBlock | undefined;
  #waiting: IndexedBlock | undefined;
  #writing: Promise<void> | undefined;
  #cancel: () => void = () => undefined;

  /**
   * Without a clock, indexes are always written together with their blocks; with one, those of fewer transactions than
   * `few`.
   */
  constructor(database: Database, clock?: Clock, few = fewTransactions) {
    this.#database = database;
    this.#clock = clock;
    this.#few = few;
  }

  /** Writes what the last process has left. Reads before this do not find it. @throws {CodedError} `DAMAGED` */
  async resume(genesisId: Uint8Array): Promise<void> {
    const bytes = await this.#database.get(key);
    if (!bytes) return;
    const { parties, balances, proposer, ...waiting } = WaitingBlock.deserialize(bytes);
    const body = await new BodyStore(this.#database).get(waiting.id);
    if (!body) damaged("the transactions of the block that is not indexed yet are missing");
    this.#waiting = {
      ...waiting,
      proposer: proposer | 0,
      parties: [...new Int32Array(parties.slice().buffer)],
      balances: [...new BigUint64Array(balances.slice().buffer)],
      records: decodeRecords(body, computeDomain("transaction", genesisId)),
    };
    await this.finish();
  }

  /** The entries of a block in the indexes. */
  entries(block: IndexedBlock): Write[] {
    return [...placeEntries(block), ...historyEntries(block)];
  }

  /** The writes of a new block: its entries, or the one from which they follow later. No other block may be waiting. */
  prepare(block: IndexedBlock): Write[] {
    if (!this.#clock || block.records.length < this.#few) return this.entries(block);
    this.#prepared = block;
    const proposer = block.proposer >>> 0;
    const parties = new Uint8Array(Int32Array.from(block.parties).buffer);
    const balances = new Uint8Array(BigUint64Array.from(block.balances).buffer);
    const value = WaitingBlock.serialize({ ...block, proposer, parties, balances });
    return [{ key, value }];
  }

  /** The caller has written what `prepare` returned. */
  settle(): void {
    if (!this.#prepared) return;
    this.#waiting = this.#prepared;
    this.#prepared = undefined;
    // A write that fails ends the node.
    this.#cancel = this.#clock!.after(delayMs, () => this.finish().catch(() => undefined));
  }

  /** The caller has not written what `prepare` returned, and will not. */
  rollback(): void {
    this.#prepared = undefined;
  }

  /** Resolves when no block waits any more. @throws {CodedError} `WRITE_FAILED` */
  async finish(): Promise<void> {
    if (!this.#waiting) return;
    this.#cancel();
    this.#writing ??= this.#write(this.#waiting);
    await this.#writing;
  }

  async getMany(keys: Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    await this.finish();
    return this.#database.getMany(keys);
  }

  async *iterate(range: Range): AsyncIterable<[key: Uint8Array, value: Uint8Array]> {
    await this.finish();
    yield* this.#database.iterate(range);
  }

  async #write(block: IndexedBlock): Promise<void> {
    try {
      await this.#database.commit([...this.entries(block), { key, value: undefined }]);
      this.#waiting = undefined;
    } finally {
      this.#writing = undefined;
    }
  }
}
