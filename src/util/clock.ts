/** Time, passed in so that the same code runs in a simulator. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `callback` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    // setTimeout takes at most 2^31 - 1 ms and fires at once above it.
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), 0x7fffffff));
    return () => clearTimeout(timer);
  },
};

/** Calls `callback` every `intervalMs`, the first time after one interval, until the returned function is called. */
export function every(clock: Clock, intervalMs: number, callback: () => void): () => void {
  let cancel = clock.after(intervalMs, tick);
  return () => cancel();

  function tick(): void {
    cancel = clock.after(intervalMs, tick);
    callback();
  }
}

/** Resolves after `delayMs`, or at once when `signal` aborts: never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal?.addEventListener("abort", done);
  });
}

/** A signal that aborts after `limitMs`, or together with another signal. `cancel` stops the timer. */
export function limited(
  clock: Clock,
  limitMs: number,
  signal: AbortSignal,
): { signal: AbortSignal; cancel: () => void } {
  const limit = new AbortController();
  const cancel = clock.after(limitMs, () => limit.abort());
  return { signal: AbortSignal.any([signal, limit.signal]), cancel };
}
