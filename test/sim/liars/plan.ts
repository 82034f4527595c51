import type { Random } from "../random.ts";
import { ofCoalitions, ofStrangers } from "./behaviours.ts";

/** Behaviours that the node does not withstand yet; empty when it keeps every promise. */
const open: ReadonlySet<string> = new Set<string>([]);

/** The adversary of a run. */
export interface LiarPlan {
  /** The number of peer ids at the same time. */
  ids: number;
  /** True if the liars hold the keys of the faulty authorities. */
  coalition: boolean;
  /** The names of behaviours, of which each id gets some. */
  menu: string[];
  /** The largest number of behaviours of one id. */
  behavioursEach: number;
  startsMs: number;
  /** The mean time that an id stays before another replaces it. */
  stayMs: number;
  /** True if the liars continue when everything else heals. */
  remains: boolean;
}

/**
 * Draws an adversary; undefined for a run without one. `isFaulty` says that some authority is faulty; `wanted`
 * restricts the behaviours.
 */
export function drawLiars(
  random: Random,
  isFaulty: boolean,
  wanted?: readonly string[],
): LiarPlan | undefined {
  if (!random.chance(0.5) && !wanted) return undefined;
  const coalition = isFaulty && (random.chance(0.7) || wanted !== undefined);
  const all = [...Object.keys(ofStrangers), ...(coalition ? Object.keys(ofCoalitions) : [])];
  const held = random.shuffle(all.filter((name) => (wanted ? wanted.includes(name) : !open.has(name))));
  return {
    ids: random.weighted([
      [3, 1],
      [4, 3],
      [2, 6],
      [1, 16],
    ]),
    coalition,
    menu: held.slice(0, random.pick([1, 3, 6, held.length])),
    behavioursEach: random.int(1, 4),
    startsMs: random.pick([0, 0, 5_000]),
    stayMs: random.pick([3_000, 10_000, 60_000]),
    remains: random.chance(0.7),
  };
}
