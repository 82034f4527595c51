import { ClassicLevel } from "classic-level";
import { concatBytes } from "../util/bytes.ts";
import { CodedError, closed, codeOf, lineOf, messageOf, UserError } from "../util/errors.ts";
import { systemPause } from "../util/slices.ts";
import { plain, seal, unseal } from "./checksum.ts";
import { damaged } from "./damaged.ts";
import type { Database, Range, Write } from "./database.ts";

interface Waiting {
  writes: Write[];
  resolve: () => void;
  reject: (error: Error) => void;
}

/** What is put into a batch between two pauses: a few ms. */
const sliceBytes = 2 ** 20;
/** An entry takes at least as long as this many bytes. */
const bytesPerEntry = 256;

/** Entries that an iteration without a limit reads at first, and at most: many readers need only a few. */
const firstEntries = 16;
const mostEntries = 1_000;
/** A read of several entries ends after this many bytes; with a limit sooner, because the caller may need fewer. */
const mostBytes = 256 * 1024;
const mostLimitedBytes = 4 * 1024;

const encoding = { keyEncoding: "view", valueEncoding: "view" } as const;

/**
 * LevelDB with group commit: one synced batch carries all the commits that arrived while the last one was being
 * written.
 */
export class LevelDatabase implements Database {
  readonly #level: ClassicLevel<Uint8Array, Uint8Array>;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #isClosed = false;
  readonly #reading = new Set<Promise<unknown>>();
  readonly #onWriteFailed: (error: Error) => void;

  private constructor(level: ClassicLevel<Uint8Array, Uint8Array>, onWriteFailed: (error: Error) => void) {
    this.#level = level;
    this.#onWriteFailed = onWriteFailed;
  }

  /**
   * `onWriteFailed`: after a failed write (for example on a full disk) LevelDB writes nothing more until it is opened
   * again.
   * @throws {UserError} `IN_USE`
   * @throws {CodedError} `OPEN_FAILED`. Never retry in the same process: LevelDB would lose its lock.
   */
  static async open(
    folder: string,
    onWriteFailed: (error: Error) => void = () => undefined,
  ): Promise<LevelDatabase> {
    const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, encoding);
    try {
      await level.open();
    } catch (error) {
      const cause = error instanceof Error && error.cause ? error.cause : error;
      if (codeOf(cause) === "LEVEL_LOCKED")
        throw new UserError(
          `the database ${folder} is in use by another process: stop it first, or use another folder`,
          "IN_USE",
          { cause },
        );
      throw new CodedError(
        "OPEN_FAILED",
        `cannot open the database ${folder}: ${messageOf(cause)}. If it is damaged, move this folder (db/) away and start again: the node downloads the chain from its peers`,
        { cause },
      );
    }
    return new LevelDatabase(level, onWriteFailed);
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const sealed = await this.#read(() => this.#level.get(key));
    return sealed && unseal(key, sealed);
  }

  async getMany(keys: Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const values = await this.#read(() => this.#level.getMany(inOneBuffer(keys)));
    return values.map((sealed, index) => sealed && unseal(keys[index]!, sealed));
  }

  async *iterate(range: Range): AsyncIterable<[Uint8Array, Uint8Array]> {
    if (this.#isClosed) closed("the database");
    const { limit } = range;
    const highWaterMarkBytes = limit === undefined ? mostBytes : mostLimitedBytes;
    const iterator = this.#level.iterator({ ...range, ...encoding, highWaterMarkBytes });
    try {
      // One more than the limit, so that LevelDB meets the end and is not asked again.
      const first = limit === undefined ? firstEntries : limit + 1;
      for (let count = first; ; count = Math.min(4 * count, mostEntries)) {
        const entries = await this.#read(() => iterator.nextv(count));
        if (entries.length === 0) return;
        for (const [key, sealed] of entries) yield [plain(key), unseal(key, sealed)];
      }
    } finally {
      await iterator.close();
    }
  }

  commit(writes: Write[]): Promise<void> {
    if (writes.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (this.#isClosed) closed("the database");
      this.#waiting.push({ writes, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** @throws {CodedError} `DAMAGED`, or `CLOSED` once the database is closing, before LevelDB is called. */
  async #read<T>(read: () => Promise<T>): Promise<T> {
    if (this.#isClosed) closed("the database");
    const reading = read();
    this.#reading.add(reading);
    try {
      return await reading;
    } catch (error) {
      // A table is missing, truncated or torn.
      return damaged(lineOf(error));
    } finally {
      this.#reading.delete(reading);
    }
  }

  async #writeAll(): Promise<void> {
    // Commits of the same tick join the first batch.
    await null;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        const failure = new CodedError("WRITE_FAILED", `cannot write to the database: ${messageOf(error)}`, {
          cause: error,
        });
        for (const { reject } of group) reject(failure);
        this.#onWriteFailed(failure);
      }
    }
    // This must happen in the same turn as the last check for waiting commits: a commit in between would wait forever.
    this.#writing = undefined;
  }

  /** A chained batch copies each entry once: several times as fast as an array of operations. */
  async #write(group: Waiting[]): Promise<void> {
    const batch = this.#level.batch();
    let bytes = 0;
    for (const { writes } of group) {
      for (const { key, value } of writes) {
        bytes += bytesPerEntry + (value?.length ?? 0);
        if (bytes > sliceBytes) {
          await systemPause();
          bytes = 0;
        }
        if (value) batch.put(key, seal(key, value));
        else batch.del(key);
      }
    }
    await batch.write({ sync: true });
  }

  /** Finishes the reads and writes that have begun. LevelDB would abort them with errors that look like damage. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#reading);
    await this.#writing;
    await this.#level.close();
  }
}

/** The same arrays in one buffer: LevelDB needs a buffer, and V8 would allocate one for each. */
function inOneBuffer(arrays: readonly Uint8Array[]): Uint8Array[] {
  const buffer = concatBytes(...arrays);
  let at = 0;
  return arrays.map(({ length }) => {
    at += length;
    return buffer.subarray(at - length, at);
  });
}
