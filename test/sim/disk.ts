import type { Database, Range, Write } from "../../src/storage/database.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

interface Waiting {
  writes: Write[];
  resolve: () => void;
}

export interface DiskSpeed {
  /** The least duration of a sync. */
  leastMs: number;
  mostMs: number;
  /** The share of syncs that take `slowMs`. */
  slowShare: number;
  slowMs: number;
}

/** The keys of one space in order. Bytes are strings of chars 0 to 255, which compare like bytes. */
class Space {
  readonly values = new Map<string, { key: Uint8Array; value: Uint8Array }>();
  #sorted: string[] | undefined;

  set(name: string, key: Uint8Array, value: Uint8Array): void {
    if (!this.values.has(name)) this.#sorted = undefined;
    this.values.set(name, { key, value });
  }

  delete(name: string): void {
    if (this.values.delete(name)) this.#sorted = undefined;
  }

  sorted(): string[] {
    this.#sorted ??= [...this.values.keys()].sort();
    return this.#sorted;
  }
}

/** A disk that outlives the processes that use it, and holds only what was synced. */
export class SimDisk {
  readonly #spaces = new Map<number, Space>();
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly speed: DiskSpeed;
  #waiting: Waiting[] = [];
  #writing: Waiting[] | undefined;
  #generation = 0;

  constructor(timeline: Timeline, random: Random, speed: DiskSpeed) {
    this.#timeline = timeline;
    this.#random = random;
    this.speed = speed;
  }

  /** Opens the disk for a process; unfinished writes of an earlier one are gone. */
  open(): Database {
    const generation = ++this.#generation;
    return {
      get: async (key) => this.#get(key),
      getMany: async (keys) => keys.map((key) => this.#get(key)),
      iterate: (range) => this.#iterate(range),
      commit: (writes) => this.#commit(writes, generation),
      close: async () => undefined,
    };
  }

  /**
   * Crashes the process: unsynced data is lost, except for the batch being written, which may or may not have reached
   * the disk.
   */
  crash(): void {
    this.#generation++;
    const inFlight = this.#writing;
    this.#writing = undefined;
    this.#waiting = [];
    if (inFlight && this.#random.chance(0.5)) this.#apply(inFlight);
  }

  /** Returns the current contents, to be restored later. */
  snapshot(): Write[] {
    return [...this.#spaces.values()].flatMap((space) => [...space.values.values()]);
  }

  restore(content: readonly Write[]): void {
    this.#spaces.clear();
    this.#apply([{ writes: [...content], resolve: () => undefined }]);
  }

  #get(key: Uint8Array): Uint8Array | undefined {
    return this.#spaces.get(key[0]!)?.values.get(nameOf(key))?.value;
  }

  async *#iterate({ gte, lt, reverse, limit }: Range): AsyncIterable<[Uint8Array, Uint8Array]> {
    const space = this.#spaces.get(gte[0]!);
    if (!space) return;
    const sorted = space.sorted();
    const from = lowerBound(sorted, nameOf(gte));
    const to = lowerBound(sorted, nameOf(lt));
    const names = sorted.slice(from, to);
    if (reverse) names.reverse();
    for (const name of limit === undefined ? names : names.slice(0, limit)) {
      const found = space.values.get(name);
      if (found) yield [found.key, found.value];
    }
  }

  #commit(writes: Write[], generation: number): Promise<void> {
    if (writes.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      if (generation !== this.#generation) return;
      this.#waiting.push({ writes, resolve });
      if (!this.#writing) this.#writeNext(generation);
    });
  }

  #writeNext(generation: number): void {
    const { leastMs, mostMs, slowShare, slowMs } = this.speed;
    // Commits at the same instant join the first group, as in the real database.
    const group: Waiting[] = [];
    this.#writing = group;
    const delayMs = this.#random.chance(slowShare) ? slowMs : this.#random.between(leastMs, mostMs);
    queueMicrotask(() => group.push(...this.#waiting.splice(0)));
    this.#timeline.after(delayMs, () => {
      if (generation !== this.#generation) return;
      this.#apply(group);
      for (const { resolve } of group) resolve();
      this.#writing = undefined;
      if (this.#waiting.length > 0) this.#writeNext(generation);
    });
  }

  #apply(group: readonly Waiting[]): void {
    for (const { writes } of group) {
      for (const { key, value } of writes) {
        let space = this.#spaces.get(key[0]!);
        if (!space) {
          space = new Space();
          this.#spaces.set(key[0]!, space);
        }
        if (value) space.set(nameOf(key), key, value);
        else space.delete(nameOf(key));
      }
    }
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
}

function lowerBound(sorted: readonly string[], name: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
