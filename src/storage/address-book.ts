import type { Database } from "./database.ts";
import { keyOf, keyRange } from "./key-spaces.ts";

/** Entries that the network keeps about its known peers: JSON under the peer id. */
export class AddressBookStore<Entry extends { id: string }> {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(): Promise<Entry[]> {
    const entries: Entry[] = [];
    for await (const [, value] of this.#database.iterate(keyRange("addressBook"))) {
      entries.push(JSON.parse(new TextDecoder().decode(value)) as Entry);
    }
    return entries;
  }

  save(entry: Entry): Promise<void> {
    return this.#database.commit([
      { key: this.#key(entry.id), value: new TextEncoder().encode(JSON.stringify(entry)) },
    ]);
  }

  remove(id: string): Promise<void> {
    return this.#database.commit([{ key: this.#key(id), value: undefined }]);
  }

  #key(id: string): Uint8Array {
    return keyOf("addressBook", new TextEncoder().encode(id));
  }
}
