import type { SimNode } from "./node.ts";
import { promises } from "./promises.ts";
import type { Scenario } from "./scenario.ts";
import { epochMs } from "./timeline.ts";

/** Longest time without a block, and how far finality may be behind its slowest block. */
const mostGapPeriods = 3;
const mostFinalityMs = 3_000;
/** Blocks that are waited for while liars go on and all else is well. */
const watchedPeriods = 10;
/** Delays of the calm network are short beside this. */
const leastPeriodMs = 500;

/** How long to watch the pace of a run after it has healed; 0 where there is no liar, or where blocks come irregularly without one. */
export function paceWatchMs(scenario: Scenario): number {
  const { liars, periodMs, emptyBlockPeriodMs, authorityVotesEveryMs, parameterVotesEveryMs } = scenario;
  if (!promises.pace || !liars?.remains || authorityVotesEveryMs + parameterVotesEveryMs > 0) return 0;
  if (periodMs < leastPeriodMs || emptyBlockPeriodMs === 0) return 0;
  return watchedPeriods * Math.max(periodMs, emptyBlockPeriodMs);
}

/** The fault in a chain's pace since a height, by the timestamps of its blocks; undefined if there is none. */
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
