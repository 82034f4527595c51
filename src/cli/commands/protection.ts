import { existsSync } from "node:fs";
import type { Command } from "commander";
import { UserError } from "../../util/errors.ts";
import { addExamples } from "../examples.ts";
import { loadNode } from "../node-module.ts";
import { type NodeIdOptions, pathsOf, requiredNodeIdOption } from "../options.ts";
import { printResult, printWarning } from "../output.ts";

export function addProtectionCommand(command: Command): void {
  const exporting = command
    .command("export")
    .description("write the record of what a stopped node signed to a file")
    .argument("<file>", "to write")
    .addOption(requiredNodeIdOption())
    .action(async (file: string, _options, self: Command) =>
      runExport(file, self.optsWithGlobals<NodeIdOptions>()),
    );
  const importing = command
    .command("import")
    .description("add the record in a file; the node then signs nothing that contradicts it")
    .argument("<file>", "file that protection export wrote")
    .addOption(requiredNodeIdOption())
    .action(async (file: string, _options, self: Command) =>
      runImport(file, self.optsWithGlobals<NodeIdOptions>()),
    );
  const examples = ["export", "import"].map((name) => `ccoin protection ${name} signed.json --nodeid=1`);
  addExamples(command, ...examples);
  addExamples(exporting, examples[0]!);
  addExamples(importing, examples[1]!);
}

async function runExport(file: string, options: NodeIdOptions): Promise<void> {
  if (existsSync(file)) throw new UserError(`${file} exists: choose another file`, "FILE_EXISTS");
  const { exportProtection } = await loadNode();
  const { reasons, ...result } = await exportProtection({ paths: pathsOf(options), file });
  if (reasons.length > 0) {
    printWarning(
      options.json,
      "OLD_DATA",
      `this data may be older than what the account signed last (${reasons.join("; ")}): the file says so, and the node that imports it listens before it votes`,
    );
  }
  printResult(
    options.json,
    result,
    `wrote ${result.headers} headers and ${result.votes} finality votes to ${file}; do not start this node again`,
  );
}

async function runImport(file: string, options: NodeIdOptions): Promise<void> {
  if (!existsSync(file)) throw new UserError(`there is no file ${file}`, "NO_FILE");
  const { importProtection } = await loadNode();
  const result = await importProtection({ paths: pathsOf(options), file });
  printResult(
    options.json,
    result,
    `imported ${result.headers} headers and ${result.votes} finality votes from ${file}`,
  );
}
