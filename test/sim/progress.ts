import type { SimNode } from "./node.ts";
import { promises } from "./promises.ts";
import type { Scenario } from "./scenario.ts";
import { epochMs } from "./timeline.ts";

/** The longest time without a block, and the longest time by which finality may lag. */
const mostGapPeriods = 3;
const mostFinalityMs = 3_000;
/** The time, in periods, for which the pace is watched while liars continue and all else is well. */
const watchedPeriods = 10;
/** The delays of the calm network are much shorter than this. */
const leastPeriodMs = 500;

/**
 * Returns how long to watch the pace after a run has healed; 0 without liars, or if blocks come irregularly even
 * without them.
 */
export function paceWatchMs(scenario: Scenario): number {
  const { liars, periodMs, emptyBlockPeriodMs, authorityVotesEveryMs, parameterVotesEveryMs } = scenario;
  if (!promises.pace || !liars?.remains || authorityVotesEveryMs + parameterVotesEveryMs > 0) return 0;
  if (periodMs < leastPeriodMs || emptyBlockPeriodMs === 0) return 0;
  return watchedPeriods * Math.max(periodMs, emptyBlockPeriodMs);
}

/** Resolves to the fault in the pace of a chain since a height, by its timestamps; undefined if there is none. */
export async function paceFault(
  { services, name }: SimNode,
  sinceHeight: number,
  nowMs: number,
): Promise<string | undefined> {
  if (!services) return `${name} does not run`;
  const { chain } = services;
  const { periodMs, emptyBlockPeriodMs } = chain.snapshot.parameters;
  const mostGapMs = mostGapPeriods * Math.max(periodMs, emptyBlockPeriodMs);
  const times: number[] = [];
  for (const id of await chain.reader.idsUp(sinceHeight, chain.head.height - sinceHeight + 1))
    times.push((await chain.tree.require(id)).header.message.timestamp);
  times.push(epochMs + nowMs);
  const gaps = times.slice(1).map((time, index) => time - times[index]!);
  const longest = Math.max(...gaps);
  if (longest > mostGapMs)
    return `${name} has no block for ${Math.round(longest)} ms after height ${sinceHeight + gaps.indexOf(longest)}`;
  const final = await chain.tree.require(chain.finalized.id);
  const behindMs = chain.head.header.message.timestamp - final.header.message.timestamp;
  if (behindMs > mostFinalityMs + mostGapMs) return `${name} is ${behindMs} ms behind with finality`;
  return undefined;
}
