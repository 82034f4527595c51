import { afterAll, afterEach, beforeAll, onTestFinished, type RunnerTestCase } from "vitest";
import { type OpenedWorld, openWorld, type World } from "./open-world.ts";

export type { World };

declare module "vitest" {
  interface TaskMeta {
    /** For scripts/read-report.ts: causes of the failure, and what the test's processes said last. */
    background?: string;
  }
}

/** For the test that calls it: all of it is gone when the test has ended. A concurrent test hands in its own `onTestFinished`. */
export function createWorld(onFinished = onTestFinished): World {
  const opened = openWorld();
  onFinished(({ task }) => {
    const failed = task.result?.state === "fail";
    if (failed) noteBackground(task, opened);
    return opened.close(failed);
  });
  return opened.world;
}

/** One world for all tests of a file or `describe`, with what `open` makes in it. */
export function useShared<T>(open: (world: World) => Promise<T>): () => T {
  let opened: OpenedWorld | undefined;
  let made: T | undefined;
  // Until it is made.
  let failed = true;
  beforeAll(async () => {
    opened = openWorld();
    made = await open(opened.world);
    failed = false;
  });
  afterEach(({ task }) => {
    if (task.result?.state !== "fail") return;
    failed = true;
    if (opened) noteBackground(task, opened);
  });
  afterAll(() => opened?.close(failed));
  return () => made!;
}

/** Keeps with a test that has failed what its message does not say. */
function noteBackground(
  { meta, result }: Pick<RunnerTestCase, "meta" | "result">,
  { lastWords }: OpenedWorld,
): void {
  const causes: string[] = [];
  for (const error of result?.errors ?? []) {
    for (let cause: unknown = error.cause; cause; cause = (cause as { cause?: unknown }).cause)
      causes.push(`caused by: ${(cause as { message?: string }).message ?? String(cause)}`);
  }
  meta.background = [meta.background, ...causes, lastWords()].filter(Boolean).join("\n");
}
