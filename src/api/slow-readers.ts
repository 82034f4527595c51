import type { ServerResponse } from "node:http";
import type { Clock } from "../util/clock.ts";
import { clientAddress } from "./client-address.ts";
import { clientOf } from "./client-limiter.ts";
import type { HttpLimits } from "./limits.ts";
import { holder, thisMachine } from "./shares.ts";

const checkMs = 1_000;
/** The time before the rate counts: a slow start does not make a slow reader. */
const graceMs = 10_000;

type Limits = Pick<HttpLimits, "leastReadBytesPerSecond" | "maxUnreadBytesPerClient" | "maxUnreadBytes">;

/**
 * The answers that clients have not read yet. They take the node's memory, so one client may have only so much in all,
 * over however many connections, and so may all clients together. An answer that is read more slowly than the minimum
 * rate is cut off.
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

  /** The machine's own programs read as they like. */
  #cutExcess(): void {
    const unread = new Map<string, ServerResponse[]>();
    let total = 0;
    for (const outgoing of this.#answers.keys()) {
      const client = holder(clientAddress(outgoing.req));
      // Event streams have a limit of their own.
      if (!outgoing.writableEnded || outgoing.writableLength === 0 || client === thisMachine) continue;
      unread.set(client, [...(unread.get(client) ?? []), outgoing]);
      total += outgoing.writableLength;
    }
    const { maxUnreadBytes, maxUnreadBytesPerClient } = this.#limits;
    for (const answers of unread.values()) total -= cutDown(answers, maxUnreadBytesPerClient);
    while (total > maxUnreadBytes) {
      const [most] = [...unread.values()]
        .filter(({ length }) => length > 1)
        .sort((a, b) => bytesOf(b) - bytesOf(a));
      if (!most) return;
      total -= cutDown(most, bytesOf(most) - 1);
    }
  }

  close(): void {
    this.#stopChecks();
  }

  #schedule(): void {
    this.#stopChecks = this.#clock.after(checkMs, () => {
      this.#check();
      this.#cutExcess();
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
      else if (nowMs > deadlineMs) cutOff(outgoing);
    }
  }
}

/**
 * Cuts off the newest answers until the others have no more bytes than this; the oldest one, which may be as large as
 * it likes, stays. Returns the bytes of those that were cut off, and removes them from the list.
 */
function cutDown(answers: ServerResponse[], most: number): number {
  let bytes = bytesOf(answers);
  const before = bytes;
  while (bytes > most && answers.length > 1) {
    const newest = answers.pop()!;
    bytes -= newest.writableLength;
    cutOff(newest);
  }
  return before - bytes;
}

function bytesOf(answers: readonly ServerResponse[]): number {
  return answers.reduce((bytes, { writableLength }) => bytes + writableLength, 0);
}

/** An answer that waits for another one of its connection would keep its memory if it alone was destroyed. */
function cutOff({ req }: ServerResponse): void {
  req.socket.destroy();
}
