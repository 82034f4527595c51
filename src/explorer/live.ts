import { Client } from "../client/client.ts";
import type { BlockRef, BlockSummary, Diagnosis, Genesis, SideBlock, Status } from "../client/index.ts";
import type { Sample } from "./shape.ts";
import { Store } from "./store.ts";

/** The node that has served this page. */
export const client = new Client(location.origin);

/** State that the page follows all the time. */
export interface Live {
  connection: "connecting" | "open" | "lost";
  status: Status | undefined;
  genesis: Genesis | undefined;
  diagnosis: Diagnosis | undefined;
  /** The newest canonical ones, newest first. */
  blocks: readonly BlockSummary[];
  /** Not canonical, highest first. */
  forks: readonly SideBlock[];
  /** From a block's timestamp until this node knew it to be final, ms; oldest first, like the next. */
  finalityLags: readonly Sample[];
  mempoolCounts: readonly Sample[];
  /** The node's clock minus this machine's, ms. */
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

/** One page of the API. */
const keptBlocks = 100;
/** Enough for the strip; the others come once the page is there. */
const firstBlocks = 30;
const keptSamples = 100;
/** A chain may make ten blocks a second; people read slower. */
const minRefreshMs = 300;
/** Changes without an event, such as a peer that goes, are seen after this time. */
const maxRefreshMs = 2_000;
const reconnectMs = 2_000;

/** Timestamps of blocks by id, as events have told them, oldest first. */
const timestamps = new Map<string, number>();
let refreshing = false;
let timer: ReturnType<typeof setTimeout> | undefined;
let lastRefreshMs = 0;

/** The node's clock. */
export function nodeTime(nowMs: number): number {
  return nowMs + live.value.clockOffsetMs;
}

export function followNode(): void {
  connect();
  void refresh();
}

function connect(): void {
  const source = new EventSource("/v1/events?types=block,retracted,finalized,mode");
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
  // The refresh after any event tells the rest.
  for (const type of ["retracted", "mode"]) on(type, () => undefined);
}

/** Refreshes after the delay at the latest, and never more often than `minRefreshMs`. */
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
      // There is none while the node starts.
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
    // The event stream tells whether the node is there; the next refresh asks again.
  } finally {
    refreshing = false;
    soon(maxRefreshMs);
  }
}

/** Asked for at once with all else. Nothing where the node has no chain yet. */
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

/** The known blocks, those that have come on top, and those below as far as they are kept. */
async function newestBlocks(headHeight: number): Promise<readonly BlockSummary[]> {
  const known = live.value.blocks;
  const [newest] = known;
  if (!newest) return known;
  const limit = Math.min(Math.max(headHeight - newest.height, 0) + 1, keptBlocks);
  const { blocks } = await client.blocks({ limit });
  const lowest = blocks.at(-1);
  if (!lowest) return known;
  const below = known.filter(({ height }) => height < lowest.height);
  // If they do not meet, a reorganization has replaced the known blocks.
  const all = below[0]?.id === lowest.parent ? [...blocks, ...below] : blocks;
  const last = all.at(-1)!;
  if (all.length >= keptBlocks || last.height === 0) return all.slice(0, keptBlocks);
  const older = await client.blocks({ before: last.height, limit: keptBlocks - all.length });
  return [...all, ...older.blocks];
}

function withSample(samples: readonly Sample[], sample: Sample): Sample[] {
  return [...samples, sample].slice(-keptSamples);
}
