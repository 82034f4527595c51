import { afterAll, afterEach, beforeAll, onTestFinished, type RunnerTestCase } from "vitest";
import { type OpenedWorld, openWorld, type World } from "./open-world.ts";

export type { World };

declare module "vitest" {
  interface TaskMeta {
    /** The causes of the failure and the last output of the test's processes, for scripts/read-report.ts. */
    background?: string;
  }
}

/**
 * Makes a world for the calling test, which is removed when the test ends. A concurrent test passes its own
 * `onTestFinished`.
 */
export function createWorld(onFinished = onTestFinished): World {
  const opened = openWorld();
  onFinished(({ task }) => {
    const failed = task.result?.state === "fail";
    if (failed) noteBackground(task, opened);
    return opened.close(failed);
  });
  return opened.world;
}

/** Makes one world for all tests of a file or `describe`, and opens something in it. */
export function useShared<T>(open: (world: World) => Promise<T>): () => T {
  let opened: OpenedWorld | undefined;
  let made: T | undefined;
  // Counts as failed until it is open.
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

/** Attaches background to a failed test that its message does not contain. */
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
