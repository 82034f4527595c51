import type { CheckedGenesis } from "../../src/chain/genesis.ts";
import { SignedFinalityVote } from "../../src/types/index.ts";
import { byzantine } from "./byzantine.ts";
import { SimDisk } from "./disk.ts";
import { planFaults } from "./faults.ts";
import { makeGenesis } from "./genesis.ts";
import { forbidRealTime } from "./guard.ts";
import { accounts, forgetVerdicts } from "./keys.ts";
import { Cast } from "./liars/cast.ts";
import { Knowledge } from "./liars/knowledge.ts";
import { drained, runUntil } from "./loop.ts";
import { SimNetwork } from "./network.ts";
import { SimNode } from "./node.ts";
import { Oracle } from "./oracle.ts";
import type { Outcome, SimulationOptions } from "./outcome.ts";
import { noCut } from "./partitions.ts";
import { paceFault, paceWatchMs } from "./progress.ts";
import { Random } from "./random.ts";
import { recoverChain } from "./recovery.ts";
import { drawScenario, type FaultKind, firstObserver, type Scenario } from "./scenario.ts";
import { isCalm, nameOf, settleMs, standing } from "./standing.ts";
import { Timeline } from "./timeline.ts";
import { Trace } from "./trace.ts";
import { lastSender, Transfers } from "./transfers.ts";

const pollMs = 50;

/** Runs one seed. */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  forgetVerdicts();
  const simulation = new Simulation(options);
  const permit = forbidRealTime((what) => simulation.report("real time", what));
  const onRejection = (error: unknown) =>
    simulation.report("unhandled rejection", error instanceof Error ? `${error.stack}` : String(error));
  process.on("unhandledRejection", onRejection);
  try {
    await simulation.run();
  } finally {
    permit();
    process.off("unhandledRejection", onRejection);
  }
  return simulation.outcome();
}

class Simulation {
  readonly #seed: number;
  readonly #random: Random;
  readonly #scenario: Scenario;
  readonly #timeline = new Timeline();
  readonly #trace: Trace;
  readonly #network: SimNetwork;
  readonly #nodes: SimNode[] = [];
  #oracle!: Oracle;
  #transfers!: Transfers;
  #cast: Cast | undefined;
  #knowledge: Knowledge | undefined;
  #settledMs = 0;
  #calm = false;

  constructor({ seed, trace = false, ...wishes }: SimulationOptions) {
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#scenario = drawScenario(this.#random.fork("scenario"), wishes);
    this.#trace = new Trace(this.#timeline, trace);
    this.#network = new SimNetwork(this.#timeline, this.#random.fork("network"), this.#scenario.storm);
  }

  report(rule: string, detail: string): void {
    this.#oracle?.report(rule, detail);
  }

  outcome(): Outcome {
    const { violation, errors, highest, finalizedHeight } = this.#oracle;
    return {
      seed: this.#seed,
      violation: violation && { rule: violation.rule, detail: violation.message },
      scenario: this.#scenario,
      trace: this.#trace.lines,
      steps: this.#timeline.steps,
      simulatedMs: this.#timeline.nowMs,
      settledMs: this.#settledMs,
      height: highest,
      finalizedHeight,
      errors,
    };
  }

  async run(): Promise<void> {
    await this.#build();
    const { healAtMs } = this.#scenario;
    planFaults({
      scenario: this.#scenario,
      timeline: this.#timeline,
      network: this.#network,
      trace: this.#trace,
      random: this.#random.fork("faults"),
      nodes: this.#nodes,
      transfers: this.#transfers,
      start: (node) => this.#start(node),
    });
    await this.#until(healAtMs);
    if (this.#oracle.violation) return;
    await this.#heal();
    if (!this.#oracle.violation && paceWatchMs(this.#scenario) > 0) await this.#watchPace();
    if (this.#oracle.violation) return;
    await this.#oracle.checkEvidence(this.#nodes, this.#timeline.nowMs);
    await this.#transfers.check(this.#oracle);
    if (this.#scenario.recovers && !this.#oracle.violation) await this.#recover();
  }

  #recover(): Promise<void> {
    this.#cast?.end();
    return recoverChain({
      nodes: this.#nodes,
      random: this.#random.fork("recovery"),
      network: this.#network,
      timeline: this.#timeline,
      trace: this.#trace,
      oracle: this.#oracle,
      transfers: this.#transfers,
      until: (timeMs, done) => this.#until(timeMs, done),
      start: (node) => this.#start(node),
    });
  }

  #until(timeMs: number, done = () => false): Promise<void> {
    return runUntil(this.#timeline, timeMs, () => this.#oracle.violation !== undefined || done());
  }

  async #build(): Promise<void> {
    const { authorities, observers, faulty, degree } = this.#scenario;
    const genesis = await makeGenesis(this.#scenario);
    const members = accounts.slice(0, authorities);
    const honest = [
      ...members.filter((_, index) => !faulty.has(index)),
      ...accounts.slice(firstObserver, firstObserver + observers),
    ];
    this.#oracle = new Oracle(
      genesis,
      honest.map(({ publicKey }) => publicKey),
      members.filter((_, index) => faulty.has(index)).map(({ publicKey }) => publicKey),
    );
    this.#transfers = new Transfers(genesis, this.#random.fork("transfers"));
    for (let index = 0; index < authorities; index++) {
      const kind = faulty.get(index);
      this.#addNode(`a${index}`, genesis, index, kind);
      if (kind === "clone") this.#addNode(`a${index}'`, genesis, index, kind);
    }
    for (let index = 0; index < observers; index++)
      this.#addNode(`o${index}`, genesis, firstObserver + index, undefined);
    const ring = this.#random.shuffle(this.#nodes.map(({ name }) => name));
    this.#network.wire((a, b) => {
      const strangers = [a, b].filter((name) => !ring.includes(name)).length;
      if (strangers > 0) return strangers === 1;
      const apart = Math.abs(ring.indexOf(a) - ring.indexOf(b));
      return Math.min(apart, ring.length - apart) <= Math.ceil(degree / 2);
    });
    const stored = Promise.all(this.#nodes.map((node) => node.init()));
    await drained();
    while (this.#timeline.step()) await drained();
    await stored;
    for (const node of this.#nodes) {
      const delayMs = this.#random.between(0, this.#random.chance(0.2) ? 4_000 : 200);
      this.#timeline.after(delayMs, () => this.#start(node));
    }
    this.#bringLiars(genesis);
  }

  #bringLiars(genesis: CheckedGenesis): void {
    const { liars: plan, faulty } = this.#scenario;
    if (!plan) return;
    const common = { timeline: this.#timeline, random: this.#random.fork("cast") };
    const keys = plan.coalition ? [...faulty.keys()].map((index) => accounts[index]!) : [];
    const knowledge = new Knowledge({ ...common, genesis, nodes: this.#nodes, keys });
    this.#knowledge = knowledge;
    this.#cast = new Cast({ ...common, plan, knowledge, network: this.#network, trace: this.#trace });
    this.#cast.start();
  }

  #addNode(name: string, genesis: CheckedGenesis, account: number, kind: FaultKind | undefined): void {
    const { disk, clock, authorities } = this.#scenario;
    const random = this.#random.fork(name);
    const signer = accounts[account]!;
    const node = new SimNode({
      name,
      signer: kind === "absent" ? undefined : signer,
      genesis,
      disk: new SimDisk(this.#timeline, random.fork("disk"), disk),
      clockError: clock(random),
      network: this.#network,
      timeline: this.#timeline,
      random,
      trace: this.#trace,
      alone: authorities === 1 && this.#scenario.observers === 0,
      behaviour:
        kind && byzantine({ kind, signer, genesis, random: random.fork("lies"), timeline: this.#timeline }),
      onStarted: (started, services) => this.#oracle.watch(started, services),
      onPenalty: (from, peer, offence, detail) =>
        this.#oracle.onPenalty(
          from,
          this.#nodes.find((other) => other.name === peer),
          offence,
          detail,
        ),
      onPublish: (from, topic, message) => {
        if (topic !== "votes") return;
        const vote = SignedFinalityVote.deserialize(message);
        const { source, target } = vote.message;
        this.#trace.add(from.name, `votes ${nameOf(source)} -> ${nameOf(target)}`);
        this.#oracle.signatures.onVote(vote, false);
      },
      onVotes: (votes) => void this.#oracle.onVotes(votes),
      onGossip: (to, topic, message) => {
        if (!to.faulty) void this.#oracle.evidenceWatch.onGossip(to, topic, message, this.#timeline.nowMs);
      },
      onMode: (at, mode) => this.#oracle.onMode(at, mode, this.#nodes, this.#knowledge?.forged),
      onRestored: () => this.#oracle.signatures.onRestored(signer.publicKey),
      onError: (from, message, fields) => this.#oracle.onError(from, message, fields),
    });
    this.#nodes.push(node);
  }

  #start(node: SimNode): void {
    const absent =
      this.#scenario.faulty.get(Number(node.name.slice(1))) === "absent" && node.name.startsWith("a");
    if (absent) return;
    node.start().catch((error) => this.#oracle.report("node does not start", `${node.name}: ${error.stack}`));
  }

  /**
   * Ends all faults, and checks that within `settleMs` all nodes are on one chain and a new transfer is final
   * everywhere.
   */
  async #heal(): Promise<void> {
    this.#trace.add("net", "healed");
    const { calm } = this.#scenario;
    this.#network.conditions = calm;
    this.#network.partition(noCut);
    if (!this.#scenario.liars?.remains) this.#cast?.end();
    for (const node of this.#nodes) {
      node.options.clockError.offsetMs /= 10;
      this.#start(node);
    }
    const honest = this.#nodes.filter(({ faulty }) => !faulty);
    const finalizedBefore = this.#oracle.finalizedHeight;
    let last: Uint8Array | undefined;
    const poll = async () => {
      this.#timeline.after(pollMs, () => void poll());
      if (honest.some(({ services }) => !services)) return;
      last ??= await this.#transfers.send(honest[0]!, lastSender);
      if (last) this.#calm = await isCalm(honest, last, finalizedBefore);
    };
    const healedMs = this.#timeline.nowMs;
    this.#timeline.after(pollMs, () => void poll());
    await this.#until(healedMs + settleMs(this.#nodes), () => this.#calm);
    this.#settledMs = this.#timeline.nowMs - healedMs;
    if (!this.#calm && !this.#oracle.violation)
      this.#oracle.report("not settled", honest.map(standing).join("; "));
  }

  /** Checks that blocks come as without liars once all else is well. */
  async #watchPace(): Promise<void> {
    const node = this.#nodes.find(({ faulty }) => !faulty)!;
    const sinceHeight = node.services!.chain.head.height;
    await this.#until(this.#timeline.nowMs + paceWatchMs(this.#scenario));
    const fault = await paceFault(node, sinceHeight, this.#timeline.nowMs);
    if (fault) this.#oracle.report("pace lost", fault);
  }
}
