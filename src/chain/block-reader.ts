import type { BlockStore, UndoRecord } from "../storage/blocks.ts";
import { transactionsPerPart } from "../storage/bodies.ts";
import { damaged } from "../storage/damaged.ts";
import type { MetaStore } from "../storage/meta.ts";
import type { PlaceStore, TransactionPlace } from "../storage/places.ts";
import type { GenesisBlock } from "../types/genesis.ts";
import {
  type BlockRef,
  computeDomain,
  decodeRecordsInSlices,
  encodedRecords,
  type TransactionRecord,
} from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import type { Pause } from "../util/slices.ts";
import type { BlockTree } from "./block-tree.ts";
import type { Genesis } from "./genesis.ts";
import type { ChainStores } from "./stores.ts";
import type { CanonicalBlock, IncludedTransaction, StoredBlock, WeightedHeader } from "./types.ts";

/** Reads blocks and transactions. */
export class BlockReader {
  readonly #blocks: BlockStore;
  readonly #places: PlaceStore;
  readonly #meta: MetaStore;
  readonly #tree: BlockTree;
  readonly #domain: Uint8Array;
  readonly #head: () => WeightedHeader;
  readonly #pause: Pause;

  constructor(
    { blocks, places, meta }: Pick<ChainStores, "blocks" | "places" | "meta">,
    tree: BlockTree,
    genesis: Genesis,
    { head, pause }: { head: () => WeightedHeader; pause: Pause },
  ) {
    this.#blocks = blocks;
    this.#places = places;
    this.#meta = meta;
    this.#tree = tree;
    this.#domain = computeDomain("transaction", genesis.id);
    this.#head = head;
    this.#pause = pause;
  }

  /** The genesis block with its first balances, still encoded. @throws {CodedError} `DAMAGED` */
  async genesis(): Promise<GenesisBlock> {
    return (await this.#meta.genesis()) ?? damaged("its genesis block is missing");
  }

  async byId(id: Uint8Array): Promise<StoredBlock | undefined> {
    const head = await this.#tree.get(id);
    if (!head) return undefined;
    const [body, canonicalId] = await Promise.all([this.body(id), this.canonicalId(head.height)]);
    const canonical = canonicalId !== undefined && equalBytes(canonicalId, id);
    // A block of a side branch may have been deleted since its header was read.
    if (!body) return canonical ? damaged(`the transactions of block ${head.idHex} are missing`) : undefined;
    return { ...head, records: await this.decode(body), canonical };
  }

  async canonicalId(height: number): Promise<Uint8Array | undefined> {
    return height > this.#head().height ? undefined : this.#blocks.canonicalId(height);
  }

  /** The canonical chain downwards from `height`, or from the head if it is lower. @throws {CodedError} `DAMAGED` */
  refsDown(height: number, count: number): Promise<BlockRef[]> {
    return this.#blocks.canonicalDown(height, count);
  }

  async idsDown(height: number, count: number): Promise<Uint8Array[]> {
    return (await this.refsDown(height, count)).map(({ id }) => id);
  }

  /** Ids of the canonical chain from `height` upwards. @throws {CodedError} `DAMAGED` */
  async idsUp(height: number, count: number): Promise<Uint8Array[]> {
    return (await this.#blocks.canonicalUp(height, count)).map(({ id }) => id);
  }

  /** The encoded transactions of a stored block. */
  body(id: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#blocks.bodyBytes(id);
  }

  /**
   * A transaction of the canonical chain. If the chain moves between two reads, the transaction is looked up again, and
   * may be in no block.
   */
  async transaction(id: Uint8Array): Promise<IncludedTransaction | undefined> {
    for (const { height, index } of await this.#places.find(id)) {
      const [found] = await this.transactionsAt(height, [index]);
      if (found && equalBytes(found.record.id, id)) return found;
    }
    return undefined;
  }

  /**
   * Finds the transactions that are in canonical blocks, by their ids. Each block is read once, however many it
   * includes.
   */
  async transactions(ids: readonly Uint8Array[]): Promise<Map<Hex, IncludedTransaction>> {
    const places = new Map<number, Set<number>>();
    for (const id of ids)
      for (const { height, index } of await this.#places.find(id))
        places.set(height, (places.get(height) ?? new Set()).add(index));
    const found = new Map<Hex, IncludedTransaction>();
    for (const [height, indexes] of places)
      for (const each of await this.transactionsAt(height, [...indexes])) found.set(each.record.idHex, each);
    return found;
  }

  /** The places in canonical blocks that the transaction may be at: their transactions' ids begin in the same way. */
  placesOf(id: Uint8Array): Promise<TransactionPlace[]> {
    return this.#places.find(id);
  }

  /**
   * Transactions of one canonical block, in its order. The parts of it that hold them are read once; other transactions
   * are not decoded.
   */
  async transactionsAt(height: number, places: readonly number[]): Promise<IncludedTransaction[]> {
    const id = await this.canonicalId(height);
    const block = id && (await this.#tree.get(id));
    if (!block) return [];
    const indexes = places.toSorted((a, b) => a - b);
    const encoded = await this.#blocks.encodedTransactions(indexes.map((index) => ({ id: block.id, index })));
    const found = indexes.flatMap((index, place) => (encoded[place] ? { index, bytes: encoded[place] } : []));
    const records = encodedRecords(
      found.map(({ bytes }) => bytes),
      this.#domain,
    );
    return found.map(({ index }, place) => ({ record: records[place]!, block, index }));
  }

  /** About as many bytes as are read for some transactions of a canonical block: whole parts of them. */
  async readBytesAt(height: number, indexes: readonly number[]): Promise<number> {
    const id = await this.canonicalId(height);
    const summary = id && (await this.#tree.get(id));
    if (!summary || summary.transactionCount === 0) return 0;
    const parts = new Set(indexes.map((index) => Math.floor(index / transactionsPerPart)));
    const part =
      Math.min(parts.size * transactionsPerPart, summary.transactionCount) / summary.transactionCount;
    return Math.ceil(summary.bodyBytes * part);
  }

  /** A block with its transactions. @throws {CodedError} `DAMAGED` */
  async canonicalBlock(head: WeightedHeader): Promise<CanonicalBlock> {
    const body = await this.#blocks.bodyBytes(head.id);
    if (!body) damaged(`the transactions of block ${head.idHex} are missing`);
    return { ...head, records: await this.decode(body) };
  }

  /** The records of encoded `Transactions`. */
  decode(list: Uint8Array): Promise<TransactionRecord[]> {
    return decodeRecordsInSlices(list, this.#domain, this.#pause);
  }

  /** The root of the accounts after an executed block. */
  accountsRoot(id: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#blocks.accountsRoot(id);
  }

  /** The undo record of a canonical block. @throws {CodedError} `DAMAGED` */
  async undo(id: Uint8Array): Promise<UndoRecord> {
    const undo = await this.#blocks.undo(id);
    return undo ?? damaged(`the undo record of block ${toHex(id)} is missing`);
  }
}
