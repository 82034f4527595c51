import type { DiskSpeed } from "./disk.ts";
import { drawLiars, type LiarPlan } from "./liars/plan.ts";
import type { NetworkConditions } from "./network.ts";
import type { Random } from "./random.ts";
import type { ClockError } from "./timeline.ts";

const faultKinds = [
  /** Two headers for a slot, each to a part of its peers. */
  "equivocateHeaders",
  /** Votes for other targets and from other sources beside the right ones. */
  "equivocateVotes",
  /** Publishes some of what it makes late, or never. */
  "withhold",
  /** Headers with a state root that no execution gives. */
  "badStateRoots",
  /** Runs twice under one key (Ekparinya, Gramoli and Jourjon, "The attack of the clones against proof-of-authority"). */
  "clone",
  /** Is not there at all. */
  "absent",
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Number of the first observer's account: there are fewer authorities. */
export const firstObserver = 16;

/** Everything that a seed decides before the run begins. */
export interface Scenario {
  authorities: number;
  observers: number;
  /** The first period; it can become no shorter than a slot. */
  periodMs: number;
  slotMs: number;
  emptyBlockPeriodMs: number;
  epochLength: number;
  blockReward: bigint;
  /** By authority. */
  faulty: Map<number, FaultKind>;
  storm: NetworkConditions;
  calm: NetworkConditions;
  /** Neighbours that each node has a cable to; all, where it is as many as there are nodes. */
  degree: number;
  disk: DiskSpeed;
  clock(random: Random): ClockError;
  /** Everything may happen until then; from then on nothing does. */
  healAtMs: number;
  transfers: number;
  /** Mean time between two partitions, or two crashes; 0: none. */
  partitionEveryMs: number;
  crashEveryMs: number;
  /** Mean time between two changes of the set that operators propose; 0: none. */
  authorityVotesEveryMs: number;
  /** True if an authority that was removed may be added again. */
  removedComesBack: boolean;
  /** How often a partition leaves one side more than half of the authorities, and no more: enough to change the set, too few for finality. */
  bareMajorityShare: number;
  /** Mean time between two parameters that operators propose to set; 0: none. */
  parameterVotesEveryMs: number;
  /** How often a crash is followed by putting an older copy of the data back. */
  restoreShare: number;
  /** The partition of clones, from the start. */
  clonePartition: boolean;
  liars: LiarPlan | undefined;
  /** At the end a majority of the authorities is destroyed, and the others go on from a recovery. */
  recovers: boolean;
}

export interface ScenarioWishes {
  /** Set if the caller wants a certain number. */
  authorities?: number | undefined;
  /** False: there are no liars. Names of behaviours: there are, and they behave in these ways only. */
  liars?: false | readonly string[] | undefined;
  /** False: the parameters stay as they are, and who is removed stays away. */
  changes?: false | undefined;
  /** True: every run ends with a recovery. */
  recovery?: boolean | undefined;
}

/** A shape of a run. */
export function drawScenario(
  random: Random,
  { authorities, liars, changes, recovery }: ScenarioWishes = {},
): Scenario {
  const count = authorities ?? random.weighted(authorityWeights);
  const periodMs = random.weighted(periodWeights);
  const quiet = random.chance(0.25);
  const faulty = drawFaulty(random, count);
  const calm = drawConditions(random, 1);
  const cloned = [...faulty.values()].includes("clone");
  const drawn = {
    authorities: count,
    observers: random.weighted([
      [3, 0],
      [2, 1],
      [1, 2],
    ]),
    periodMs,
    emptyBlockPeriodMs: quiet ? 0 : periodMs * (random.chance(0.2) ? 3 : 1),
    epochLength: random.pick([3, 5, 8, 13, 1000]),
    blockReward: random.pick([0n, 0n, 5n]),
    faulty,
    storm: random.chance(0.25) ? calm : drawConditions(random, random.pick([1, 5, 20])),
    calm,
    degree: random.chance(0.75) ? Number.POSITIVE_INFINITY : random.int(3, 5),
    disk: {
      leastMs: 0.2,
      mostMs: random.pick([1, 5, 20]),
      slowShare: random.pick([0, 0.01, 0.05]),
      slowMs: random.pick([50, 400]),
    },
    clock: drawClocks(random, periodMs),
    healAtMs: Math.min(30_000, Math.max(6_000, periodMs * random.int(8, 24))),
    transfers: random.int(3, 25),
    partitionEveryMs: cloned || random.chance(0.5) ? random.pick([3_000, 6_000, 12_000]) : 0,
    crashEveryMs: random.chance(0.4) ? random.pick([3_000, 8_000, 15_000]) : 0,
    authorityVotesEveryMs: random.chance(0.3) ? random.pick([1_500, 4_000]) : 0,
    // A lone authority that gets old data back cannot learn from others what it has signed since.
    restoreShare: count > 1 && random.chance(0.3) ? 0.3 : 0,
    clonePartition: cloned && random.chance(0.8),
    liars: liars === false ? undefined : drawLiars(random.fork("liars"), faulty.size > 0, liars),
  };
  const moving = { ...drawn, ...drawChanges(random.fork("changes"), drawn.periodMs, changes) };
  const recovers = recovery ?? (changes !== false && random.fork("recovery").chance(recoveryShare));
  return { ...moving, recovers };
}

/** The share of recoveries among the runs whose rules may change. */
const recoveryShare = 0.06;
const authorityWeights = [
  [1, 1],
  [1, 2],
  [2, 3],
  [10, 4],
  [5, 5],
  [3, 6],
  [4, 7],
  [1, 9],
  [1, 10],
  [1, 13],
] as const;
const periodWeights = [
  [2, 100],
  [3, 250],
  [4, 500],
  [6, 1000],
  [3, 2000],
  [1, 5000],
] as const;

function drawFaulty(random: Random, count: number): Map<number, FaultKind> {
  const most = Math.floor((count - 1) / 3);
  const wanted = random.chance(0.55) ? random.int(0, most) : 0;
  const who = random.shuffle(Array.from({ length: count }, (_, index) => index)).slice(0, wanted);
  return new Map(who.map((index) => [index, random.pick(faultKinds)]));
}

type Changes = Pick<Scenario, "slotMs" | "removedComesBack" | "parameterVotesEveryMs" | "bareMajorityShare"> &
  Partial<Scenario>;

/** Parameters that are voted on in some runs, and a set that keeps moving in some of these. */
function drawChanges(random: Random, periodMs: number, changes: false | undefined): Changes {
  const none = { slotMs: periodMs, removedComesBack: false, parameterVotesEveryMs: 0, bareMajorityShare: 0 };
  if (changes === false || random.chance(0.6)) return none;
  const drawn = {
    slotMs: random.chance(0.5) ? periodMs : Math.max(100, periodMs / 2),
    removedComesBack: random.chance(0.5),
    parameterVotesEveryMs: random.pick([1_000, 3_000]),
    bareMajorityShare: 0,
  };
  if (random.chance(0.6)) return drawn;
  return {
    ...drawn,
    ...{ observers: 2, authorityVotesEveryMs: random.pick([500, 1_500]) },
    ...{ bareMajorityShare: 0.6, partitionEveryMs: random.pick([2_000, 5_000]) },
  };
}

/** `wildness` multiplies delays; from 5 up messages are lost too. */
function drawConditions(random: Random, wildness: number): NetworkConditions {
  const mostDelayMs = random.pick([2, 10, 40]) * wildness;
  return {
    leastDelayMs: random.pick([0.2, 1]),
    mostDelayMs,
    lossShare: wildness >= 5 ? random.pick([0, 0.05, 0.3]) : 0,
    duplicateShare: random.pick([0, 0.1]),
    slowShare: wildness >= 5 ? random.pick([0, 0.05]) : 0,
    slowMs: 3_000,
  };
}

function drawClocks(random: Random, periodMs: number): (random: Random) => ClockError {
  const most = random.weighted([
    [4, 5],
    [3, 50],
    [2, 300],
    [1, Math.min(periodMs, 2_000)],
  ]);
  const jitterMs = random.pick([0, 2, 15]);
  return (own) => ({ offsetMs: own.between(-most, most), drift: own.between(-1e-4, 1e-4), jitterMs });
}
