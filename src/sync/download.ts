import { blocks, type Network, type PeerId, RequestError } from "../../protocols/index.ts";
import { type BlockChecks, checkBlock } from "../chain/check.ts";
import type { CheckedBlock, Head } from "../chain/types.ts";
import { BlockError } from "../types/errors.ts";
import { Header } from "../types/index.ts";
import { equalBytes } from "../util/bytes.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";

/** Blocks that one request asks for: some tenths of a second for full ones, so that a slow peer holds little up. */
const blocksPerRequest = 32;
/** Downloaded and not imported yet; only what is next in line is fetched beyond it. */
const maxBufferedBytes = 64 * 2 ** 20;

export interface DownloadOptions {
  network: Network;
  checks: BlockChecks;
  logger: Logger;
  signal: AbortSignal;
}

/**
 * The blocks of these headers, which follow one another and have been checked, in order, from several peers at once. A peer
 * that stalls, has another chain or answers nonsense gets no more work; its part goes to the others.
 * @throws {RequestError} when no peer is left, with the last one's reason.
 */
export async function* downloadBlocks(
  heads: readonly Head[],
  peers: readonly PeerId[],
  options: DownloadOptions,
): AsyncGenerator<CheckedBlock> {
  const work = new Work(heads);
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const workers = peers.map((peer) => runWorker(peer, work, { ...options, signal }));
  const finished = Promise.all(workers);
  try {
    for (let index = 0; index < heads.length; index++) yield await work.take(index, finished);
  } finally {
    stop.abort();
    work.wake();
    await finished;
  }
}

interface Range {
  /** Indexes among the heads. */
  start: number;
  end: number;
}

/** What is to be fetched, and what has come. */
class Work {
  readonly heads: readonly Head[];
  readonly #blocks: (CheckedBlock | undefined)[] = [];
  readonly #queue: Range[] = [];
  #next = 0;
  #bufferedBytes = 0;
  #wakers: (() => void)[] = [];
  lastError: unknown;

  constructor(heads: readonly Head[]) {
    this.heads = heads;
    for (let start = 0; start < heads.length; start += blocksPerRequest) {
      this.#queue.push({ start, end: Math.min(start + blocksPerRequest, heads.length) });
    }
  }

  /** Waits while the buffer is full; `undefined` when everything has been taken in. */
  async nextRange(signal: AbortSignal): Promise<Range | undefined> {
    while (!signal.aborted && this.#next < this.heads.length) {
      const range = this.#queue[0];
      if (range && (this.#bufferedBytes < maxBufferedBytes || range.start === this.#next))
        return this.#queue.shift();
      await this.#change();
    }
    return undefined;
  }

  put(index: number, block: CheckedBlock): void {
    this.#blocks[index] = block;
    this.#bufferedBytes += block.body.length;
    this.wake();
  }

  giveBack(range: Range): void {
    if (range.start < range.end) this.#queue.push(range);
    this.#queue.sort((a, b) => a.start - b.start);
    this.wake();
  }

  async take(index: number, finished: Promise<unknown>): Promise<CheckedBlock> {
    let exhausted = false;
    for (;;) {
      const block = this.#blocks[index];
      if (block) {
        this.#blocks[index] = undefined;
        this.#bufferedBytes -= block.body.length;
        this.#next = index + 1;
        this.wake();
        return block;
      }
      if (exhausted)
        throw this.lastError ?? new RequestError("connection", "no peer is left to download from");
      await Promise.race([
        this.#change(),
        finished.then(() => {
          exhausted = true;
        }),
      ]);
    }
  }

  wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wakers.push(resolve));
  }
}

/** Fetches ranges from one peer until there are none or it fails. Never rejects. */
async function runWorker(peer: PeerId, work: Work, options: DownloadOptions): Promise<void> {
  const { logger, network, signal } = options;
  for (let range = await work.nextRange(signal); range; range = await work.nextRange(signal)) {
    const rest = { ...range };
    try {
      await fetchRange(peer, work, rest, options);
      if (rest.start === range.start)
        throw new RequestError("resourceUnavailable", "the peer has no such blocks");
      work.giveBack(rest);
    } catch (error) {
      work.lastError = error;
      work.giveBack(rest);
      if (signal.aborted) return;
      logger.debug({ peer, error: messageOf(error) }, "no more blocks from peer");
      if (error instanceof BlockError) network.penalize(peer, "invalidResponse", error.message);
      return;
    }
  }
}

/** Moves `rest.start` on with each block that came. */
async function fetchRange(
  peer: PeerId,
  work: Work,
  rest: Range,
  { network, checks, signal }: DownloadOptions,
): Promise<void> {
  const request = { start: work.heads[rest.start]!.height, count: rest.end - rest.start };
  for await (const block of network.request(peer, blocks, request, { signal })) {
    if (rest.start === rest.end) throw new RequestError("malformed", "more blocks than were asked for");
    const head = work.heads[rest.start];
    if (!head || !equalBytes(Header.hashTreeRoot(block.header.message), head.id)) {
      // Not a lie: its canonical chain may be another, or have become so.
      throw new RequestError("resourceUnavailable", "the peer has another chain");
    }
    // The signature that was checked is kept: the id does not cover it.
    const { transactions } = block;
    work.put(
      rest.start,
      await checkBlock({ header: head.header, transactions }, checks, { signedHeader: true }),
    );
    rest.start++;
  }
}
