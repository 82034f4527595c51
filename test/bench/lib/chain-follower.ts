import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { TestNode } from "../../e2e/harness/node.ts";

export interface BlockNote {
  height: number;
  /** The number of transactions in all blocks up to this one. */
  total: number;
  transactions: number;
  /** When this process received the event, by `performance.now()`. */
  atMs: number;
  /** The timestamp of its header, in ms since the Unix epoch. */
  timestamp: number;
}

interface Waiter {
  done(): boolean;
  resolve(atMs: number): void;
}

/**
 * Counts a node's transactions in blocks and in final blocks by its event stream, which reports a block once it is on
 * disk.
 */
export class ChainFollower {
  readonly blocks = new Map<number, BlockNote>();
  /** The sum of the commit times of all committed transactions, by `performance.now()`. */
  sumOfCommitTimesMs = 0;
  /** The sum of the times at which transactions became final. */
  sumOfFinalTimesMs = 0;
  committed = 0;
  /** The newest reported block. */
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

  /** Follows a node from now on. */
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

  /** Resolves to the time at which this many transactions were in blocks. */
  hasCommitted(count: number): Promise<number> {
    return this.until(() => this.committed >= count);
  }

  hasFinalized(count: number): Promise<number> {
    return this.until(() => this.finalized >= count);
  }

  /** Resolves to the time of the event that makes the condition true. */
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
        // Blocks from before the start were not counted.
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
