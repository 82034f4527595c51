import type { ServerResponse } from "node:http";
import type { Clock } from "../util/clock.ts";
import { clientAddress } from "./client-address.ts";
import { clientOf } from "./client-limiter.ts";
import type { HttpLimits } from "./limits.ts";

const checkMs = 1_000;
/** The time before the rate counts: a slow start does not make a slow reader. */
const graceMs = 10_000;

type Limits = Pick<HttpLimits, "leastReadBytesPerSecond" | "maxUnreadBytesPerClient">;

/**
 * The answers that clients have not read yet. They take the node's memory, so one client may have only so much in all,
 * over however many connections. An answer that is read more slowly than the minimum rate is cut off.
 */
export class SlowReaders {
  readonly #clock: Clock;
  readonly #limits: Limits;
  /** The time by which each complete answer must be sent; undefined while it has not been seen complete. */
  readonly #answers = new Map<ServerResponse, number | undefined>();
  #stopChecks: () => void = () => undefined;

  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#schedule();
  }

  watch(outgoing: ServerResponse): void {
    this.#answers.set(outgoing, undefined);
    outgoing.once("close", () => this.#answers.delete(outgoing));
  }

  /**
   * True if this client has so much to read that it gets nothing more now. The number of connections to examine is
   * limited.
   */
  isFull(address: string): boolean {
    const client = clientOf(address);
    let bytes = 0;
    for (const { writableLength, req } of this.#answers.keys()) {
      // This includes an answer that waits for those before it.
      if (writableLength > 0 && clientOf(clientAddress(req)) === client) bytes += writableLength;
    }
    return bytes > this.#limits.maxUnreadBytesPerClient;
  }

  close(): void {
    this.#stopChecks();
  }

  #schedule(): void {
    this.#stopChecks = this.#clock.after(checkMs, () => {
      this.#check();
      this.#schedule();
    });
  }

  #check(): void {
    const nowMs = this.#clock.now();
    for (const [outgoing, deadlineMs] of this.#answers) {
      const unread = outgoing.writableLength;
      // Event streams have no end, and a limit of their own.
      if (!outgoing.writableEnded || unread === 0) continue;
      if (deadlineMs === undefined)
        this.#answers.set(
          outgoing,
          nowMs + graceMs + (unread / this.#limits.leastReadBytesPerSecond) * 1_000,
        );
      else if (nowMs > deadlineMs) outgoing.destroy();
    }
  }
}
