import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Context } from "../figure.ts";

const script = fileURLToPath(new URL("./open-chain.ts", import.meta.url));

export interface Opened {
  cpuMs: number;
  /** The memory that the process holds after opening. */
  bytes: number;
}

/** Opens the chain of a closed peer in a separate process. `name` is that of its folder. */
export async function openElsewhere({ world }: Context, name: string): Promise<Opened> {
  const started = world.start("open-chain", [process.execPath, script, join(world.dataDir, name)]);
  const { code, stdout, stderr } = await started.ended;
  if (code !== 0) throw new Error(`the chain could not be opened: ${stderr}`);
  return JSON.parse(stdout) as Opened;
}
