import { shortKeyOf, type TransactionRecord } from "../types/index.ts";
import { fromBinary, type Hex, toBinary } from "../util/bytes.ts";
import { Heap } from "../util/heap.ts";
import { inSlices, type Pause } from "../util/slices.ts";
import { AccountQueue } from "./account-queue.ts";
import { Endings } from "./endings.ts";
import type { PoolEntry } from "./pool-entry.ts";
import type { AccountLookup } from "./types.ts";

/** The next transaction of a sender that a block can include. */
interface Head {
  queue: AccountQueue<PoolEntry>;
  entry: PoolEntry;
}

/** The waiting transactions with their indexes. It admits whatever it is given. */
export class Pool {
  readonly #account: AccountLookup;
  readonly #byId = new Map<Hex, PoolEntry>();
  readonly #byShortId = new Map<string, PoolEntry>();
  /** The queues by `toBinary` of the sender's address. */
  readonly #queues = new Map<string, AccountQueue<PoolEntry>>();
  /** Entries that wait for a missing nonce. */
  readonly #ahead = new Set<PoolEntry>();
  /**
   * The queues with entries that wait for no missing nonce. Blocks are made of these, however many others there are.
   */
  readonly #ready = new Set<AccountQueue<PoolEntry>>();
  readonly #endings = new Endings();
  #bytes = 0;

  constructor(account: AccountLookup) {
    this.#account = account;
  }

  get count(): number {
    return this.#byId.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The number of accounts with transactions here. */
  get senders(): number {
    return this.#queues.size;
  }

  /** The number of entries that wait for a missing nonce. */
  get aheadCount(): number {
    return this.#ahead.size;
  }

  isAhead(entry: PoolEntry): boolean {
    return this.#ahead.has(entry);
  }

  /** One of the entries that wait for a missing nonce. */
  get firstAhead(): PoolEntry | undefined {
    return this.#ahead.values().next().value;
  }

  get(id: Hex): PoolEntry | undefined {
    return this.#byId.get(id);
  }

  has({ idHex }: TransactionRecord): boolean {
    return this.#byId.has(idHex);
  }

  byShortId(shortId: Uint8Array): TransactionRecord | undefined {
    return this.#byShortId.get(shortKeyOf(shortId))?.record;
  }

  entries(): Iterable<PoolEntry> {
    return this.#byId.values();
  }

  queues(): Iterable<AccountQueue<PoolEntry>> {
    return this.#queues.values();
  }

  queue(address: Uint8Array): AccountQueue<PoolEntry> | undefined {
    return this.#queues.get(toBinary(address));
  }

  /** The entry with the same sender and nonce, usually the transaction itself. */
  waiting(record: TransactionRecord): PoolEntry | undefined {
    // An empty pool, as that of a node that catches up, needs no sender decoded.
    if (this.#byId.size === 0) return undefined;
    const known = this.#byId.get(record.idHex);
    if (known) return known;
    const { from, nonce } = record.transaction.message;
    return this.queue(from)?.get(nonce);
  }

  /** Replaces an entry with the same sender and nonce. */
  insert(entry: PoolEntry): void {
    const { sender, nonce } = entry;
    const replaced = this.#queues.get(sender)?.get(nonce);
    if (replaced) this.remove(replaced);
    const queue = this.#queues.get(sender) ?? this.#newQueue(fromBinary(sender));
    const isAhead = nonce > queue.nextNonce(this.#account(queue.address)?.nonce ?? 0);
    queue.set(entry);
    entry.queue = queue;
    if (isAhead) this.#ahead.add(entry);
    else {
      this.#countReady(queue, 1);
      this.follow(queue, nonce + 1);
    }
    this.#endings.add(entry);
    this.#byId.set(entry.idHex, entry);
    this.#byShortId.set(entry.shortKey, entry);
    this.#bytes += entry.bytes;
  }

  /** Transactions after this nonce no longer wait for it. */
  follow(queue: AccountQueue<PoolEntry>, nonce: number): void {
    if (this.#ahead.size === 0) return;
    for (let next = nonce; ; next++) {
      const entry = queue.get(next);
      if (!entry || !this.#ahead.delete(entry)) return;
      this.#countReady(queue, 1);
    }
  }

  #countReady(queue: AccountQueue<PoolEntry>, change: number): void {
    queue.ready += change;
    if (queue.ready > 0) this.#ready.add(queue);
    else this.#ready.delete(queue);
  }

  remove(entry: PoolEntry): void {
    const { queue, shortKey } = entry;
    if (!queue) return;
    entry.queue = undefined;
    this.#byId.delete(entry.idHex);
    if (!this.#ahead.delete(entry)) this.#countReady(queue, -1);
    this.#endings.remove(entry);
    queue.remove(entry.nonce);
    if (queue.size === 0) this.#queues.delete(toBinary(queue.address));
    if (this.#byShortId.get(shortKey) === entry) this.#byShortId.delete(shortKey);
    this.#bytes -= entry.bytes;
  }

  /** The entries that no block above `height` may include. */
  endedAt(height: number): PoolEntry[] {
    return this.#endings.take(height);
  }

  /**
   * Removes an entry that no block will include. Returns the entries that wait for a missing nonce from now on and did
   * not before.
   */
  drop(entry: PoolEntry): PoolEntry[] {
    const { sender, nonce } = entry;
    const wasAhead = this.#ahead.has(entry);
    this.remove(entry);
    const queue = this.#queues.get(sender);
    if (!queue || wasAhead || nonce < (this.#account(queue.address)?.nonce ?? 0)) return [];
    const stranded: PoolEntry[] = [];
    for (let next = nonce + 1; ; next++) {
      const follower = queue.get(next);
      if (!follower || this.#ahead.has(follower)) return stranded;
      this.#ahead.add(follower);
      this.#countReady(queue, -1);
      stranded.push(follower);
    }
  }

  /**
   * The entries of a sender, by nonce, that wait for a missing one and are not counted among those yet. A retracted
   * transaction that does not return leaves such a gap.
   */
  strand(queue: AccountQueue<PoolEntry>): PoolEntry[] {
    const nonce = this.#account(queue.address)?.nonce ?? 0;
    const next = queue.nextNonce(nonce);
    if (queue.ready === next - nonce) return [];
    const stranded = [...queue.entries()]
      .filter((entry) => entry.nonce > next && !this.#ahead.has(entry))
      .sort((a, b) => a.nonce - b.nonce);
    for (const entry of stranded) this.#ahead.add(entry);
    this.#countReady(queue, -stranded.length);
    return stranded;
  }

  /** Encodes the key once more, since the string that an entry has would retain the entry. */
  #newQueue(address: Uint8Array): AccountQueue<PoolEntry> {
    const queue = new AccountQueue<PoolEntry>(address);
    this.#queues.set(toBinary(address), queue);
    return queue;
  }

  /** The first nonce that neither the head's state nor a waiting transaction has used. */
  nextNonce(address: Uint8Array): number {
    const nonce = this.#account(address)?.nonce ?? 0;
    return this.queue(address)?.nextNonce(nonce) ?? nonce;
  }

  /** True if a block could hold a transaction now. */
  get hasExecutable(): boolean {
    for (const queue of this.#ready) {
      if (queue.get(this.#account(queue.address)?.nonce ?? 0)) return true;
    }
    return false;
  }

  /**
   * Entries that a block can include now, in the order of their nonces for each sender, the best paid of all senders
   * first. Pauses after looking at `sendersAtOnce` of them.
   */
  async executable(sendersAtOnce: number, pause: Pause): Promise<Iterable<PoolEntry>> {
    const heads = new Heap<Head>((a, b) => isBetterPaid(a.entry, b.entry));
    const ready = [...this.#ready];
    await inSlices(ready.length, sendersAtOnce, pause, (at) => {
      const queue = ready[at]!;
      const entry = queue.get(this.#account(queue.address)?.nonce ?? 0);
      if (entry) heads.push({ queue, entry });
    });
    return inOrder(heads);
  }
}

function* inOrder(heads: Heap<Head>): Iterable<PoolEntry> {
  for (let head = heads.pop(); head; head = heads.pop()) {
    yield head.entry;
    const entry = head.queue.get(head.entry.nonce + 1);
    if (entry) heads.push({ queue: head.queue, entry });
  }
}

/** The higher fee wins, then the earlier arrival. */
function isBetterPaid(a: PoolEntry, b: PoolEntry): boolean {
  return a.fee === b.fee ? a.sequence < b.sequence : a.fee > b.fee;
}
