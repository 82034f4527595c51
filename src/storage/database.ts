/** One change; `value` undefined deletes the key. */
export interface Write {
  key: Uint8Array;
  value: Uint8Array | undefined;
}

/** Writes that one part of the node adds to a batch of another. */
export interface Prepared {
  writes: Write[];
  /** Follows in memory; called once the batch is on disk, and never if it failed. */
  applied(): void;
}

export interface Range {
  gte: Uint8Array;
  lt: Uint8Array;
  reverse?: boolean;
  limit?: number;
}

/**
 * An ordered key-value store. A read throws `DAMAGED` rather than return a value that differs from what was written.
 * After `close` was called, every operation throws `CLOSED`.
 */
export interface Database {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  getMany(keys: Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
  iterate(range: Range): AsyncIterable<[key: Uint8Array, value: Uint8Array]>;
  /** Resolves when the writes are on disk, synced: all of them or, after an error or a crash, none. */
  commit(writes: Write[]): Promise<void>;
  close(): Promise<void>;
}

/** The part of a database that reads of an index need. */
export type EntryReader = Pick<Database, "getMany" | "iterate">;
