import { blocks, RequestError } from "../../protocols/index.ts";
import { type BlockChecks, checkBlock } from "../chain/block-check.ts";
import type { CheckedBlock, WeightedHeader } from "../chain/types.ts";
import type { Network, PeerId } from "../network/types.ts";
import { BlockError } from "../types/errors.ts";
import { Header, rootOf, transactionCount } from "../types/index.ts";
import { equalBytes } from "../util/bytes.ts";
import { type Clock, limited } from "../util/clock.ts";
import { CodedError, messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { DownloadWork, type HeightRange, type Received } from "./download-work.ts";

/** Batches being checked: while one waits for its signatures, the next is decoded. */
const batchesUnderWay = 3;
/**
 * The time for one request, during which no other peer is asked for its blocks: a slow line carries an answer of 8 MiB
 * in that time.
 */
const maxRangeMs = 20_000;
/**
 * When a request delivers nothing for this long, the rest of it is offered to other peers too; the slow one may still
 * be first.
 */
const slowMs = 1_500;

export interface DownloadOptions {
  network: Network;
  checks: BlockChecks;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  /**
   * False if this many transactions of a block must not be decoded, at its proposer's expense. Undefined for blocks
   * that cost it nothing.
   */
  mayDecode?: ((head: WeightedHeader, transactions: number) => boolean) | undefined;
  /** A block of the peer has passed its checks. */
  onDelivered?(peer: PeerId): void;
  /** The peer keeps others waiting. */
  onSlow?(peer: PeerId): void;
}

/**
 * Downloads, from several peers at once, the blocks of these consecutive checked headers, and yields them in order, as
 * many together as are ready. Blocks are checked while earlier ones are taken. A peer that stalls, has another chain or
 * answers nonsense gets no more work; its part goes to the others.
 * @throws {RequestError | BlockError} when no peer is left, with the last one's reason. {CodedError} `TOO_MANY_BLOCKS`
 * if a block must not be decoded.
 */
export async function* downloadBlocks(
  heads: readonly WeightedHeader[],
  peers: readonly PeerId[],
  options: DownloadOptions,
): AsyncGenerator<CheckedBlock[]> {
  const work = new DownloadWork(heads);
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  signal.addEventListener("abort", () => work.wake(), { once: true });
  const ownOptions = { ...options, signal };
  const fetchers = peers.map((peer) => fetchFrom(peer, work, ownOptions));
  const fetched = Promise.all(fetchers).then(() => work.exhaust());
  const checkers = Array.from({ length: batchesUnderWay }, () => checkBatches(work, ownOptions));
  const checked = Promise.all(checkers).catch((error) => work.fail(error));
  try {
    for (let taken = 0; taken < heads.length; ) {
      const next = await work.take(signal);
      taken += next.length;
      yield next;
    }
  } finally {
    stop.abort();
    await Promise.all([fetched, checked]);
  }
}

/** Fetches ranges from one peer until there are none or it fails. Never rejects. */
async function fetchFrom(peer: PeerId, work: DownloadWork, options: DownloadOptions): Promise<void> {
  const { logger, signal } = options;
  for (let range = await work.nextRange(peer, signal); range; range = await work.nextRange(peer, signal)) {
    const rest = { ...range };
    try {
      await fetchRange(peer, work, rest, options);
      if (rest.start === range.start)
        throw new RequestError("resourceUnavailable", "the peer has no such blocks");
      work.giveBack(rest);
    } catch (error) {
      work.giveBack(rest, error);
      if (!signal.aborted) logger.debug({ peer, error: messageOf(error) }, "no more blocks from peer");
      return;
    }
  }
}

/**
 * Advances `rest.start` with each block that arrives. @throws {RequestError} also if the peer takes too long for all of
 * them.
 */
async function fetchRange(
  peer: PeerId,
  work: DownloadWork,
  rest: HeightRange,
  { network, clock, signal: until, onSlow }: DownloadOptions,
): Promise<void> {
  const request = { start: work.heads[rest.start]!.height, count: rest.end - rest.start };
  const { signal, cancel } = limited(clock, maxRangeMs, until);
  const waitFrom = (index: number) =>
    clock.after(slowMs, () => {
      onSlow?.(peer);
      work.share({ start: index, end: rest.end });
    });
  let cancelWait = waitFrom(rest.start);
  try {
    const options = { signal };
    for await (const { header, body } of network.request(peer, blocks, request, options)) {
      if (rest.start === rest.end) throw new RequestError("malformed", "more blocks than were asked for");
      if (!equalBytes(rootOf(Header, header.message), work.heads[rest.start]!.id)) {
        // This is no lie: the peer's canonical chain may be another one, or have changed.
        throw new RequestError("resourceUnavailable", "the peer has another chain");
      }
      work.put({ index: rest.start++, body, from: peer });
      cancelWait();
      if (rest.start < rest.end) cancelWait = waitFrom(rest.start);
    }
  } finally {
    cancelWait();
    cancel();
  }
}

/** Checks batches of blocks until all are checked. Rejects with errors that are nobody's fault. */
async function checkBatches(work: DownloadWork, options: DownloadOptions): Promise<void> {
  const { signal } = options;
  for (let batch = await work.nextBatch(signal); batch; batch = await work.nextBatch(signal)) {
    await Promise.all(batch.map((received) => check(received, work, options)));
  }
}

async function check(
  received: Received,
  work: DownloadWork,
  { checks, logger, network, onDelivered, mayDecode }: DownloadOptions,
): Promise<void> {
  const { index, body, from } = received;
  // The checked signature is kept, because the id does not cover it.
  const head = work.heads[index]!;
  const { header } = head;
  if (mayDecode && !mayDecode(head, transactionCount(body)))
    throw new CodedError("TOO_MANY_BLOCKS", "its proposer has signed more blocks than it may make");
  try {
    work.accept(received, await checkBlock({ header, body }, checks, { signedHeader: true }));
    onDelivered?.(from);
  } catch (error) {
    if (!(error instanceof BlockError)) throw error;
    if (!work.refuse(received, error)) return;
    logger.debug({ peer: from, error: error.message }, "no more blocks from peer");
    network.penalize(from, "invalidResponse", error.message);
  }
}
