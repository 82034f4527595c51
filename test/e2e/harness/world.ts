import { onTestFinished } from "vitest";
import { openWorld, type World } from "./open-world.ts";

export type { World };

/** For the test that calls it: all of it is gone when the test has ended. */
export function createWorld(): World {
  const { world, close } = openWorld();
  onTestFinished(({ task }) => close(task.result?.state === "fail"));
  return world;
}
