import { setTimeout as sleep } from "node:timers/promises";

/** Factor of all time limits for a busy machine (`E2E_PATIENCE`). */
export const patience = { factor: Number(process.env["E2E_PATIENCE"] ?? 1) };

type Truthy<T> = Exclude<T, undefined | null | false | 0 | "">;

/**
 * Polls until the answer has been the same for `forMs`, and returns it: everything under way before has ended by then.
 * @throws if the answer keeps changing
 */
export async function unchanged<T>(
  what: string,
  ask: () => T | Promise<T>,
  { forMs, timeoutMs = 60_000 }: { forMs: number; timeoutMs?: number },
): Promise<T> {
  let last = "";
  let since = 0;
  let answer: T | undefined;
  await until(
    `${what} stays as it is for ${forMs} ms`,
    async () => {
      answer = await ask();
      const text = JSON.stringify(answer);
      if (text !== last) since = performance.now();
      last = text;
      if (performance.now() - since >= forMs) return true;
      throw new Error(text);
    },
    { timeoutMs, everyMs: 100 },
  );
  return answer!;
}

/**
 * Polls until the answer is truthy, and returns it. An error counts as no answer yet.
 * @throws after `timeoutMs` with `what` and the last answer or error
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  { timeoutMs = 60_000, everyMs = 50 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<Truthy<T>> {
  const allowedMs = timeoutMs * patience.factor;
  const deadline = performance.now() + allowedMs;
  for (;;) {
    let last: unknown;
    try {
      const answer = await ask();
      if (answer) return answer as Truthy<T>;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`not within ${allowedMs} ms: ${what} (last: ${last})`);
    await sleep(everyMs);
  }
}
