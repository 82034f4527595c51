import { type Meter, RateLimiter, RequestError } from "../../protocols/index.ts";
import type { Clock } from "../util/clock.ts";
import type { Place } from "./address.ts";
import type { PeerId } from "./types.ts";

const mebibyte = 2 ** 20;

export const serveLimits = {
  /**
   * Bytes read from the disk and bytes sent, together. A peer gets five times as many blocks as a download can check.
   */
  perPeer: { requests: 256 * mebibyte, perMs: 10_000 },
  perHost: { requests: 512 * mebibyte, perMs: 10_000 },
  /** Bounds the CPU for reading and encrypting, whatever the number of addresses. */
  inAll: { requests: 1024 * mebibyte, perMs: 10_000 },
  /**
   * Bytes that were read and not sent yet: memory for as long as a peer reads slowly. One larger answer proceeds alone.
   */
  heldPerHost: 16 * mebibyte,
  heldInAll: 128 * mebibyte,
  /** An answer that would have to wait longer is refused, because requesters have time-outs. */
  maxWaitMs: 2_000,
  waitingPerHost: 64,
  waiting: 512,
};

export type ServeLimits = typeof serveLimits;

interface Requester {
  peer: PeerId;
  host: string;
  /** A host without a share of its own, such as this machine. */
  isExempt: boolean;
}

interface Waiting {
  requester: Requester;
  bytes: number;
  start(): void;
}

/**
 * Limits the cost of serving others, by bytes, for each peer, each address and in all. Above the limits answers are
 * delayed, and then refused; the requester loses no score, since it cannot know what others request. When the budget is
 * used up, the address that has had least goes first, so that many ids from few addresses cannot starve the others.
 */
export class ServeBudget {
  readonly #clock: Clock;
  readonly #limits: ServeLimits;
  readonly #spent: RateLimiter;
  readonly #held = new Map<string, number>();
  #heldInAll = 0;
  readonly #waiting = new Set<Waiting>();
  #cancelTimer: () => void = () => undefined;

  constructor(clock: Clock, limits: ServeLimits = serveLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#spent = new RateLimiter(clock);
  }

  /** The meter of one answer. `place` is where the requester is connected from. */
  meter(peer: PeerId, place: Place | undefined, isExempt: boolean): Meter {
    const requester = { peer, host: place?.host ?? "unknown", isExempt };
    let held = 0;
    return {
      read: async (bytes, signal) => {
        await this.#turn(requester, bytes, signal);
        held += bytes;
      },
      charge: (bytes) => this.#charge(requester, bytes),
      release: () => {
        this.#hold(requester.host, -held);
        held = 0;
        this.#startWaiting();
      },
    };
  }

  /** Resolves when the bytes are charged and held. @throws {RequestError} `rateLimited`, `aborted` */
  #turn(requester: Requester, bytes: number, signal: AbortSignal): Promise<void> {
    const { waiting, waitingPerHost, maxWaitMs } = this.#limits;
    const ofHost = [...this.#waiting].filter((other) => other.requester.host === requester.host).length;
    if (this.#waiting.size >= waiting || ofHost >= (requester.isExempt ? waiting : waitingPerHost))
      return Promise.reject(refusal());
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        cancel();
        signal.removeEventListener("abort", onAbort);
        this.#waiting.delete(entry);
        settle();
      };
      const onAbort = () => end(() => reject(new RequestError("aborted", "the requester is gone")));
      const cancel = this.#clock.after(maxWaitMs, () => end(() => reject(refusal())));
      const entry: Waiting = { requester, bytes, start: () => end(resolve) };
      this.#waiting.add(entry);
      signal.addEventListener("abort", onAbort);
      if (signal.aborted) onAbort();
      else this.#startWaiting();
    });
  }

  /**
   * Starts the answers that may proceed, the address that has had least first, and runs again when the budget has been
   * refilled.
   */
  #startWaiting(): void {
    this.#cancelTimer();
    for (let next = this.#next(); next; next = this.#next()) {
      const { requester, bytes, start } = next;
      this.#charge(requester, bytes);
      this.#hold(requester.host, bytes);
      start();
    }
    const delays = [...this.#waiting].map(({ requester }) => this.#delayMs(requester));
    const nextMs = Math.min(...delays.filter((delayMs) => delayMs > 0));
    if (Number.isFinite(nextMs))
      this.#cancelTimer = this.#clock.after(Math.ceil(nextMs), () => this.#startWaiting());
  }

  #next(): Waiting | undefined {
    let best: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (this.#delayMs(waiting.requester) > 0 || !this.#mayHold(waiting)) continue;
      if (!best || this.#hasHadLess(waiting.requester, best.requester)) best = waiting;
    }
    return best;
  }

  #hasHadLess(a: Requester, b: Requester): boolean {
    const had = (key: string) => this.#spent.refillMs(key);
    return (had(hostKey(a)) - had(hostKey(b)) || had(a.peer) - had(b.peer)) < 0;
  }

  #delayMs(requester: Requester): number {
    return Math.max(...this.#quotas(requester).map(([key, quota]) => this.#spent.delayMs(key, quota)));
  }

  #charge(requester: Requester, bytes: number): void {
    for (const [key, quota] of this.#quotas(requester)) this.#spent.charge(key, quota, bytes);
  }

  #quotas(requester: Requester): [key: string, quota: { requests: number; perMs: number }][] {
    const { perPeer, perHost, inAll } = this.#limits;
    return [
      [requester.peer, perPeer],
      [hostKey(requester), requester.isExempt ? inAll : perHost],
      ["in all", inAll],
    ];
  }

  #mayHold({ requester: { host, isExempt }, bytes }: Waiting): boolean {
    const { heldPerHost, heldInAll } = this.#limits;
    const ofHost = this.#held.get(host) ?? 0;
    const hasShare = isExempt || ofHost === 0 || ofHost + bytes <= heldPerHost;
    return hasShare && (this.#heldInAll === 0 || this.#heldInAll + bytes <= heldInAll);
  }

  #hold(host: string, bytes: number): void {
    const left = (this.#held.get(host) ?? 0) + bytes;
    if (left > 0) this.#held.set(host, left);
    else this.#held.delete(host);
    this.#heldInAll += bytes;
  }
}

function hostKey({ host }: Requester): string {
  return `host ${host}`;
}

function refusal(): RequestError {
  return new RequestError(
    "rateLimited",
    "this node has too many requests: ask again later, or ask another node",
  );
}
