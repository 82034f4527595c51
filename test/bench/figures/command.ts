import { execFileSync } from "node:child_process";
import { environment, nodeFlags } from "../../e2e/harness/process.ts";
import { defineFigure } from "../figure.ts";
import { builtCommand } from "../lib/built-command.ts";
import { median } from "../lib/statistics.ts";

/** `words`: the command line after `ccoin`. */
type CommandSettings = { words: string; runs: number };

export const commandFigure = defineFigure<CommandSettings>({
  name: "command",
  measures: "from the start to the end of a command that prints its help",
  quick: [
    { words: "--help", runs: 10 },
    { words: "send --help", runs: 10 },
  ],
  full: [
    { words: "--help", runs: 50 },
    { words: "send --help", runs: 50 },
  ],
  goals: () => [{ of: "value", is: "<", bound: 150 }],
  async run(_context, { words, runs }) {
    const program = builtCommand();
    const bareMs: number[] = [];
    const helpMs: number[] = [];
    // The first run writes the compile cache.
    for (let run = -1; run < runs; run++) {
      const bare = timeOf(["--eval", "0"]);
      const help = timeOf([...nodeFlags, program, ...words.split(" ")]);
      if (run < 0) continue;
      bareMs.push(bare);
      helpMs.push(help);
    }
    return {
      value: median(helpMs),
      unit: "ms",
      limit: { what: "ms for Node.js alone", value: median(bareMs) },
    };
  },
});

function timeOf(args: readonly string[]): number {
  const startedAt = performance.now();
  execFileSync(process.execPath, args, { env: environment(), stdio: "ignore" });
  return performance.now() - startedAt;
}
