import { scoreWithoutBlame } from "../../e2e/harness/checks.ts";
import { patience } from "../../e2e/harness/until.ts";
import type { Adversary } from "../attack.ts";

/** The measurements of one run; a line of JSON. */
export interface Result {
  name: string;
  by: Adversary;
  seconds: number;
  /** The mean time between blocks by their timestamps; null without blocks. */
  intervalMs: number | null;
  longestGapMs: number;
  finalityLagMs: number;
  /** The highest resident set of each node. */
  rssMb: number[];
  statusP99Ms: number;
  notReadyPercent: number;
  /** Answers of `/health/ready` that say no. */
  notHealthyPercent: number;
  /** The lowest score of any honest node at any other. */
  lowestHonestScore: number;
  honestBans: number;
  /** Alarms in honest nodes' logs that two conflicting blocks are final. */
  falseAlarms: number;
  /** The number of bans by all nodes. */
  bans: number;
  /** The longest time from the first proven offence to the end of the connection; null if no peer had to be banned. */
  shutOutMs: number | null;
  /** Ids that were still connected ten seconds after an offence. */
  letIn: number;
  /** The time from a new node's start until it was ready at the head; null if that took too long. */
  joinMs: number | null;
  /** True if the new node reached the head in any mode. */
  joinerAtHead: boolean;
  /** The longest time of honest transfers from the answer to the block; null if one was in no block. */
  transferMs: number | null;
  /** The longest time from SIGTERM to the end of a node under attack. */
  stopMs: number;
  /** Exit codes of these nodes; null for one that had to be killed. */
  stopCodes: (number | null)[];
  /** Cores that the attacker's processes used. */
  attackerCpu: number;
  /**
   * Cores used by other processes than the network, the attackers and the measurement. It must be near 0 for the times
   * to count.
   */
  othersCpu: number;
  /** The counts of the attack itself. */
  counts: Record<string, number>;
  /** The broken promises. */
  broken: string[];
}

export const limits = {
  interval: 0.2,
  gapMs: 3_000,
  finalityLagMs: 3_000,
  rssMoreMb: 150,
  statusP99Ms: 500,
  shutOutMs: 10_000,
  joinMs: 30_000,
  transferMs: 10_000,
  stopMs: 5_000,
} as const;

/** Checks the promises that hold on a machine of any speed: the chain continues, and no peer is blamed for others. */
export function qualitiesBroken(result: Result): string[] {
  const broken: string[] = [];
  const check = (isKept: boolean, what: string) => {
    if (!isKept) broken.push(what);
  };
  check(result.intervalMs !== null, "no blocks");
  check(result.notReadyPercent === 0, `not ready in ${result.notReadyPercent} % of the answers`);
  check(
    result.lowestHonestScore >= scoreWithoutBlame,
    `an honest peer's score was ${result.lowestHonestScore}`,
  );
  check(result.honestBans === 0, `${result.honestBans} honest peers banned`);
  check(result.falseAlarms === 0, `${result.falseAlarms} false alarms of conflicting final blocks`);
  check(result.joinerAtHead, "a new node did not reach the head");
  check(result.transferMs !== null, "an honest transfer got into no block");
  check(result.stopMs <= limits.stopMs * patience.factor, `SIGTERM took ${result.stopMs} ms`);
  check(isClean(result), `SIGTERM ended nodes with ${result.stopCodes}`);
  return broken;
}

/** Checks all promises; `quiet` is a run without attack, unless this is one. */
export function promisesBroken(result: Omit<Result, "broken">, quiet: Result | undefined): string[] {
  const { intervalMs } = result;
  const broken: string[] = [];
  const check = (isKept: boolean, what: string) => {
    if (!isKept) broken.push(what);
  };
  check(result.longestGapMs <= limits.gapMs, `no block for ${result.longestGapMs} ms`);
  check(result.finalityLagMs <= limits.finalityLagMs, `finality ${result.finalityLagMs} ms behind`);
  check(result.statusP99Ms <= limits.statusP99Ms, `/v1/status p99 ${result.statusP99Ms} ms`);
  check(result.notReadyPercent === 0, `not ready in ${result.notReadyPercent} % of the answers`);
  check(
    result.notHealthyPercent === 0,
    `/health/ready said no in ${result.notHealthyPercent} % of the answers`,
  );
  check(result.lowestHonestScore >= 0, `an honest peer's score was ${result.lowestHonestScore}`);
  check(result.honestBans === 0, `${result.honestBans} honest peers banned`);
  check(result.falseAlarms === 0, `${result.falseAlarms} false alarms of conflicting final blocks`);
  check((result.shutOutMs ?? 0) <= limits.shutOutMs, `shut out after ${result.shutOutMs} ms`);
  check(result.letIn === 0, `${result.letIn} ids were not shut out`);
  check(
    result.joinMs !== null && result.joinMs <= limits.joinMs,
    result.joinMs === null
      ? "a new node did not get in step"
      : `a new node in step after ${result.joinMs} ms`,
  );
  check(
    result.transferMs !== null && result.transferMs <= limits.transferMs,
    result.transferMs === null
      ? "an honest transfer got into no block"
      : `a transfer took ${result.transferMs} ms`,
  );
  check(result.stopMs <= limits.stopMs, `SIGTERM took ${result.stopMs} ms`);
  check(isClean(result), `SIGTERM ended nodes with ${result.stopCodes}`);
  if (quiet) {
    const change = intervalMs === null ? Infinity : Math.abs(intervalMs / quiet.intervalMs! - 1);
    check(change <= limits.interval, `a block every ${intervalMs} ms, ${quiet.intervalMs} ms without attack`);
    const more = rssMoreMb(result, quiet);
    check(more <= limits.rssMoreMb, `${more} MB more`);
  }
  return broken;
}

function isClean({ stopCodes }: Pick<Result, "stopCodes">): boolean {
  return stopCodes.every((code) => code === 0);
}

export function rssMoreMb(result: Pick<Result, "rssMb">, quiet: Pick<Result, "rssMb">): number {
  return Math.max(...result.rssMb) - Math.max(...quiet.rssMb);
}
