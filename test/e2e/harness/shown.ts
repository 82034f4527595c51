import assert from "node:assert/strict";
import { join } from "node:path";
import { compared } from "../../transcripts.ts";
import type { Ended } from "./process.ts";
import type { World } from "./world.ts";

/**
 * Runs a command that docs/operating.md shows and checks that it prints what the page shows. Files are in the folder
 * of the world. @throws if it does not
 */
export async function asShown(world: World, command: string, occurrence = 0): Promise<Ended> {
  const inFolder = (argument: string) =>
    argument.endsWith(".json") ? join(world.dataDir, argument) : argument;
  const ended = await world.ccoin(command.split(" ").slice(1).map(inFolder));
  printsAsShown(
    command,
    `${ended.stdout}\n${ended.stderr}`.replaceAll(join(world.dataDir, "/"), ""),
    occurrence,
  );
  return ended;
}

/** Checks the output of a command, other lines aside. @throws if it is not what docs/operating.md shows */
export function printsAsShown(command: string, output: string, occurrence = 0): void {
  const { shown, printed } = compared(command, output, occurrence);
  assert.deepEqual(printed, shown, `${command}\n${output}`);
}
