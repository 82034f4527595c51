import { setTimeout as sleep } from "node:timers/promises";
import type { TestNode } from "../e2e/harness/node.ts";
import type { Traffic } from "../e2e/harness/traffic.ts";
import { patience } from "../e2e/harness/until.ts";

/** A run fails if no new height, or no accepted transaction, appears for this long. */
const maxBlockGapMs = 20_000;
const maxAcceptGapMs = 30_000;
const everyMs = 250;

/** Watches the progress of a network by the nodes that answer. */
export class Progress {
  height = 0;
  /** The longest gap so far. */
  blockGapMs = 0;
  acceptGapMs = 0;
  readonly #traffic: Traffic;
  readonly #loops: Promise<void>[];
  #grewAt = performance.now();
  #stopped = false;

  constructor(nodes: readonly TestNode[], traffic: Traffic) {
    this.#traffic = traffic;
    this.#loops = nodes.map((node) => this.#watch(node));
  }

  /** Ends the watch; call it while there is traffic. @throws if the network stood still for too long */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    const { blockGapMs, acceptGapMs } = this;
    if (blockGapMs > maxBlockGapMs * patience.factor)
      throw new Error(`no new height for ${blockGapMs.toFixed()} ms`);
    if (acceptGapMs > maxAcceptGapMs * patience.factor)
      throw new Error(`no transaction was accepted for ${acceptGapMs.toFixed()} ms`);
  }

  async #watch(node: TestNode): Promise<void> {
    while (!this.#stopped) {
      // A node that is down reports nothing.
      const status = await node.status().catch(() => undefined);
      const now = performance.now();
      this.blockGapMs = Math.max(this.blockGapMs, now - this.#grewAt);
      this.acceptGapMs = Math.max(this.acceptGapMs, now - this.#traffic.lastAcceptedAt);
      const height = status?.head?.height ?? 0;
      if (height > this.height) {
        this.height = height;
        this.#grewAt = now;
      }
      await sleep(everyMs);
    }
  }
}
