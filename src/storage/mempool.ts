import { concatBytes, readUint64, uint64Bytes } from "../util/bytes.ts";
import type { Database, Write } from "./database.ts";
import { keyOf, keyRange } from "./key-spaces.ts";

/** Transactions that were acknowledged together. A later batch holds what replaces transactions of earlier ones. */
export interface MempoolBatch {
  /** A safe integer of the same order of magnitude as the time of writing. */
  sequence: number;
  receivedAtMs: number;
  /** The encoded `Transactions`. */
  list: Uint8Array;
}

/**
 * The transactions that this node has acknowledged and that no canonical block includes, and some that are included.
 */
export class MempoolStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  put({ sequence, receivedAtMs, list }: MempoolBatch): Write {
    return {
      key: keyOf("mempoolBatch", uint64Bytes(sequence)),
      value: concatBytes(uint64Bytes(receivedAtMs), list),
    };
  }

  delete(sequence: number): Write {
    return { key: keyOf("mempoolBatch", uint64Bytes(sequence)), value: undefined };
  }

  /** All batches in the order of their sequence. */
  async *all(): AsyncIterable<MempoolBatch> {
    for await (const [key, value] of this.#database.iterate(keyRange("mempoolBatch"))) {
      yield { sequence: readUint64(key, 1), receivedAtMs: readUint64(value), list: value.slice(8) };
    }
  }
}
