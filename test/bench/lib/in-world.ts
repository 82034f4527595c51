import { openWorld } from "../../e2e/harness/open-world.ts";
import type { Context } from "../figure.ts";

const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * Runs a function in a new world, which is removed afterwards; after a failure it prints the last output of its
 * processes.
 */
export async function inWorld<T>(
  run: (context: Context) => Promise<T>,
  note: (text: string) => void = (text) => console.error(`  ${text}`),
): Promise<T> {
  const { world, close } = openWorld();
  const stop = () => void close(false).finally(() => process.exit(1));
  for (const signal of signals) process.once(signal, stop);
  let failed = true;
  try {
    const result = await run({ world, note });
    failed = false;
    return result;
  } finally {
    for (const signal of signals) process.off(signal, stop);
    await close(failed);
  }
}
