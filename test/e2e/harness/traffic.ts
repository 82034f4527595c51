import { setTimeout as sleep } from "node:timers/promises";
import type { TestNetwork } from "./network.ts";
import { HttpError, type TestNode } from "./node.ts";
import type { Transfer, Wallet } from "./wallet.ts";

/** The node has it already: an earlier try reached it, but its answer was lost. */
const hasIt = new Set(["ALREADY_KNOWN", "NONCE_TOO_LOW"]);

/** A trickle of transfers: each node's account sends to the next, through its own node, one after the other. */
export class Traffic {
  /** Includes those that were never answered. */
  readonly sent = new Set<string>();
  /** Answered with 202. */
  readonly accepted = new Set<string>();
  /** When the last was, by `performance.now()`. */
  lastAcceptedAt = performance.now();
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor({ nodes, wallets }: TestNetwork, everyMs = 50) {
    this.#loops = nodes.map((node, index) =>
      this.#run(node, wallets[index]!, wallets[(index + 1) % wallets.length]!.address, everyMs),
    );
    // `stop` tells.
    for (const loop of this.#loops) loop.catch(() => undefined);
  }

  /** @throws what a node answered that it should not have. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #run(node: TestNode, wallet: Wallet, to: string, everyMs: number): Promise<void> {
    while (!this.#stopped) {
      const transfer = await wallet.transfer(to, 3n, 1n);
      this.sent.add(transfer.id);
      while (!(await this.#send(node, transfer)) && !this.#stopped) await sleep(everyMs);
      await sleep(everyMs);
    }
  }

  /** False where it is to be sent again: the node is down, or not ready for it. */
  async #send(node: TestNode, { id, body }: Transfer): Promise<boolean> {
    try {
      await node.post("/v1/transactions", body);
      this.accepted.add(id);
      this.lastAcceptedAt = performance.now();
      return true;
    } catch (error) {
      if (!(error instanceof HttpError) || error.status === 503) return false;
      if (error.code !== undefined && hasIt.has(error.code)) return true;
      throw error;
    }
  }
}
