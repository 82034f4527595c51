import { RequestError } from "../../protocols/index.ts";
import { importedTogether } from "../chain/chain.ts";
import type { CheckedBlock, WeightedHeader } from "../chain/types.ts";
import type { PeerId } from "../network/types.ts";

/** Blocks in one request: some tenths of a second for full ones, so that a slow peer delays little. */
const blocksPerRequest = 32;
/** Bytes that are downloaded and not imported yet. Beyond it only the next block in line is fetched. */
const maxBufferedBytes = 32 * 2 ** 20;
/**
 * Bytes that are decoded for their checks, which takes several times the memory. Enough for all cores while a block is
 * executed.
 */
const maxDecodedBytes = 3 * 2 ** 20;
/**
 * Blocks are checked together up to about this many bytes, some thousand signatures: many small ones cost little more
 * than one.
 */
const batchBytes = 256 * 1024;

/** Indexes among the heads. */
export interface HeightRange {
  start: number;
  end: number;
}

/** A block as it arrived, with its index among the heads. */
export interface Received {
  index: number;
  body: Uint8Array;
  from: PeerId;
}

type Slot = { received: Received } | { checking: Received } | { checked: CheckedBlock } | undefined;

/** The blocks of a download and their states. They are fetched in any order, and checked and taken in sequence. */
export class DownloadWork {
  readonly heads: readonly WeightedHeader[];
  readonly #wanted: HeightRange[] = [];
  readonly #slots: Slot[] = [];
  /** Peers that sent wrong blocks. */
  readonly #refused = new Set<PeerId>();
  #nextToCheck = 0;
  #nextToTake = 0;
  #checked = 0;
  #bufferedBytes = 0;
  #decodedBytes = 0;
  #wakers: (() => void)[] = [];
  #isExhausted = false;
  #lastError: unknown;
  #failure: { error: unknown } | undefined;

  constructor(heads: readonly WeightedHeader[]) {
    this.heads = heads;
    for (let start = 0; start < heads.length; start += blocksPerRequest) {
      this.#wanted.push({ start, end: Math.min(start + blocksPerRequest, heads.length) });
    }
  }

  /** Waits while the buffer is full; `undefined` when every block is checked, or nothing is wanted from this peer. */
  async nextRange(peer: PeerId, signal: AbortSignal): Promise<HeightRange | undefined> {
    while (!signal.aborted && !this.#refused.has(peer) && this.#checked < this.heads.length) {
      this.#dropReceived();
      const range = this.#wanted[0];
      if (range && (this.#bufferedBytes < maxBufferedBytes || range.start <= this.#nextToCheck))
        return this.#wanted.shift();
      await this.#change();
    }
    return undefined;
  }

  /** Returns the rest of a range that a peer did not deliver, with the reason. */
  giveBack(range: HeightRange, error?: unknown): void {
    this.#lastError = error ?? this.#lastError;
    if (range.start < range.end) this.#wanted.push(range);
    this.#wanted.sort((a, b) => a.start - b.start);
    this.wake();
  }

  /** A peer is slow with these blocks: another one may fetch them too, and the first to arrive counts. */
  share(range: HeightRange): void {
    this.giveBack({ ...range });
  }

  /** A block that is here already is dropped. */
  put(received: Received): void {
    if (this.#isHere(received.index)) return;
    this.#slots[received.index] = { received };
    this.#bufferedBytes += received.body.length;
    this.wake();
  }

  #isHere(index: number): boolean {
    return index < this.#nextToTake || this.#slots[index] !== undefined;
  }

  /** Wanted ranges begin with a block that is not here. */
  #dropReceived(): void {
    for (const range of this.#wanted)
      while (range.start < range.end && this.#isHere(range.start)) range.start++;
    while (this.#wanted[0] && this.#wanted[0].start >= this.#wanted[0].end) this.#wanted.shift();
  }

  /** The next blocks to check together; waits for them. `undefined` when every block is checked. */
  async nextBatch(signal: AbortSignal): Promise<Received[] | undefined> {
    while (!signal.aborted && this.#checked < this.heads.length) {
      // The next block in line is always decoded, because everything else may wait for it.
      const mayDecode = this.#decodedBytes < maxDecodedBytes || this.#nextToCheck === this.#nextToTake;
      const batch = mayDecode ? this.#takeBatch() : [];
      if (batch.length > 0) return batch;
      await this.#change();
    }
    return undefined;
  }

  #takeBatch(): Received[] {
    const batch: Received[] = [];
    for (let bytes = 0; bytes < batchBytes; this.#nextToCheck++) {
      const slot = this.#slots[this.#nextToCheck];
      if (!slot) break;
      if (!("received" in slot)) continue;
      const { received } = slot;
      this.#slots[received.index] = { checking: received };
      batch.push(received);
      bytes += received.body.length;
    }
    this.#decodedBytes += batch.reduce((sum, { body }) => sum + body.length, 0);
    return batch;
  }

  accept({ index }: Received, checked: CheckedBlock): void {
    this.#slots[index] = { checked };
    this.#checked++;
    this.wake();
  }

  /** The block is none of these heads', so it has to come from another peer. True for a peer's first. */
  refuse({ index, body, from }: Received, error: unknown): boolean {
    const isFirst = !this.#refused.has(from);
    this.#slots[index] = undefined;
    this.#bufferedBytes -= body.length;
    this.#decodedBytes -= body.length;
    this.#nextToCheck = Math.min(this.#nextToCheck, index);
    this.#refused.add(from);
    this.giveBack({ start: index, end: index + 1 }, error);
    return isFirst;
  }

  /** Checking is impossible, and nobody is at fault. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.wake();
  }

  /** Nobody fetches any more; blocks that have arrived may still be checked and taken. */
  exhaust(): void {
    this.#isExhausted = true;
    this.wake();
  }

  /**
   * The next checked blocks, one or more. @throws the last peer's error, the error passed to `fail`, or the signal's
   * reason.
   */
  async take(signal: AbortSignal): Promise<CheckedBlock[]> {
    for (;;) {
      signal.throwIfAborted();
      const taken = this.#takeChecked();
      if (taken.length > 0) return taken;
      if (this.#failure) throw this.#failure.error;
      if (this.#isExhausted && !this.#slots[this.#nextToTake])
        throw this.#lastError ?? new RequestError("connection", "no peer is left to download from");
      await this.#change();
    }
  }

  #takeChecked(): CheckedBlock[] {
    const taken: CheckedBlock[] = [];
    const { blocks: maxBlocks, bytes: maxBytes } = importedTogether;
    for (let bytes = 0; taken.length < maxBlocks && bytes < maxBytes; this.#nextToTake++) {
      const slot = this.#slots[this.#nextToTake];
      if (!slot || !("checked" in slot)) break;
      this.#slots[this.#nextToTake] = undefined;
      taken.push(slot.checked);
      bytes += slot.checked.body.length;
      this.#bufferedBytes -= slot.checked.body.length;
      this.#decodedBytes -= slot.checked.body.length;
    }
    if (taken.length > 0) this.wake();
    return taken;
  }

  /** Makes waiters look again. Call it when a signal that was passed in aborts. */
  wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wakers.push(resolve));
  }
}
