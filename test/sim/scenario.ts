import type { DiskSpeed } from "./disk.ts";
import { drawLiars, type LiarPlan } from "./liars/plan.ts";
import type { NetworkConditions } from "./network.ts";
import type { Random } from "./random.ts";
import type { ClockError } from "./timeline.ts";

const faultKinds = [
  /** Signs two headers for a slot, and sends each to a part of its peers. */
  "equivocateHeaders",
  /** Casts additional votes for other targets and from other sources. */
  "equivocateVotes",
  /** Publishes some of its messages late, or never. */
  "withhold",
  /** Signs headers with a wrong state root. */
  "badStateRoots",
  /**
   * Runs twice under one key (Ekparinya, Gramoli and Jourjon, "The attack of the clones against proof-of-authority").
   */
  "clone",
  /** Is absent. */
  "absent",
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** The number of the first observer's account, above those of the authorities. */
export const firstObserver = 16;

/** All that a seed decides before the run begins. */
export interface Scenario {
  authorities: number;
  observers: number;
  /** The first period, at least a slot. */
  periodMs: number;
  slotMs: number;
  emptyBlockPeriodMs: number;
  epochLength: number;
  blockReward: bigint;
  /** The faults by authority. */
  faulty: Map<number, FaultKind>;
  storm: NetworkConditions;
  calm: NetworkConditions;
  /** The number of neighbours that each node is wired to; all nodes if it is their number. */
  degree: number;
  disk: DiskSpeed;
  clock(random: Random): ClockError;
  /** Faults happen up to this time. */
  healAtMs: number;
  transfers: number;
  /** The mean time between two partitions, and between two crashes; 0 for none. */
  partitionEveryMs: number;
  crashEveryMs: number;
  /** The mean time between two proposed changes of the set; 0 for none. */
  authorityVotesEveryMs: number;
  /** True if an authority that was removed may be added again. */
  removedComesBack: boolean;
  /**
   * The share of partitions that leave one side just more than half of the authorities: enough to change the set, too
   * few for finality.
   */
  bareMajorityShare: number;
  /** The mean time between two proposed parameters; 0 for none. */
  parameterVotesEveryMs: number;
  /** The share of crashes after which an older copy of the data is restored. */
  restoreShare: number;
  /** True if the run starts with the partition of the clones. */
  clonePartition: boolean;
  liars: LiarPlan | undefined;
  /** True if a majority of the authorities is destroyed at the end, and the others continue from a recovery. */
  recovers: boolean;
}

export interface ScenarioWishes {
  /** The number of authorities, if the caller chooses it. */
  authorities?: number | undefined;
  /** False for no liars, or the only behaviours of the liars. */
  liars?: false | readonly string[] | undefined;
  /** False if the parameters stay unchanged and a removed authority is not added again. */
  changes?: false | undefined;
  /** True if every run ends with a recovery. */
  recovery?: boolean | undefined;
}

/** Draws the scenario of a run. */
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

/** The share of runs with a recovery among those whose rules may change. */
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

/** Draws votes on parameters in some runs, and in some of these a set that keeps changing. */
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
