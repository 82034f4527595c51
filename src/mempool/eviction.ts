import type { MempoolLimits } from "./limits.ts";
import type { Pool } from "./pool.ts";
import type { PoolEntry } from "./types.ts";

/** Of the entries, made room for at once, so that the search for them is not made for each newcomer. */
const evictedShare = 0.01;

/** Makes room in a full pool: the worst paid last transactions of their senders go, none that this node has acknowledged. */
export class Eviction {
  readonly #pool: Pool;
  readonly #limits: MempoolLimits;
  /** While the pool only grows, nothing that pays this much or less finds room. */
  #hopelessFee: bigint | undefined;

  constructor(pool: Pool, limits: MempoolLimits) {
    this.#pool = pool;
    this.#limits = limits;
  }

  isFull(bytes: number): boolean {
    return this.#pool.count >= this.#limits.maxCount || this.#pool.bytes + bytes > this.#limits.maxBytes;
  }

  /** Entries have left the pool by another way. */
  reset(): void {
    this.#hopelessFee = undefined;
  }

  /** Whether there is room for a transaction of this size and fee, after some that pay less had to go. */
  makeRoom(bytes: number, fee: bigint): boolean {
    if (!this.isFull(bytes)) return true;
    if (this.#hopelessFee !== undefined && fee <= this.#hopelessFee) return false;
    const victims: PoolEntry[] = [];
    for (const queue of this.#pool.queues()) {
      const last = queue.last();
      if (last && !last.durable && feeOf(last) < fee) victims.push(last);
    }
    victims.sort((a, b) => Number(feeOf(a) - feeOf(b)) || b.sequence - a.sequence);
    const most = Math.max(1, Math.floor(this.#pool.count * evictedShare));
    for (const victim of victims.slice(0, most)) this.#pool.remove(victim);
    if (victims.length === 0) this.#hopelessFee = fee;
    return !this.isFull(bytes);
  }
}

function feeOf({ record }: PoolEntry): bigint {
  return record.transaction.message.fee;
}
