import type { Database } from "../storage/database.ts";
import { keyOf, keyRange } from "../storage/key-spaces.ts";
import { textOf } from "../util/bytes.ts";
import type { PeerId } from "./types.ts";

/** A peer to reconnect to. `addresses` are multiaddrs without the peer id that worked, the last one first. */
export interface AddressBookEntry {
  id: PeerId;
  addresses: string[];
  /** The last time at which there was a connection. */
  lastSeenMs: number;
  /**
   * True if this node dialled it. Otherwise the peer only reported the address, which is on the machine that it was
   * connected from.
   */
  dialled?: boolean;
}

/** Keeps peers that once stayed, across restarts; the writer bounds it. */
export interface AddressBook {
  load(): Promise<AddressBookEntry[]>;
  save(entry: AddressBookEntry): Promise<void>;
  remove(id: PeerId): Promise<void>;
}

/** The address book in the database: an entry is JSON under the peer id. */
export class AddressBookStore implements AddressBook {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(): Promise<AddressBookEntry[]> {
    const entries: AddressBookEntry[] = [];
    for await (const [, value] of this.#database.iterate(keyRange("addressBook"))) {
      entries.push(JSON.parse(textOf(value)) as AddressBookEntry);
    }
    return entries;
  }

  save(entry: AddressBookEntry): Promise<void> {
    return this.#database.commit([
      { key: this.#key(entry.id), value: new TextEncoder().encode(JSON.stringify(entry)) },
    ]);
  }

  remove(id: PeerId): Promise<void> {
    return this.#database.commit([{ key: this.#key(id), value: undefined }]);
  }

  #key(id: PeerId): Uint8Array {
    return keyOf("addressBook", new TextEncoder().encode(id));
  }
}
