import { concatTransactions, sliceTransactions, transactionAt, transactionCount } from "../types/index.ts";
import { concatBytes, equalBytes } from "../util/bytes.ts";
import { damaged } from "./damaged.ts";
import type { Database, Write } from "./database.ts";
import { deletions } from "./entries.ts";
import { keyOf } from "./key-spaces.ts";

/**
 * Transactions of a part: few enough that one of them is read at the price of a block of LevelDB, which has 4 KiB, and
 * many enough that compression finds what they have in common.
 */
export const transactionsPerPart = 32;
const countBytes = 2;

/**
 * The transactions of blocks, in parts: one transaction costs the same to read however large its block is. Each part is
 * an SSZ `Transactions` list; the number of parts is before the first one.
 */
export class BodyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** `body` is the encoded `Transactions` of the block, which were checked. */
  put(id: Uint8Array, body: Uint8Array): Write[] {
    const transactions = transactionCount(body);
    const count = Math.max(1, Math.ceil(transactions / transactionsPerPart));
    return Array.from({ length: count }, (_, part) => {
      const from = part * transactionsPerPart;
      const to = Math.min(from + transactionsPerPart, transactions);
      const list = count === 1 ? body : sliceTransactions(body, from, to);
      return { key: partKey(id, part), value: part === 0 ? concatBytes(uint16Bytes(count), list) : list };
    });
  }

  async delete(id: Uint8Array): Promise<Write[]> {
    const first = await this.#database.get(partKey(id, 0));
    const count = first ? countOf(first) : 1;
    return deletions(Array.from({ length: count }, (_, part) => partKey(id, part)));
  }

  /** The encoded `Transactions` of a block. @throws {CodedError} `DAMAGED` if a part is missing */
  async get(id: Uint8Array): Promise<Uint8Array | undefined> {
    const first = await this.#database.get(partKey(id, 0));
    if (!first) return undefined;
    const count = countOf(first);
    const list = first.subarray(countBytes);
    if (count === 1) return list;
    const others = await this.#database.getMany(
      Array.from({ length: count - 1 }, (_, part) => partKey(id, part + 1)),
    );
    return concatTransactions([
      list,
      ...others.map((part) => part ?? damaged("a part of a block's transactions is missing")),
    ]);
  }

  /**
   * Some transactions, encoded; undefined where there is none. If the places of each block follow each other in its
   * order, each part is read once.
   */
  async transactions(
    places: readonly { id: Uint8Array; index: number }[],
  ): Promise<(Uint8Array | undefined)[]> {
    const keys: Uint8Array[] = [];
    let last: { id: Uint8Array; part: number } | undefined;
    const keyIndexes = places.map(({ id, index }) => {
      const part = Math.floor(index / transactionsPerPart);
      if (part !== last?.part || !equalBytes(id, last.id)) keys.push(partKey(id, part));
      last = { id, part };
      return keys.length - 1;
    });
    const parts = await this.#database.getMany(keys);
    return places.map(({ index }, at) => {
      const value = parts[keyIndexes[at]!];
      const list = index < transactionsPerPart ? value?.subarray(countBytes) : value;
      return list && transactionAt(list, index % transactionsPerPart);
    });
  }
}

function partKey(id: Uint8Array, part: number): Uint8Array {
  return part === 0 ? keyOf("body", id) : keyOf("body", id, uint16Bytes(part));
}

function countOf(first: Uint8Array): number {
  return (first[0]! << 8) | first[1]!;
}

function uint16Bytes(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 0xff);
}
