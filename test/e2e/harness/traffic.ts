import { setTimeout as sleep } from "node:timers/promises";
import type { TestNetwork } from "./network.ts";
import { HttpError, type TestNode } from "./node.ts";
import type { Transfer, Wallet } from "./wallet.ts";

/** Codes that show that an earlier attempt reached the node although its answer was lost. */
const hasIt = new Set(["ALREADY_KNOWN", "NONCE_TOO_LOW"]);

/**
 * A steady trickle of transfers: each node's account sends to the next through its own node, one transfer after
 * another.
 */
export class Traffic {
  /** Ids of all sent transfers, including those that were never answered. */
  readonly sent = new Set<string>();
  /** Ids of the transfers that were answered with 202. */
  readonly accepted = new Set<string>();
  /** When the last transfer was accepted, by `performance.now()`. */
  lastAcceptedAt = performance.now();
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor({ nodes, wallets }: TestNetwork, everyMs = 50) {
    this.#loops = nodes.map((node, index) =>
      this.#run(node, wallets[index]!, wallets[(index + 1) % wallets.length]!.address, everyMs),
    );
    // `stop` throws the error.
    for (const loop of this.#loops) loop.catch(() => undefined);
  }

  /** @throws the first answer that a node should not have given */
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

  /** Resolves to false if the transfer has to be sent again because the node is down or not ready. */
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
