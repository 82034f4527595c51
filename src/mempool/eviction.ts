import type { TransactionRecord } from "../types/index.ts";
import { equalBytes } from "../util/bytes.ts";
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

  #fits(count: number, bytes: number): boolean {
    return count < this.#limits.maxCount && bytes <= this.#limits.maxBytes;
  }

  /** Entries have left the pool by another way. */
  reset(): void {
    this.#hopelessFee = undefined;
  }

  /**
   * Whether there is room for a transaction, after some of other senders that pay less had to go, but none of `kept`; without room
   * none goes.
   */
  makeRoom({ encoded, transaction }: TransactionRecord, kept: ReadonlySet<PoolEntry>): boolean {
    const { from, fee } = transaction.message;
    let count = this.#pool.count;
    let total = this.#pool.bytes + encoded.length;
    if (this.#fits(count, total)) return true;
    if (this.#hopelessFee !== undefined && fee <= this.#hopelessFee) return false;
    const candidates = this.#candidates(fee, kept);
    if (candidates.length === 0) this.#hopelessFee = fee;
    const least = Math.max(1, Math.floor(count * evictedShare));
    const victims: PoolEntry[] = [];
    for (const victim of candidates) {
      if (victims.length >= least && this.#fits(count, total)) break;
      if (equalBytes(victim.record.transaction.message.from, from)) continue;
      victims.push(victim);
      count--;
      total -= victim.record.encoded.length;
    }
    if (!this.#fits(count, total)) return false;
    for (const victim of victims) this.#pool.remove(victim);
    this.reset();
    return true;
  }

  /** Who could give way to this fee, worst paid and then newest first. */
  #candidates(fee: bigint, kept: ReadonlySet<PoolEntry>): PoolEntry[] {
    const candidates: PoolEntry[] = [];
    for (const queue of this.#pool.queues()) {
      const last = queue.last();
      if (last && !last.batch && feeOf(last) < fee && !kept.has(last)) candidates.push(last);
    }
    return candidates.sort((a, b) => compareFees(a, b) || b.sequence - a.sequence);
  }
}

function compareFees(a: PoolEntry, b: PoolEntry): number {
  if (feeOf(a) === feeOf(b)) return 0;
  return feeOf(a) < feeOf(b) ? -1 : 1;
}

function feeOf({ record }: PoolEntry): bigint {
  return record.transaction.message.fee;
}
