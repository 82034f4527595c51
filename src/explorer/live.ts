import { Client } from "../client/client.ts";
import type { BlockRef, BlockSummary, Diagnosis, Genesis, SideBlock, Status } from "../client/index.ts";
import { SharedStream } from "./event-stream.ts";
import { timeOfDay } from "./format.ts";
import { type Sample, shownFinal } from "./shape.ts";
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
  /** The number of polls that were answered. Parts of the page that no event updates load again when it grows. */
  polls: number;
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
  polls: 0,
});

/** Number of blocks that are kept: one page of the API. */
const keptBlocks = 100;
/** Number of blocks of the first request, enough for the strip; the others follow when the page is shown. */
const firstBlocks = 30;
const keptSamples = 100;
/** The least time between two updates, since a chain may make blocks faster than people read. */
const minShownMs = 300;
/** The interval of polls for what no event reports, such as the mempool and the diagnosis. */
const pollMs = 5_000;
/** Polls for each request for forks, most changes of which an event reports. */
const pollsPerFork = 2;

/** Timestamps of blocks by id, from events, oldest first. */
const timestamps = new Map<string, number>();
/** Blocks that events have reported and that are not shown yet, oldest first, and the newest final one. */
let arrived: BlockSummary[] = [];
let finalRef: BlockRef | undefined;
let showing: ReturnType<typeof setTimeout> | undefined;
let polling = false;
let timer: ReturnType<typeof setTimeout> | undefined;
let asksForks = false;

/** Converts a time of this machine's clock to the node's. */
export function nodeTime(nowMs: number): number {
  return nowMs + live.value.clockOffsetMs;
}

/** Follows the node while the tab is visible. Resolves after the first poll. */
export async function followNode(): Promise<void> {
  const follow = async () => {
    if (document.hidden) return rest();
    stream.start();
    // A poll handles its errors itself, and sets the next one.
    await poll();
  };
  document.addEventListener("visibilitychange", () => void follow());
  await follow();
}

function rest(): void {
  stream.stop();
  clearTimeout(timer);
}

const stream = new SharedStream(`${client.url}/v1/events`, ["block", "retracted", "finalized", "mode"], {
  opened: () => {
    live.update({ connection: "open" });
    pollIn(0);
  },
  lost: () => live.update({ connection: "lost" }),
  event: (type, data) => {
    if (type === "block") onBlock(JSON.parse(data));
    else if (type === "finalized") onFinalized(JSON.parse(data));
    else if (type === "retracted") onRetracted(JSON.parse(data));
    else pollIn(0);
  },
});

function onBlock(block: Omit<BlockSummary, "finalized">): void {
  timestamps.set(block.id, block.timestamp);
  for (const old of timestamps.keys()) if (timestamps.size > keptBlocks) timestamps.delete(old);
  arrived.push({ ...block, finalized: false });
  soon();
}

function onFinalized(block: BlockRef): void {
  finalRef = block;
  soon();
  const timestamp = timestamps.get(block.id);
  if (timestamp === undefined) return;
  const sample = { label: `block ${block.height}`, value: Math.max(0, nodeTime(Date.now()) - timestamp) };
  live.update({ finalityLags: withSample(live.value.finalityLags, sample) });
}

function onRetracted({ id }: BlockRef): void {
  showArrived();
  const blocks = live.value.blocks.filter((block) => block.id !== id);
  const { status } = live.value;
  // The head is retracted first.
  const isHead = status?.head?.id === id;
  live.update({ blocks, status: isHead ? { ...status, head: blocks[0] ?? null } : status });
  // It handles its errors itself.
  void askForks();
}

/** Asks for the forks, once for all blocks that a reorganization retracts. */
async function askForks(): Promise<void> {
  if (asksForks) return;
  asksForks = true;
  await new Promise((resolve) => setTimeout(resolve, minShownMs));
  asksForks = false;
  // A poll asks again.
  const forks = await client.forks().catch(() => undefined);
  if (forks) live.update({ forks });
}

/** Shows soon what events have reported, several at a time. */
function soon(): void {
  if (showing === undefined) showing = setTimeout(showArrived, minShownMs);
}

function showArrived(): void {
  clearTimeout(showing);
  showing = undefined;
  const { status, blocks: shown } = live.value;
  const news = arrived;
  arrived = [];
  // The first poll is under way and brings these blocks too.
  if (!status || shown.length === 0) return;
  const blocks = joined(news, shown);
  if (news.length > 0 && blocks === shown) pollIn(0);
  live.update({ blocks, status: withHead(status, blocks) });
}

/**
 * Updates a status by the events since it was requested: the newest block that continues its head, and the final block.
 */
function withHead(status: Status, blocks: readonly BlockSummary[]): Status {
  const [newest] = blocks;
  const isContinued = newest && blocks.some(({ id }) => id === status.head?.id);
  const { finalized } = status;
  const head = isContinued
    ? { id: newest.id, height: newest.height, timestamp: newest.timestamp }
    : status.head;
  return { ...status, head, finalized: shownFinal(finalized, finalRef, head) };
}

/** The known blocks, newest first, with those on top that continue them. */
function joined(news: readonly BlockSummary[], known: readonly BlockSummary[]): readonly BlockSummary[] {
  const all = [...known];
  for (const block of news) if (block.parent === all[0]?.id) all.unshift(block);
  return all.length > known.length ? all.slice(0, keptBlocks) : known;
}

function pollIn(delayMs: number): void {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(poll, delayMs);
}

async function poll(): Promise<void> {
  // The poll under way sets the time of the next one when it ends, whatever was set meanwhile.
  if (polling) return;
  polling = true;
  try {
    const sentMs = Date.now();
    const { status: last, polls } = live.value;
    const mayHaveChain = last?.genesisId !== null;
    const [status, diagnosis, first, forks] = await Promise.all([
      client.status(),
      // A starting node has no diagnosis yet.
      client.diagnosis().catch(() => undefined),
      live.value.blocks.length === 0 && mayHaveChain ? firstAnswers() : undefined,
      polls % pollsPerFork === 0 && mayHaveChain ? client.forks().catch(() => undefined) : undefined,
    ]);
    requireSameChain(status);
    // Blocks that events have brought need no request.
    showArrived();
    const clockOffsetMs = status.time - (sentMs + Date.now()) / 2;
    const known = live.value.blocks;
    const newest = status.head ? (first?.blocks ?? (await newestBlocks(status.head))) : [];
    const genesis = first?.genesis ?? live.value.genesis;
    const { mempoolCounts } = live.value;
    // Events may have brought more meanwhile.
    const blocks = newest === known ? live.value.blocks : newest;
    const sample = { label: timeOfDay(status.time), value: status.mempool.count };
    live.update({
      ...{ diagnosis, blocks, genesis, clockOffsetMs, polls: polls + 1 },
      forks: forks ?? live.value.forks,
      status: withHead(status, blocks),
      mempoolCounts: withSample(mempoolCounts, sample),
    });
  } catch {
    // The event stream shows whether the node is there; the next poll asks again.
  } finally {
    polling = false;
    pollIn(pollMs);
  }
}

/** Nothing of another chain stays: the page begins anew. */
function requireSameChain({ genesisId }: Status): void {
  const known = live.value.status?.genesisId;
  if (known && genesisId && known !== genesisId) location.reload();
}

/** Fetches the first blocks and genesis beside other requests. Resolves to undefined if there is no chain yet. */
async function firstAnswers(): Promise<Pick<Live, "blocks" | "genesis"> | undefined> {
  try {
    const [{ blocks }, { genesis }] = await Promise.all([
      client.blocks({ limit: firstBlocks }),
      client.block(0),
    ]);
    return { blocks, genesis };
  } catch {
    // The next poll asks again.
    return undefined;
  }
}

/** Resolves to the known blocks with the new ones on top and older ones below, up to `keptBlocks`. */
async function newestBlocks(head: BlockRef): Promise<readonly BlockSummary[]> {
  const known = live.value.blocks;
  const [newest] = known;
  const isFull = known.length >= keptBlocks || known.at(-1)?.height === 0;
  // Events may be ahead of the answer.
  if (!newest || (isFull && known.some(({ id }) => id === head.id))) return known;
  const limit = Math.min(Math.max(head.height - newest.height, 0) + 1, keptBlocks);
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
