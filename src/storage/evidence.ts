import { Evidence } from "../types/index.ts";
import { concatBytes, readUint64, uint64Bytes } from "../util/bytes.ts";
import type { Database } from "./database.ts";
import { keyOf, keyRange } from "./key-spaces.ts";

export interface StoredEvidence {
  /** Root of the evidence. */
  id: Uint8Array;
  offender: Uint8Array;
  evidence: Evidence;
  receivedAtMs: number;
}

/** What proves that authorities signed what they must not have. */
export class EvidenceStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  put({ id, offender, evidence, receivedAtMs }: StoredEvidence): Promise<void> {
    const value = concatBytes(uint64Bytes(receivedAtMs), Evidence.serialize(evidence));
    return this.#database.commit([{ key: keyOf("evidence", offender, id), value }]);
  }

  async *all(): AsyncIterable<StoredEvidence> {
    for await (const [key, value] of this.#database.iterate(keyRange("evidence"))) {
      yield {
        offender: key.slice(1, 33),
        id: key.slice(33),
        receivedAtMs: readUint64(value),
        evidence: Evidence.deserialize(value.slice(8)),
      };
    }
  }
}
