import { Evidence } from "../types/index.ts";
import { concatBytes, readUint64, uint64Bytes } from "../util/bytes.ts";
import type { Database } from "./database.ts";
import { keyOf, keyRange } from "./key-spaces.ts";

export interface StoredEvidence {
  offender: Uint8Array;
  /** Distinguishes an offence of an offender from its others. */
  place: Uint8Array;
  evidence: Evidence;
  receivedAtMs: number;
}

/** Evidence against authorities that signed conflicting messages. */
export class EvidenceStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  put({ offender, place, evidence, receivedAtMs }: StoredEvidence): Promise<void> {
    const value = concatBytes(uint64Bytes(receivedAtMs), Evidence.serialize(evidence));
    return this.#database.commit([{ key: keyOf("evidence", offender, place), value }]);
  }

  async get(offender: Uint8Array, place: Uint8Array): Promise<Evidence | undefined> {
    const value = await this.#database.get(keyOf("evidence", offender, place));
    return value && Evidence.deserialize(value.slice(8));
  }

  async *all(): AsyncIterable<StoredEvidence> {
    for await (const [key, value] of this.#database.iterate(keyRange("evidence"))) {
      yield {
        offender: key.slice(1, 33),
        place: key.slice(33),
        receivedAtMs: readUint64(value),
        evidence: Evidence.deserialize(value.slice(8)),
      };
    }
  }
}
