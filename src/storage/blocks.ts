import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import {
  Amount,
  type BlockRef,
  type ChainSnapshot,
  Count,
  Header,
  rootOf,
  SignedHeader,
  type Transaction,
  Transactions,
  Uint32,
} from "../types/index.ts";
import {
  concatBytes,
  equalBytes,
  readUint32,
  readUint64,
  toHex,
  uint32Bytes,
  uint64Bytes,
} from "../util/bytes.ts";
import { BodyStore } from "./bodies.ts";
import { damaged } from "./damaged.ts";
import type { Database, Write } from "./database.ts";
import { keyOf, keyRange } from "./key-spaces.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot.ts";

/**
 * A stored header. `totalDifficulty` is the sum from the block after genesis to this one; `bodyBytes` is the size of
 * its encoded transactions.
 */
export const HeaderRecord = new ContainerType(
  { header: SignedHeader, totalDifficulty: Count, transactionCount: Uint32, bodyBytes: Uint32 },
  { typeName: "HeaderRecord" },
);
export type HeaderRecord = ValueOf<typeof HeaderRecord>;

/** Besides the block, inverse execution needs the number of accounts before it, and what its proposer was paid. */
const UndoRecord = new ContainerType({ accounts: Uint32, income: Amount }, { typeName: "UndoRecord" });
export type UndoRecord = ValueOf<typeof UndoRecord>;

/** A block of the canonical chain with its time, in milliseconds since the Unix epoch. */
export interface TimedBlock extends BlockRef {
  timestamp: number;
}

/** The index entry of a stored block that is not canonical. */
export interface SideRecord extends BlockRef {
  parent: Uint8Array;
  proposer: Uint8Array;
  bodyBytes: number;
}

/**
 * Blocks and the canonical chain. Methods that change something return the writes, so that they can be committed with
 * others.
 */
export class BlockStore {
  readonly #database: Database;
  readonly #bodies: BodyStore;

  constructor(database: Database) {
    this.#database = database;
    this.#bodies = new BodyStore(database);
  }

  put(id: Uint8Array, record: HeaderRecord, body: Uint8Array): Write[] {
    return [
      { key: keyOf("header", id), value: HeaderRecord.serialize(record) },
      ...this.#bodies.put(id, body),
    ];
  }

  /** Deletes everything that is stored for a block that is not canonical. */
  async delete({ height, id }: BlockRef): Promise<Write[]> {
    return [
      { key: keyOf("header", id), value: undefined },
      ...(await this.#bodies.delete(id)),
      { key: keyOf("snapshot", id), value: undefined },
      { key: keyOf("accountsRoot", id), value: undefined },
      { key: keyOf("undo", id), value: undefined },
      this.clearSide({ height, id }),
    ];
  }

  putSide({ height, id, parent, proposer, bodyBytes }: SideRecord): Write {
    const value = concatBytes(parent, proposer, uint32Bytes(bodyBytes));
    return { key: keyOf("side", uint64Bytes(height), id), value };
  }

  clearSide({ height, id }: BlockRef): Write {
    return { key: keyOf("side", uint64Bytes(height), id), value: undefined };
  }

  /** All blocks that are not canonical, lowest first. */
  async *sides(): AsyncIterable<SideRecord> {
    for await (const [key, value] of this.#database.iterate(keyRange("side")))
      yield {
        height: readUint64(key, 1),
        id: key.slice(9),
        parent: value.slice(0, 32),
        proposer: value.slice(32, 64),
        bodyBytes: readUint32(value.subarray(64)),
      };
  }

  async header(id: Uint8Array): Promise<HeaderRecord | undefined> {
    const bytes = await this.#database.get(keyOf("header", id));
    if (!bytes) return undefined;
    const record = HeaderRecord.deserialize(bytes);
    if (!equalBytes(rootOf(Header, record.header.message), id)) {
      damaged(`header ${toHex(id)} has another hash`);
    }
    return record;
  }

  /** The encoded `Transactions` of a block. @throws {CodedError} `DAMAGED` if a part is missing */
  bodyBytes(id: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#bodies.get(id);
  }

  async body(id: Uint8Array): Promise<Transaction[] | undefined> {
    const bytes = await this.bodyBytes(id);
    return bytes && Transactions.deserialize(bytes);
  }

  /** Some transactions, encoded, without reading the others of their blocks; undefined where there is none. */
  encodedTransactions(
    places: readonly { id: Uint8Array; index: number }[],
  ): Promise<(Uint8Array | undefined)[]> {
    return this.#bodies.transactions(places);
  }

  /** Ids at several heights, all read at one moment. */
  async canonicalIds(heights: number[]): Promise<(Uint8Array | undefined)[]> {
    return (await this.canonicalTimes(heights)).map((block) => block?.id);
  }

  /** The same with the blocks' times. */
  async canonicalTimes(heights: readonly number[]): Promise<(TimedBlock | undefined)[]> {
    const values = await this.#database.getMany(
      heights.map((height) => keyOf("canonical", uint64Bytes(height))),
    );
    return values.map((value, at) => value && timedBlock(heights[at]!, value));
  }

  async canonicalId(height: number): Promise<Uint8Array | undefined> {
    return (await this.canonicalIds([height]))[0];
  }

  /**
   * At most `count` blocks downwards from `height`, or from the head if it is lower. @throws {CodedError} `DAMAGED` if
   * one is missing.
   */
  async canonicalDown(height: number, count: number): Promise<BlockRef[]> {
    const refs: BlockRef[] = [];
    if (count <= 0) return refs;
    const range = { gte: keyRange("canonical").gte, lt: keyOf("canonical", uint64Bytes(height + 1)) };
    for await (const [key, value] of this.#database.iterate({ ...range, reverse: true, limit: count }))
      refs.push({ height: readUint64(key, 1), id: idOf(value).slice() });
    const last = refs.at(-1);
    const missing = refs.findIndex((ref, depth) => ref.height !== refs[0]!.height - depth);
    if (missing > 0) damaged(`block ${refs[missing - 1]!.height - 1} is missing`);
    if (last && refs.length < count && last.height > 0) damaged(`block ${last.height - 1} is missing`);
    return refs;
  }

  /** Reads at most `count` blocks upwards from `height`. @throws {CodedError} `DAMAGED` if one is missing. */
  async canonicalUp(height: number, count: number): Promise<BlockRef[]> {
    const refs: BlockRef[] = [];
    if (count <= 0) return refs;
    const range = { gte: keyOf("canonical", uint64Bytes(height)), lt: keyRange("canonical").lt };
    for await (const [key, value] of this.#database.iterate({ ...range, limit: count }))
      refs.push({ height: readUint64(key, 1), id: idOf(value).slice() });
    const missing = refs.findIndex((ref, index) => ref.height !== height + index);
    if (missing >= 0) damaged(`block ${height + missing} is missing`);
    return refs;
  }

  setCanonical({ height, id, timestamp }: TimedBlock): Write {
    return { key: keyOf("canonical", uint64Bytes(height)), value: concatBytes(id, uint64Bytes(timestamp)) };
  }

  clearCanonical(height: number): Write {
    return { key: keyOf("canonical", uint64Bytes(height)), value: undefined };
  }

  putUndo(id: Uint8Array, undo: UndoRecord): Write {
    return { key: keyOf("undo", id), value: UndoRecord.serialize(undo) };
  }

  deleteUndo(id: Uint8Array): Write {
    return { key: keyOf("undo", id), value: undefined };
  }

  async undo(id: Uint8Array): Promise<UndoRecord | undefined> {
    const bytes = await this.#database.get(keyOf("undo", id));
    return bytes && UndoRecord.deserialize(bytes);
  }

  putAccountsRoot(id: Uint8Array, root: Uint8Array): Write {
    return { key: keyOf("accountsRoot", id), value: root };
  }

  /** The root of the accounts after an executed block. */
  accountsRoot(id: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#database.get(keyOf("accountsRoot", id));
  }

  putSnapshot(id: Uint8Array, snapshot: ChainSnapshot): Write {
    return { key: keyOf("snapshot", id), value: encodeSnapshot(snapshot) };
  }

  async snapshot(id: Uint8Array): Promise<ChainSnapshot | undefined> {
    const bytes = await this.#database.get(keyOf("snapshot", id));
    return bytes && decodeSnapshot(bytes);
  }
}

/** `value` is that of an entry of the canonical chain. */
function idOf(value: Uint8Array): Uint8Array {
  return value.subarray(0, 32);
}

function timedBlock(height: number, value: Uint8Array): TimedBlock {
  return { height, id: idOf(value), timestamp: readUint64(value, 32) };
}
