import { type Recovery, RecoveryList } from "../types/index.ts";
import type { Database, Write } from "./database.ts";
import { keyOf } from "./key-spaces.ts";

const recoveriesKey = keyOf("meta", new TextEncoder().encode("recoveries"));

/** The recoveries that people have given to this node. */
export class RecoveryStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** All recoveries, oldest first. */
  async all(): Promise<Recovery[]> {
    const bytes = await this.#database.get(recoveriesKey);
    return bytes ? RecoveryList.deserialize(bytes) : [];
  }

  set(recoveries: readonly Recovery[]): Write {
    return { key: recoveriesKey, value: RecoveryList.serialize([...recoveries]) };
  }
}
