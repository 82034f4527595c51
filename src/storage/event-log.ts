import type { BlockRef } from "../types/index.ts";
import { inBackground } from "../util/background.ts";
import { concatBytes, readUint64, textOf, uint64Bytes } from "../util/bytes.ts";
import { Emitter } from "../util/emitter.ts";
import type { Logger } from "../util/logger.ts";
import { damaged } from "./damaged.ts";
import type { Database, Prepared } from "./database.ts";
import { keyOf, keyRange } from "./key-spaces.ts";

/** An event of `GET /v1/events`. Blocks and transactions are only named, because they are stored elsewhere. */
export type LoggedEvent =
  | ({ name: "block" | "retracted" | "finalized" } & BlockRef)
  | { name: "transaction"; id: Uint8Array }
  | { name: "mode"; mode: string };

export interface NumberedEvent {
  number: number;
  event: LoggedEvent;
}

/** The first byte of a row. */
const codes = { block: 0, retracted: 1, finalized: 2, transaction: 3, mode: 4 } as const;
const names = Object.keys(codes) as LoggedEvent["name"][];
const idBytes = 32;
/** Transactions arrive by the hundred. A row therefore names several, numbered from its key on. */
const maxIdsPerRow = 256;
/** Events kept: weeks of a quiet chain, two minutes at 10,000 transactions a second; at most 100 MB. */
const defaultKept = 1_000_000;
/** Avoids reading the oldest events for every new one. */
const pruneEvery = 1_000;
const maxPrunedRows = 10_000;
/** The newest rows stay in memory for streams that are at the end: some 500 kB at most. */
const rowsInMemory = 64;

/** One entry of the database. */
interface Row {
  /** The number of its first event. */
  first: number;
  value: Uint8Array;
}

export interface EventLogOptions {
  database: Database;
  logger: Logger;
  /** The approximate number of newest events to keep. */
  kept?: number | undefined;
}

/**
 * All events of this node, numbered from 1 on without a gap, across restarts. An event is written in one batch with the
 * change that it reports, and is read only once it is on disk.
 */
export class EventLog {
  /** Reports that there is something new to read. */
  readonly events: Emitter<{ appended: { onlyTransactions: boolean } }>;
  readonly #database: Database;
  readonly #kept: number;
  #first: number;
  #next: number;
  #pruning = false;
  #newest: (Row & { isOnDisk: boolean })[] = [];

  private constructor(
    { database, logger, kept = defaultKept }: EventLogOptions,
    { first, next }: { first: number; next: number },
  ) {
    this.events = new Emitter(logger);
    this.#database = database;
    this.#kept = kept;
    this.#first = first;
    this.#next = next;
  }

  static async open(options: EventLogOptions): Promise<EventLog> {
    const { database } = options;
    let first = 1;
    for await (const [key] of database.iterate({ ...keyRange("event"), limit: 1 }))
      first = readUint64(key, 1);
    return new EventLog(options, { first, next: (await lastNumber(database)) + 1 });
  }

  /** Number of the oldest event that is kept. */
  get first(): number {
    return this.#first;
  }

  /** Number of the newest event on disk; 0 if there never was one. */
  last(): Promise<number> {
    return lastNumber(this.#database);
  }

  /** Numbers the events of these rows. Commit the writes in the same turn, so that rows reach the disk in order. */
  prepare(values: readonly Uint8Array[]): Prepared {
    if (values.length === 0) return { writes: [], applied: () => undefined };
    const onlyTransactions = values.every((value) => value[0] === codes.transaction);
    const rows = values.map((value) => {
      const first = this.#next;
      this.#next += eventCount(value);
      return { first, value, isOnDisk: false };
    });
    this.#newest = [...this.#newest, ...rows].slice(-rowsInMemory);
    return {
      writes: rows.map(({ first, value }) => ({ key: keyOf("event", uint64Bytes(first)), value })),
      applied: () => {
        for (const row of rows) row.isOnDisk = true;
        this.announce(onlyTransactions);
      },
    };
  }

  /** Tells readers that the recorded events are on disk. */
  announce(onlyTransactions = false): void {
    this.events.emit("appended", { onlyTransactions });
    if (this.#next - this.#first >= this.#kept + pruneEvery) inBackground(this.#prune());
  }

  /** Records events that belong to no other change. Resolves when they are on disk. */
  async append(events: readonly LoggedEvent[]): Promise<void> {
    const { writes, applied } = this.prepare(encodeEvents(events));
    await this.#database.commit(writes);
    applied();
  }

  /**
   * The events on disk from `number` on, of at most `maxRows` rows. A reader that does not want transactions gets only
   * the last of each of their rows, by which it knows how far it has come.
   */
  async *read(number: number, maxRows: number, wantsTransactions = true): AsyncGenerator<NumberedEvent> {
    for await (const { first, value } of this.#rows(number, maxRows)) {
      const passed = wantsTransactions ? 0 : eventCount(value) - 1;
      for (const [index, event] of rowEvents(value, passed).entries())
        if (first + passed + index >= number) yield { number: first + passed + index, event };
    }
  }

  /** Rows on disk, from the one with the event `number` on. */
  async *#rows(number: number, maxRows: number): AsyncGenerator<Row> {
    const from = this.#newest.findLastIndex(({ first }) => first <= number);
    // A row may be on disk before this process has heard of it.
    if (this.#newest[from]?.isOnDisk) {
      const rows = this.#newest.slice(from, from + maxRows);
      const unwritten = rows.findIndex(({ isOnDisk }) => !isOnDisk);
      return yield* unwritten < 0 ? rows : rows.slice(0, unwritten);
    }
    const range = keyRange("event");
    const upToIt = { gte: range.gte, lt: keyOf("event", uint64Bytes(number + 1)), reverse: true, limit: 1 };
    for await (const [key] of this.#database.iterate(upToIt)) range.gte = key;
    for await (const [key, value] of this.#database.iterate({ ...range, limit: maxRows }))
      yield { first: readUint64(key, 1), value };
  }

  async #prune(): Promise<void> {
    if (this.#pruning) return;
    this.#pruning = true;
    const lt = keyOf("event", uint64Bytes(this.#next - this.#kept));
    try {
      const keys: Uint8Array[] = [];
      for await (const [key] of this.#database.iterate({ ...keyRange("event"), lt, limit: maxPrunedRows }))
        keys.push(key);
      // The last row may reach beyond the limit.
      const kept = keys.pop();
      if (kept) this.#first = readUint64(kept, 1);
      this.#newest = this.#newest.filter(({ first }) => first >= this.#first);
      await this.#database.commit(keys.map((key) => ({ key, value: undefined })));
    } catch {
      // A database that cannot be written or is closed has reported it already.
    } finally {
      this.#pruning = false;
    }
  }
}

/** The values of the rows of events. */
export function encodeEvents(events: readonly LoggedEvent[]): Uint8Array[] {
  const values: Uint8Array[] = [];
  let ids: Uint8Array[] = [];
  const endRow = (name: LoggedEvent["name"], payload: Uint8Array[]) =>
    values.push(concatBytes(Uint8Array.of(codes[name]), ...payload));
  const endIds = () => {
    if (ids.length > 0) endRow("transaction", ids);
    ids = [];
  };
  for (const event of events) {
    if (event.name === "transaction") {
      if (ids.push(event.id) === maxIdsPerRow) endIds();
      continue;
    }
    endIds();
    endRow(event.name, payloadOf(event));
  }
  endIds();
  return values;
}

async function lastNumber(database: Database): Promise<number> {
  for await (const [key, value] of database.iterate({ ...keyRange("event"), reverse: true, limit: 1 }))
    return readUint64(key, 1) + eventCount(value) - 1;
  return 0;
}

function payloadOf(event: Exclude<LoggedEvent, { name: "transaction" }>): Uint8Array[] {
  return event.name === "mode"
    ? [new TextEncoder().encode(event.mode)]
    : [uint64Bytes(event.height), event.id];
}

function eventCount(row: Uint8Array): number {
  return row[0] === codes.transaction ? (row.length - 1) / idBytes : 1;
}

/** The events of a row, without the first ones that the reader passes over. */
function rowEvents(row: Uint8Array, passed: number): LoggedEvent[] {
  const name = names[row[0]!] ?? damaged("an entry of the event log is of no known kind");
  if (name === "mode") return [{ name, mode: textOf(row.subarray(1)) }];
  if (name !== "transaction") return [{ name, height: readUint64(row, 1), id: row.slice(9) }];
  return Array.from({ length: eventCount(row) - passed }, (_, index) => {
    const at = 1 + (passed + index) * idBytes;
    return { name, id: row.slice(at, at + idBytes) };
  });
}
