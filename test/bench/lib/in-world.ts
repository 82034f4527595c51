import { openWorld } from "../../e2e/harness/open-world.ts";
import type { Context } from "../figure.ts";

const signals = ["SIGINT", "SIGTERM"] as const;

/** Runs it in a world of its own, which is gone afterwards; where it fails, what its processes said last is shown. */
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
