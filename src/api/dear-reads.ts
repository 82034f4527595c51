import { RateLimiter } from "../../protocols/index.ts";
import { inBackground } from "../util/background.ts";
import { type Clock, sleep } from "../util/clock.ts";
import { type Pause, systemPause } from "../util/slices.ts";
import { isLoopback } from "./client-limiter.ts";
import { overloaded } from "./problem.ts";
import { type Holding, holder, Shares } from "./shares.ts";

export const dearReadLimits = {
  /** Milliseconds of the thread: half of it, so that a whole chain can be read from another machine. */
  time: { requests: 500, perMs: 1_000 },
  waiting: 256,
  waitingPerClient: 64,
};

const all = "all";

/** A read that waits. */
interface Waiting extends Holding {
  /** Never rejects. */
  start(): Promise<void>;
}

/**
 * Runs reads, of the chain or of bodies that were sent, that may take milliseconds of the main thread each. For other
 * machines they run one at a time over all requests and take a bounded share of the thread; the client that has had
 * least goes first. If all places to wait are taken, the client with most gives way.
 */
export class DearReads {
  readonly #clock: Clock;
  readonly #now: () => number;
  readonly #pause: Pause;
  readonly #spent: RateLimiter;
  readonly #places = new Shares<Waiting>(dearReadLimits.waiting);
  #isRunning = false;

  /** `now` returns milliseconds, with fractions, of a clock that is never set. */
  constructor(clock: Clock, now = () => performance.now(), pause = systemPause) {
    this.#clock = clock;
    this.#now = now;
    this.#pause = pause;
    this.#spent = new RateLimiter(clock);
  }

  /** The number of reads that wait. */
  get waiting(): number {
    return this.#places.total;
  }

  /**
   * `address` is the client's; `ended` ends the wait, but no read that has begun. @throws {ProblemError} `OVERLOADED`
   */
  run<T>(address: string, read: () => Promise<T>, ended?: AbortSignal): Promise<T> {
    if (isLoopback(address)) return read();
    if (ended?.aborted) return Promise.reject(tooMany());
    const client = holder(address);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        client,
        size: 0,
        mayDrop: () => true,
        drop: () => reject(tooMany()),
        start: () => {
          ended?.removeEventListener("abort", end);
          return read().then(resolve, reject);
        },
      };
      const end = () => {
        this.#places.release(waiting);
        waiting.drop();
      };
      const isFull = this.#places.heldBy(client) >= dearReadLimits.waitingPerClient;
      if (isFull || !this.#places.grow(waiting, 1)) return reject(tooMany());
      ended?.addEventListener("abort", end);
      inBackground(this.#runAll());
    });
  }

  async #runAll(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.waiting > 0) {
      const delayMs = this.#spent.delayMs(all, dearReadLimits.time);
      // A client that has had less may have arrived by then.
      if (delayMs > 0) await sleep(this.#clock, Math.ceil(delayMs));
      const startedAt = this.#now();
      const next = this.#next();
      // All may have been ended while this slept.
      if (!next) break;
      this.#places.release(next);
      await next.start();
      const tookMs = this.#now() - startedAt;
      this.#spent.charge(`client ${next.client}`, dearReadLimits.time, tookMs);
      this.#spent.charge(all, dearReadLimits.time, tookMs);
      // Reads that wait for nothing would otherwise follow each other without a break.
      await this.#pause();
    }
    this.#isRunning = false;
  }

  /** The first read of the client that has had least recently. */
  #next(): Waiting | undefined {
    let next: Waiting | undefined;
    let leastMs = Number.POSITIVE_INFINITY;
    for (const [client, [first]] of this.#places.holdings) {
      const hadMs = this.#spent.refillMs(`client ${client}`);
      if (hadMs < leastMs) [next, leastMs] = [first, hadMs];
    }
    return next;
  }
}

function tooMany() {
  return overloaded("too many expensive requests at once: try again, one after the other");
}
