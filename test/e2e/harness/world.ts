import { onTestFinished } from "vitest";
import { openWorld, type World } from "./open-world.ts";

export type { World };

/** For the test that calls it: all of it is gone when the test has ended. A concurrent test hands in its own `onTestFinished`. */
export function createWorld(onFinished = onTestFinished): World {
  const { world, close } = openWorld();
  onFinished(({ task }) => close(task.result?.state === "fail"));
  return world;
}
