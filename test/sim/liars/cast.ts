import type { PeerId } from "../../../src/network/types.ts";
import type { SimNetwork } from "../network.ts";
import type { Random } from "../random.ts";
import type { Timeline } from "../timeline.ts";
import type { Trace } from "../trace.ts";
import { behaviour } from "./behaviours.ts";
import type { Knowledge } from "./knowledge.ts";
import { Liar } from "./liar.ts";
import type { LiarPlan } from "./plan.ts";

/** How often each id checks whether it is banned or has stayed long enough. */
const lookMs = 500;
/** Longest time after which an id that has left returns as another. */
const mostAwayMs = 2_000;

export interface CastOptions {
  plan: LiarPlan;
  knowledge: Knowledge;
  network: SimNetwork;
  timeline: Timeline;
  random: Random;
  trace: Trace;
}

/** Connects the liars, and replaces those that leave or are banned by new ids. */
export class Cast {
  readonly #options: CastOptions;
  readonly #present = new Set<Liar>();
  #count = 0;
  #over = false;

  constructor(options: CastOptions) {
    this.#options = options;
  }

  start(): void {
    const { plan, timeline, random } = this.#options;
    for (let id = 0; id < plan.ids; id++)
      timeline.at(plan.startsMs + random.between(0, mostAwayMs), () => this.#enter());
  }

  /** Disconnects all liars for good. */
  end(): void {
    this.#over = true;
    for (const liar of this.#present) liar.leave();
    this.#present.clear();
  }

  #enter(): void {
    if (this.#over) return;
    const { plan, knowledge, network, timeline, random, trace } = this.#options;
    const id: PeerId = `x${++this.#count}`;
    const own = random.fork(id);
    const liar = new Liar({ id, network, timeline, random: own, trace, knowledge });
    const names = own.shuffle(plan.menu).slice(0, own.int(1, plan.behavioursEach));
    for (const name of names) behaviour(name)(liar);
    trace.add(id, `comes: ${names.join(", ")}`);
    this.#present.add(liar);
    liar.connect();
    const leavesMs = timeline.nowMs + own.between(0.2, 2) * plan.stayMs;
    const look = () => {
      if (!liar.alive) return;
      if (timeline.nowMs < leavesMs && !liar.isBanned) {
        timeline.after(lookMs, look);
        return;
      }
      trace.add(id, liar.isBanned ? "is banned, and leaves" : "leaves");
      this.#present.delete(liar);
      liar.leave();
      timeline.after(own.between(0, mostAwayMs), () => this.#enter());
    };
    timeline.after(lookMs, look);
  }
}
