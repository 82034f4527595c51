import type { PoolEntry } from "./pool-entry.ts";

/** The entries that have a last height, sorted by it, so that finding the ended ones examines no others. */
export class Endings {
  readonly #byHeight = new Map<number, Set<PoolEntry>>();
  /** No entry has a lower last height. */
  #lowest = Number.POSITIVE_INFINITY;

  add(entry: PoolEntry): void {
    const { validUntil } = entry;
    if (validUntil === 0) return;
    const entries = this.#byHeight.get(validUntil);
    if (entries) entries.add(entry);
    else this.#byHeight.set(validUntil, new Set([entry]));
    this.#lowest = Math.min(this.#lowest, validUntil);
  }

  remove(entry: PoolEntry): void {
    const { validUntil } = entry;
    const entries = this.#byHeight.get(validUntil);
    entries?.delete(entry);
    if (entries?.size === 0) this.#byHeight.delete(validUntil);
  }

  /** Removes and returns the entries that no block above `height` may include. */
  take(height: number): PoolEntry[] {
    const ended: PoolEntry[] = [];
    for (; this.#lowest <= height; this.#lowest++) {
      for (const entry of this.#byHeight.get(this.#lowest) ?? []) ended.push(entry);
      this.#byHeight.delete(this.#lowest);
    }
    return ended;
  }
}
