import { openWorld } from "../../e2e/harness/open-world.ts";
import type { Figure, Settings } from "../figure.ts";
import type { Result } from "./result-line.ts";

/** Runs a figure once, in a world of its own. */
export async function runFigure(
  figure: Figure,
  settings: Settings,
  note: (text: string) => void,
): Promise<Result> {
  const { world, close } = openWorld();
  const stop = () => void close(false).finally(() => process.exit(1));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  let failed = true;
  try {
    const measured = await figure.run({ world, note }, settings);
    failed = false;
    return { figure: figure.name, settings, measured, goals: figure.goals?.(settings) ?? [] };
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, stop);
    await close(failed);
  }
}
