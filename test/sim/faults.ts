import { authorityVote, type HeaderVote, type ParameterName, parameterVote } from "../../src/types/index.ts";
import { accounts } from "./keys.ts";
import type { SimNetwork } from "./network.ts";
import type { SimNode } from "./node.ts";
import { bareMajority, clonePartition, drawPartition, noCut } from "./partitions.ts";
import type { Random } from "./random.ts";
import { firstObserver, type Scenario } from "./scenario.ts";
import type { Timeline } from "./timeline.ts";
import type { Trace } from "./trace.ts";
import type { Transfers } from "./transfers.ts";

export interface FaultsOptions {
  scenario: Scenario;
  timeline: Timeline;
  network: SimNetwork;
  trace: Trace;
  random: Random;
  nodes: readonly SimNode[];
  transfers: Transfers;
  start(node: SimNode): void;
}

/** Schedules all faults of a scenario up to the time when everything heals. */
export function planFaults(options: FaultsOptions): void {
  const { scenario, timeline, random, nodes, transfers } = options;
  const { healAtMs } = scenario;
  const repeat = (everyMs: number, action: () => void) => {
    if (everyMs === 0) return;
    for (let atMs = random.between(500, everyMs * 2); atMs < healAtMs; atMs += random.between(0, everyMs * 2))
      timeline.at(atMs, action);
  };
  for (let count = 0; count < scenario.transfers; count++)
    timeline.at(random.between(500, healAtMs), () => void transfers.send(random.pick(nodes)));
  if (scenario.clonePartition) splitForClones(options);
  else repeat(scenario.partitionEveryMs, () => split(options));
  repeat(scenario.crashEveryMs, () => crash(options));
  const propose = proposer(options);
  repeat(scenario.authorityVotesEveryMs, propose);
  repeat(scenario.parameterVotesEveryMs, () => proposeParameter(options));
}

function split({ scenario: { bareMajorityShare }, random, nodes, trace, network }: FaultsOptions): void {
  const peers = nodes.map(({ name }) => name);
  if (bareMajorityShare > 0 && random.chance(bareMajorityShare)) {
    const members = peers.filter((name) => name.startsWith("a"));
    trace.add("net", "partition: a bare majority");
    network.partition(
      bareMajority(
        random,
        members,
        peers.filter((name) => !members.includes(name)),
      ),
    );
    return;
  }
  const { shape, cut } = drawPartition(random, peers);
  const healed = random.chance(0.3);
  trace.add("net", healed ? "whole" : `partition: ${shape}`);
  network.partition(healed ? noCut : cut);
}

function splitForClones({ nodes, network }: FaultsOptions): void {
  const honest = nodes.filter(({ faulty }) => !faulty).map(({ name }) => name);
  const copies = nodes.map(({ name }) => name).filter((name) => name.endsWith("'"));
  network.partition(clonePartition(honest, copies));
}

function crash({ scenario, random, nodes, timeline, start }: FaultsOptions): void {
  const { restoreShare, healAtMs } = scenario;
  const node = random.pick(nodes);
  node.crash();
  const afterwards = random.next();
  if (afterwards < restoreShare) node.restoreBackup();
  else if (afterwards < 2 * restoreShare) node.backUp();
  // All are started when everything heals; what is destroyed later does not come back by itself.
  timeline.after(random.between(20, random.chance(0.5) ? 500 : 10_000), () => {
    if (timeline.nowMs < healAtMs) start(node);
  });
}

/** Lets most operators propose the same change of the set, which keeps fewer than a third faulty. */
function proposer({ scenario, random, nodes }: FaultsOptions): () => void {
  const { authorities, observers, faulty, removedComesBack } = scenario;
  /** The removed authority; at most one is removed in a run. */
  let removed: number | undefined;
  return () => {
    if (removedComesBack && removed !== undefined && random.chance(0.3)) {
      proposeOn(nodes, random, 1, () => authorityVote("add", accounts[removed!]!.publicKey));
      return;
    }
    const add = observers > 0 && random.chance(0.5);
    const index = add ? firstObserver + random.below(observers) : random.below(authorities);
    if (!add) {
      const faultyLeft = faulty.size - (faulty.has(index) ? 1 : 0);
      if ((removed ?? index) !== index || 3 * faultyLeft >= authorities - 1) return;
      removed = index;
    }
    const vote = authorityVote(add ? "add" : "remove", accounts[index]!.publicKey);
    proposeOn(nodes, random, random.pick([0.4, 0.8, 1]), () => vote);
  };
}

/** Lets most operators propose the same parameter, mostly with the same value. */
function proposeParameter({ scenario, random, nodes }: FaultsOptions): void {
  const values = parameterValues(scenario);
  const name = random.pick(Object.keys(values) as (keyof typeof values)[]);
  const value = random.pick(values[name]);
  const differ = random.pick([0, 0, 0.2]);
  proposeOn(nodes, random, random.pick([0.5, 0.8, 1]), () =>
    parameterVote(name, random.chance(differ) ? random.pick(values[name]) : value),
  );
}

/** Returns values that let a run end in time. Some may be outside the limits, which depend on the other parameters. */
function parameterValues({ periodMs, slotMs }: Scenario) {
  return {
    periodMs: [slotMs, periodMs, Math.min(2 * periodMs, Math.max(periodMs, 4_000))],
    emptyBlockPeriodMs: [0, periodMs, 3 * periodMs],
    minFee: [0, 1, 5, 20],
    blockReward: [0, 1, 5, 7],
    maxBlockTransactions: [1, 2, 5, 100],
    maxBlockBytes: [1_024, 2_000, 100_000],
  } satisfies Partial<Record<ParameterName, number[]>>;
}

/** Proposes a vote on a share of the running honest authorities. */
function proposeOn(nodes: readonly SimNode[], random: Random, share: number, vote: () => HeaderVote): void {
  for (const node of nodes) {
    if (!node.services || node.faulty || !node.name.startsWith("a") || !random.chance(share)) continue;
    node.services.proposals.propose(vote()).catch(() => undefined);
  }
}
