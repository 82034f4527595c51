import { setTimeout as sleep } from "node:timers/promises";
import { defineFigure } from "../figure.ts";
import { benchNetwork, pidsOf, startNodes, stopNodes } from "../lib/bench-network.ts";
import { builtCommand } from "../lib/built-command.ts";
import { CpuWatch, memoryOf } from "../lib/usage.ts";

/** Time until the start has done its postponed work and the node has returned unused memory. */
const settleMs = 40_000;

type IdleSettings = { seconds: number; periodMs: number };

export const idleFigure = defineFigure<IdleSettings>({
  name: "idle",
  measures:
    "CPU of a lone authority that makes empty blocks, in percent of a core, and its memory; of the built package",
  quick: [{ seconds: 10, periodMs: 1_000 }],
  full: [{ seconds: 60, periodMs: 1_000 }],
  goals: () => [
    { of: "value", is: "<", bound: 2 },
    { of: "memoryMb", is: "<", bound: 95 },
  ],
  async run(context, { seconds, periodMs }) {
    const { nodes } = await benchNetwork(context, { authorities: 1, periodMs });
    for (const node of nodes) node.program = builtCommand();
    await startNodes(nodes);
    await sleep(settleMs);
    const [pid] = pidsOf(nodes);
    const watch = new CpuWatch([pid!]);
    await sleep(seconds * 1_000);
    const usage = watch.read();
    const memoryMb = memoryOf(pid!).bytes / 1e6;
    await stopNodes(nodes);
    return {
      value: (usage.cpuSeconds / seconds) * 100,
      unit: "% of a core",
      ...usage,
      details: { memoryMb },
    };
  },
});
