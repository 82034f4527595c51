import { existsSync } from "node:fs";
import type { Command } from "commander";
import { UserError } from "../../util/errors.ts";
import { addExamples } from "../examples.ts";
import { loadNode } from "../node-module.ts";
import { type NodeIdOptions, pathsOf, requiredNodeIdOption } from "../options.ts";
import { printResult, progressLine } from "../output.ts";

export function addExportCommand(command: Command): void {
  command
    .argument("<file>", "to write")
    .addOption(requiredNodeIdOption())
    .action(async (file: string, _options, self: Command) =>
      run(file, self.optsWithGlobals<NodeIdOptions>()),
    );
  addExamples(command, "ccoin export chain.ccoin --nodeid=1");
}

async function run(file: string, options: NodeIdOptions): Promise<void> {
  if (existsSync(file)) throw new UserError(`${file} exists: choose another file`, "FILE_EXISTS");
  const progress = progressLine("exported block");
  const { exportChain } = await loadNode();
  const result = await exportChain({ paths: pathsOf(options), file, onProgress: progress.update }).finally(
    progress.end,
  );
  printResult(options.json, result, `wrote ${result.blocks} blocks to ${file}`);
}
