import type { Random } from "../random.ts";
import { ofCoalitions, ofStrangers } from "./behaviours.ts";

/** Behaviours that the node does not withstand yet; empty once it keeps every promise. */
const open: ReadonlySet<string> = new Set<string>([]);

/** The adversary of a run. */
export interface LiarPlan {
  /** Peer ids at once. */
  ids: number;
  /** True if they hold the keys of the faulty authorities. */
  coalition: boolean;
  /** Names of behaviours; each id takes some of them. */
  menu: string[];
  /** Most that one id takes. */
  behavioursEach: number;
  startsMs: number;
  /** Mean time that an id stays; then another comes. */
  stayMs: number;
  /** True if they go on when everything else heals. */
  remains: boolean;
}

/** Undefined where there is none. `isFaulty`: some authority is at fault. `wanted`: the only behaviours, where the caller names some. */
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
