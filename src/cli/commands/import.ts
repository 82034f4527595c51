import { existsSync } from "node:fs";
import type { Command } from "commander";
import { readRecoveryFile } from "../../config/index.ts";
import { UserError } from "../../util/errors.ts";
import { addExamples } from "../examples.ts";
import { loadNode } from "../node-module.ts";
import { type NodeIdOptions, pathsOf, requiredNodeIdOption } from "../options.ts";
import { printResult, progressLine } from "../output.ts";

interface Options extends NodeIdOptions {
  recovery?: string;
}

export function addImportCommand(command: Command): void {
  command
    .argument("<file>", "file that ccoin export wrote")
    .addOption(requiredNodeIdOption())
    .option("--recovery <file>", "the recovery file that the operators agreed on, if the chain was recovered")
    .action(async (file: string, _options, self: Command) => run(file, self.optsWithGlobals<Options>()));
  addExamples(command, "ccoin import chain.ccoin --nodeid=2");
}

async function run(file: string, options: Options): Promise<void> {
  if (!existsSync(file)) throw new UserError(`there is no file ${file}`, "NO_FILE");
  const recoveries = options.recovery === undefined ? [] : readRecoveryFile(options.recovery);
  const progress = progressLine("imported block");
  const { importChain } = await loadNode();
  const result = await importChain({
    paths: pathsOf(options),
    file,
    recoveries,
    onProgress: progress.update,
  }).finally(progress.end);
  printResult(options.json, result, `imported ${result.blocks} blocks from ${file}`);
}
