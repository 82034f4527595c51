import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import { loadNode } from "../node-module.ts";
import { type NodeIdOptions, pathsOf, requiredNodeIdOption } from "../options.ts";
import { printResult, progressLine, table } from "../output.ts";

export function addVerifyCommand(command: Command): void {
  command
    .addOption(requiredNodeIdOption())
    .action(async (_options, self: Command) => run(self.optsWithGlobals<NodeIdOptions>()));
  addExamples(command, "ccoin verify --nodeid=1");
}

async function run(options: NodeIdOptions): Promise<void> {
  const progress = progressLine("checked block");
  const { verifyChain } = await loadNode();
  const result = await verifyChain({ paths: pathsOf(options), onProgress: progress.update }).finally(
    progress.end,
  );
  const rows = [
    ["blocks", String(result.blocks)],
    ["transactions", String(result.transactions)],
    ["accounts", String(result.accounts)],
    ["state root", result.stateRoot],
  ] as const;
  printResult(options.json, result, `the database is sound\n${table(rows)}`);
}
