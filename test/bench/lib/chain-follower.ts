import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { TestNode } from "../../e2e/harness/node.ts";

export interface BlockNote {
  height: number;
  /** Transactions of all blocks up to this one. */
  total: number;
  transactions: number;
  /** When this process heard of it, by `performance.now()`. */
  atMs: number;
  /** Timestamp of its header, ms since the Unix epoch. */
  timestamp: number;
}

interface Waiter {
  done(): boolean;
  resolve(atMs: number): void;
}

/** Counts the transactions that a node has in blocks, and in final ones, by its event stream: a block is told once it is on disk. */
export class ChainFollower {
  readonly blocks = new Map<number, BlockNote>();
  /** Sum over committed transactions of the time at which they were, by `performance.now()`. */
  sumOfCommitTimesMs = 0;
  /** The same for those that are final. */
  sumOfFinalTimesMs = 0;
  committed = 0;
  /** The newest block that was told of. */
  last: BlockNote | undefined;
  finalized = 0;
  readonly #response: IncomingMessage;
  #waiters: Waiter[] = [];
  #text = "";

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding("utf8");
    response.on("data", (text: string) => this.#onText(text));
    response.on("error", () => undefined);
  }

  /** From now on. */
  static async follow(node: TestNode): Promise<ChainFollower> {
    const request = get(`${node.url}/v1/events?types=block,retracted,finalized`);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const follower = new ChainFollower(response);
    node.world.onEnd(() => follower.stop());
    return follower;
  }

  stop(): void {
    this.#response.destroy();
  }

  /** When this many transactions were in blocks. */
  hasCommitted(count: number): Promise<number> {
    return this.until(() => this.committed >= count);
  }

  hasFinalized(count: number): Promise<number> {
    return this.until(() => this.finalized >= count);
  }

  /** Resolves to the time of the event that makes it true. */
  until(done: () => boolean): Promise<number> {
    if (done()) return Promise.resolve(performance.now());
    return new Promise((resolve) => this.#waiters.push({ done, resolve }));
  }

  #onText(text: string): void {
    const parts = (this.#text + text).split("\n\n");
    this.#text = parts.pop()!;
    const atMs = performance.now();
    for (const part of parts) this.#onEvent(part, atMs);
    this.#waiters = this.#waiters.filter(({ done, resolve }) => {
      if (!done()) return true;
      resolve(atMs);
      return false;
    });
  }

  #onEvent(text: string, atMs: number): void {
    const event = /^event: (.*)$/m.exec(text)?.[1];
    const data = /^data: (.*)$/m.exec(text)?.[1];
    if (!event || !data) return;
    const { height, transactionCount, timestamp } = JSON.parse(data) as Record<string, number>;
    switch (event) {
      case "block":
        this.committed += transactionCount!;
        this.sumOfCommitTimesMs += transactionCount! * atMs;
        this.last = {
          height: height!,
          total: this.committed,
          transactions: transactionCount!,
          atMs,
          timestamp: timestamp!,
        };
        this.blocks.set(height!, this.last);
        break;
      case "retracted": {
        // Those from before it followed were not counted.
        const block = this.blocks.get(height!);
        if (!block) break;
        this.committed -= block.transactions;
        this.sumOfCommitTimesMs -= block.transactions * block.atMs;
        this.blocks.delete(height!);
        break;
      }
      case "finalized": {
        const before = this.finalized;
        this.finalized = this.blocks.get(height!)?.total ?? before;
        this.sumOfFinalTimesMs += (this.finalized - before) * atMs;
        break;
      }
    }
  }
}
