import type { Database, Range, Write } from "../../../src/storage/database.ts";
import { compareBytes, type Hex, toHex } from "../../../src/util/bytes.ts";

/**
 * A disk that can lose power. `crash` ends every commit under way without resolving it; `survives` says which are
 * written, each completely or not at all. `restart()` continues with the contents of the disk.
 */
export class CrashableDatabase implements Database {
  readonly #disk: Map<Hex, [Uint8Array, Uint8Array]>;
  #pending: Write[][] = [];
  #dead = false;

  constructor(disk = new Map<Hex, [Uint8Array, Uint8Array]>()) {
    this.#disk = disk;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#disk.get(toHex(key))?.[1];
  }

  getMany(keys: Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return Promise.all(keys.map((key) => this.get(key)));
  }

  async *iterate({ gte, lt, reverse, limit }: Range): AsyncIterable<[Uint8Array, Uint8Array]> {
    const entries = [...this.#disk.values()]
      .filter(([key]) => compareBytes(key, gte) >= 0 && compareBytes(key, lt) < 0)
      .sort(([a], [b]) => compareBytes(a, b));
    yield* (reverse ? entries.reverse() : entries).slice(0, limit);
  }

  async commit(writes: Write[]): Promise<void> {
    if (this.#dead) return new Promise(() => undefined);
    this.#pending.push(writes);
    // A sync takes a while, in which other work may run and the power may fail.
    for (let turn = 0; turn < 3; turn++) await null;
    if (this.#dead) return new Promise(() => undefined);
    this.#pending.splice(this.#pending.indexOf(writes), 1);
    this.#apply(writes);
  }

  async close(): Promise<void> {}

  crash(survives: () => boolean): void {
    this.#dead = true;
    for (const writes of this.#pending) if (survives()) this.#apply(writes);
    this.#pending = [];
  }

  restart(): CrashableDatabase {
    return new CrashableDatabase(this.#disk);
  }

  /** Returns an independent database with the same contents, as a backup. */
  copy(): CrashableDatabase {
    return new CrashableDatabase(new Map(this.#disk));
  }

  #apply(writes: Write[]): void {
    for (const { key, value } of writes) {
      if (value) this.#disk.set(toHex(key), [key.slice(), value.slice()]);
      else this.#disk.delete(toHex(key));
    }
  }
}
