/** Polling starts at the block period of the fastest chain and slows down from there. */
export const firstPollMs = 100;
const maxPollMs = 2_000;
/** A restarted node with a long chain may take this long to answer. A transfer that has ended is final by then. */
export const awayMs = 60_000;

/** The delay after a poll that followed this delay. */
export function nextPollMs(pollMs: number): number {
  return Math.min(pollMs * 1.1, maxPollMs);
}

/** Resolves after a delay, or as soon as `signal` is aborted. */
export function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    const timer = setTimeout(stop, delayMs);
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
  });
}
