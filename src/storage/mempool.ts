import { Transaction } from "../types/index.ts";
import { concatBytes, readUint64, uint64Bytes } from "../util/bytes.ts";
import type { Database, Write } from "./database.ts";
import { keyOf, keyRange } from "./key-spaces.ts";

/** The transactions that this node has acknowledged and that are in no canonical block. */
export class MempoolStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  put(id: Uint8Array, transaction: Transaction, receivedAtMs: number): Write {
    return {
      key: keyOf("mempool", id),
      value: concatBytes(uint64Bytes(receivedAtMs), Transaction.serialize(transaction)),
    };
  }

  delete(id: Uint8Array): Write {
    return { key: keyOf("mempool", id), value: undefined };
  }

  async *all(): AsyncIterable<{ transaction: Transaction; receivedAtMs: number }> {
    for await (const [, value] of this.#database.iterate(keyRange("mempool"))) {
      yield { transaction: Transaction.deserialize(value.slice(8)), receivedAtMs: readUint64(value) };
    }
  }
}
