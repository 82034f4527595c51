import { encodeRecords, type TransactionRecord } from "../types/index.ts";
import { concatBytes, readUint32, readUint64, uint32Bytes, uint64Bytes } from "../util/bytes.ts";
import { HeaderRecord } from "./blocks.ts";
import type { Database, Write } from "./database.ts";
import { keyOf, keyRange } from "./key-spaces.ts";

/** Transactions that are kept of a fork's block: 55 kB of the longest. */
const keptTransactions = 100;

/** A remembered block that is not canonical, also after finality has passed it. */
export interface ForkRecord {
  id: Uint8Array;
  record: HeaderRecord;
  /** True if the block was canonical before a reorganization. */
  retracted: boolean;
  /** When it was stored or retracted here. */
  seenAtMs: number;
  /** The number of its transactions that the better branch did not hold when it was retracted. */
  returned: number;
}

/** Blocks that lost against others, with their first transactions. */
export class ForkStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  put({ id, record, ...rest }: ForkRecord, records: readonly TransactionRecord[]): Write {
    const header = HeaderRecord.serialize(record);
    const value = concatBytes(
      uint64Bytes(rest.seenAtMs),
      Uint8Array.of(rest.retracted ? 1 : 0),
      uint32Bytes(rest.returned),
      uint32Bytes(header.length),
      header,
      encodeRecords(records.slice(0, keptTransactions)),
    );
    return { key: keyOf("fork", id), value };
  }

  delete(id: Uint8Array): Write {
    return { key: keyOf("fork", id), value: undefined };
  }

  async *all(): AsyncIterable<ForkRecord> {
    for await (const [key, value] of this.#database.iterate(keyRange("fork"))) {
      const { header } = partsOf(value);
      yield {
        id: key.slice(1),
        record: HeaderRecord.deserialize(header),
        retracted: value[8] === 1,
        seenAtMs: readUint64(value),
        returned: readUint32(value, 9),
      };
    }
  }

  /** The encoded `Transactions` that are kept of a block. */
  async transactions(id: Uint8Array): Promise<Uint8Array | undefined> {
    const value = await this.#database.get(keyOf("fork", id));
    return value && partsOf(value).transactions;
  }
}

function partsOf(value: Uint8Array): { header: Uint8Array; transactions: Uint8Array } {
  const end = 17 + readUint32(value, 13);
  return { header: value.slice(17, end), transactions: value.slice(end) };
}
