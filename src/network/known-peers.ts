import type { Database } from "../storage/database.ts";
import { keyOf, keyRange } from "../storage/key-spaces.ts";
import { textOf } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { placeOf } from "./address.ts";
import { givesWay } from "./diversity.ts";
import type { PeerId } from "./types.ts";

export const maxKnownPeers = 512;
/** One machine, or one router, must not fill the book. This machine is not limited: it may run a whole test network. */
export const maxKnownPerHost = 32;
/** When a host has too many peers, one that was not seen for this long gives way; otherwise the new one is refused. */
const staleMs = 24 * 3_600_000;
/** A peer that was not seen for this long is not dialled at the next start. */
const forgetMs = 30 * 24 * 3_600_000;

/**
 * The address book: peers whose addresses worked, across restarts. It is bounded by diversity, so that a host with many
 * ids in a few places does not push out the others. When it is full, the most crowded host loses the peer that was not
 * seen for longest.
 */
export class KnownPeers {
  readonly #options: { store: AddressBook; clock: Clock; logger: Logger };
  readonly #entries = new Map<PeerId, AddressBookEntry>();
  /** Writes happen one after the other, so that the last one about a peer stays. */
  #written: Promise<void> = Promise.resolve();

  constructor(options: { store: AddressBook; clock: Clock; logger: Logger }) {
    this.#options = options;
  }

  /** Reads the store, and deletes what is too old or too much. */
  async load(): Promise<void> {
    for (const entry of await this.#options.store.load()) {
      if (this.#options.clock.now() - entry.lastSeenMs <= forgetMs && this.#makeRoom(entry))
        this.#entries.set(entry.id, entry);
      else this.#write(() => this.#options.store.remove(entry.id));
    }
    await this.#written;
  }

  all(): AddressBookEntry[] {
    return [...this.#entries.values()];
  }

  /** `addresses` are those that worked, the last one first. `dialled` tells whether this node dialled. */
  remember(id: PeerId, addresses: readonly string[], dialled: boolean): void {
    const entry: AddressBookEntry = {
      id,
      addresses: [...addresses],
      lastSeenMs: this.#options.clock.now(),
      dialled: dialled || (this.#entries.get(id)?.dialled ?? false),
    };
    if (addresses.length === 0 || !(this.#entries.has(id) || this.#makeRoom(entry))) return;
    this.#entries.set(id, entry);
    this.#write(() => this.#options.store.save(entry));
  }

  forget(id: PeerId): void {
    if (this.#entries.delete(id)) this.#write(() => this.#options.store.remove(id));
  }

  /** Resolves when everything is written. */
  written(): Promise<void> {
    return this.#written;
  }

  #makeRoom(newcomer: AddressBookEntry): boolean {
    const place = placeOfEntry(newcomer);
    if (!place) return false;
    const placed = this.all().map((entry) => ({ ...placeOfEntry(entry)!, entry }));
    const ofHost = placed.filter(({ host }) => host === place.host);
    if (place.reach !== "loopback" && ofHost.length >= maxKnownPerHost) {
      const oldest = ofHost.sort((a, b) => a.entry.lastSeenMs - b.entry.lastSeenMs)[0]!;
      if (newcomer.lastSeenMs - oldest.entry.lastSeenMs < staleMs) return false;
      this.forget(oldest.entry.id);
    } else if (placed.length >= maxKnownPeers) {
      const worst = givesWay(place, placed, (a, b) => a.entry.lastSeenMs - b.entry.lastSeenMs);
      if (!worst) return false;
      this.forget(worst.entry.id);
    }
    return true;
  }

  #write(write: () => Promise<void>): void {
    this.#written = this.#written.then(write).catch((error) => {
      this.#options.logger.warn({ error: messageOf(error) }, "could not write the address book");
    });
  }
}

function placeOfEntry({ addresses }: AddressBookEntry) {
  return addresses[0] === undefined ? undefined : placeOf(addresses[0]);
}

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
