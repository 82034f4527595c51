import { Client } from "../client/client.ts";
import type { BlockRef, BlockSummary, Diagnosis, Genesis, SideBlock, Status } from "../client/index.ts";
import type { Sample } from "./shape.ts";
import { Store } from "./store.ts";

/** Talks to the node that has served this page, perhaps under a path of a proxy. */
export const client = new Client(location.href);

/** The state of the node that the page always follows. */
export interface Live {
  connection: "connecting" | "open" | "lost";
  status: Status | undefined;
  genesis: Genesis | undefined;
  diagnosis: Diagnosis | undefined;
  /** The newest canonical blocks, newest first. */
  blocks: readonly BlockSummary[];
  /** Blocks that are not canonical, highest first. */
  forks: readonly SideBlock[];
  /** Times from a block's timestamp until this node knew it to be final, in ms, oldest first. */
  finalityLags: readonly Sample[];
  mempoolCounts: readonly Sample[];
  /** The node's clock minus this machine's, in ms. */
  clockOffsetMs: number;
}

export const live = new Store<Live>({
  connection: "connecting",
  status: undefined,
  genesis: undefined,
  diagnosis: undefined,
  blocks: [],
  forks: [],
  finalityLags: [],
  mempoolCounts: [],
  clockOffsetMs: 0,
});

/** Number of blocks that are kept: one page of the API. */
const keptBlocks = 100;
/** Number of blocks of the first request, enough for the strip; the others follow when the page is shown. */
const firstBlocks = 30;
const keptSamples = 100;
/** A chain may make ten blocks a second, which is faster than people read. */
const minRefreshMs = 300;
/** Changes without an event, such as a peer that disconnects, show up after this time. */
const maxRefreshMs = 2_000;
const reconnectMs = 2_000;

/** Timestamps of blocks by id, from events, oldest first. */
const timestamps = new Map<string, number>();
let refreshing = false;
let timer: ReturnType<typeof setTimeout> | undefined;
let lastRefreshMs = 0;

/** Converts a time of this machine's clock to the node's. */
export function nodeTime(nowMs: number): number {
  return nowMs + live.value.clockOffsetMs;
}

export function followNode(): void {
  connect();
  void refresh();
}

function connect(): void {
  const source = new EventSource(`${client.url}/v1/events?types=block,retracted,finalized,mode`);
  const on = <T>(type: string, handle: (data: T) => void) =>
    source.addEventListener(type, (event) => {
      handle(JSON.parse((event as MessageEvent<string>).data));
      soon(minRefreshMs);
    });
  source.onopen = () => {
    live.update({ connection: "open" });
    soon(0);
  };
  source.onerror = () => {
    live.update({ connection: "lost" });
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, reconnectMs);
  };
  on<BlockRef & { timestamp: number }>("block", ({ id, timestamp }) => {
    timestamps.set(id, timestamp);
    for (const old of timestamps.keys()) if (timestamps.size > keptBlocks) timestamps.delete(old);
  });
  on<BlockRef>("finalized", ({ id, height }) => {
    const timestamp = timestamps.get(id);
    if (timestamp === undefined) return;
    const value = Math.max(0, nodeTime(Date.now()) - timestamp);
    live.update({ finalityLags: withSample(live.value.finalityLags, { label: `block ${height}`, value }) });
  });
  // These events only trigger a refresh, which fetches what has changed.
  for (const type of ["retracted", "mode"]) on(type, () => undefined);
}

/** Refreshes within the delay, but never more often than every `minRefreshMs`. */
function soon(delayMs: number): void {
  clearTimeout(timer);
  timer = setTimeout(refresh, Math.max(delayMs === 0 ? 0 : lastRefreshMs + delayMs - Date.now(), 0));
}

async function refresh(): Promise<void> {
  if (refreshing) return soon(minRefreshMs);
  refreshing = true;
  lastRefreshMs = Date.now();
  try {
    const sentMs = Date.now();
    const [status, diagnosis, first] = await Promise.all([
      client.status(),
      // A starting node has no diagnosis yet.
      client.diagnosis().catch(() => undefined),
      live.value.blocks.length === 0 && live.value.status?.genesisId !== null ? firstAnswers() : undefined,
    ]);
    const clockOffsetMs = status.time - (sentMs + Date.now()) / 2;
    const [blocks, forks] = status.head
      ? await Promise.all([first?.blocks ?? newestBlocks(status.head.height), client.forks()])
      : [[], []];
    const genesis = first?.genesis ?? live.value.genesis;
    const { mempoolCounts } = live.value;
    const sample = { label: new Date(status.time).toLocaleTimeString(), value: status.mempool.count };
    live.update({
      ...{ status, diagnosis, forks, blocks, genesis, clockOffsetMs },
      mempoolCounts: withSample(mempoolCounts, sample),
    });
  } catch {
    // The event stream shows whether the node is there; the next refresh asks again.
  } finally {
    refreshing = false;
    soon(maxRefreshMs);
  }
}

/** Fetches the first blocks and the genesis block, in parallel with the other requests. Resolves to undefined if the node has no chain yet. */
async function firstAnswers(): Promise<Pick<Live, "blocks" | "genesis"> | undefined> {
  try {
    const [{ blocks }, { genesis }] = await Promise.all([
      client.blocks({ limit: firstBlocks }),
      client.block(0),
    ]);
    return { blocks, genesis };
  } catch {
    return undefined;
  }
}

/** Resolves to the known blocks with the new ones on top and older ones below, up to `keptBlocks`. */
async function newestBlocks(headHeight: number): Promise<readonly BlockSummary[]> {
  const known = live.value.blocks;
  const [newest] = known;
  if (!newest) return known;
  const limit = Math.min(Math.max(headHeight - newest.height, 0) + 1, keptBlocks);
  const { blocks } = await client.blocks({ limit });
  const lowest = blocks.at(-1);
  if (!lowest) return known;
  const below = known.filter(({ height }) => height < lowest.height);
  // If the lists do not connect, a reorganization has replaced the known blocks.
  const all = below[0]?.id === lowest.parent ? [...blocks, ...below] : blocks;
  const last = all.at(-1)!;
  if (all.length >= keptBlocks || last.height === 0) return all.slice(0, keptBlocks);
  const older = await client.blocks({ before: last.height, limit: keptBlocks - all.length });
  return [...all, ...older.blocks];
}

function withSample(samples: readonly Sample[], sample: Sample): Sample[] {
  return [...samples, sample].slice(-keptSamples);
}
