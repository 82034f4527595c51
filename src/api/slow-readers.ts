import type { ServerResponse } from "node:http";
import type { Clock } from "../util/clock.ts";
import { clientAddress } from "./client-address.ts";
import { drained } from "./event-stream.ts";
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
  /** By client, the time by which each complete answer must be sent; undefined while it has not been seen complete. */
  readonly #answers = new Map<string, Map<ServerResponse, number | undefined>>();
  #stopChecks: () => void = () => undefined;

  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#schedule();
  }

  watch(outgoing: ServerResponse): void {
    const client = holder(clientAddress(outgoing.req));
    const own = this.#answers.get(client) ?? new Map();
    this.#answers.set(client, own.set(outgoing, undefined));
    outgoing.once("close", () => {
      own.delete(outgoing);
      if (own.size === 0 && this.#answers.get(client) === own) this.#answers.delete(client);
    });
  }

  /**
   * True if this client has so much to read that it gets nothing more now. The number of connections to examine is
   * limited.
   */
  isFull(address: string): boolean {
    // This includes answers that wait for those before them.
    const own = this.#answers.get(holder(address))?.keys() ?? [];
    return bytesOf([...own]) > this.#limits.maxUnreadBytesPerClient;
  }

  /** The machine's own programs read as they like. */
  #cutExcess(): void {
    const { maxUnreadBytes, maxUnreadBytesPerClient } = this.#limits;
    const unread: ServerResponse[][] = [];
    for (const [client, own] of this.#answers) {
      if (client === thisMachine) continue;
      // Event streams have a limit of their own.
      const answers = [...own.keys()].filter(
        ({ writableEnded, writableLength }) => writableEnded && writableLength > 0,
      );
      cutDown(answers, maxUnreadBytesPerClient);
      unread.push(answers);
    }
    let total = bytesOf(unread.flat());
    while (total > maxUnreadBytes) {
      const [most] = unread.filter(({ length }) => length > 1).sort((a, b) => bytesOf(b) - bytesOf(a));
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
    for (const own of this.#answers.values())
      for (const [outgoing, deadlineMs] of own) {
        const unread = outgoing.writableLength;
        // Event streams have no end, and a limit of their own.
        if (!outgoing.writableEnded || unread === 0) continue;
        if (deadlineMs === undefined) own.set(outgoing, nowMs + graceMs + msToRead(unread, this.#limits));
        else if (nowMs > deadlineMs) cutOff(outgoing);
      }
  }
}

/**
 * The pace of a reader of an answer that is made as it is read. A reader that is slower than the minimum rate on the
 * whole is cut off; the time that the node takes does not count.
 */
export class ReadPace {
  readonly #clock: Clock;
  readonly #limits: Pick<Limits, "leastReadBytesPerSecond">;
  #leftMs = graceMs;

  constructor(clock: Clock, limits: Pick<Limits, "leastReadBytesPerSecond">) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Resolves when all that was written is sent, and also when the connection is closed. */
  async drained(outgoing: ServerResponse): Promise<void> {
    const startedAtMs = this.#clock.now();
    this.#leftMs += msToRead(outgoing.writableLength, this.#limits);
    const cancel = this.#clock.after(this.#leftMs, () => cutOff(outgoing));
    await drained(outgoing);
    cancel();
    this.#leftMs -= Math.max(0, this.#clock.now() - startedAtMs);
  }
}

function msToRead(bytes: number, { leastReadBytesPerSecond }: Pick<Limits, "leastReadBytesPerSecond">) {
  return (bytes / leastReadBytesPerSecond) * 1_000;
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
