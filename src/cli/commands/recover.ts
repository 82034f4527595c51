import type { Command } from "commander";
import { readRecoveryFile, recoveryFile } from "../../config/index.ts";
import { signerLimit } from "../../consensus/authority-set.ts";
import { quorum } from "../../consensus/finality.ts";
import { decodeAddress } from "../../crypto/address.ts";
import type { ParameterChange } from "../../node/index.ts";
import { parameterNames } from "../../types/index.ts";
import { addExamples } from "../examples.ts";
import { loadNode } from "../node-module.ts";
import {
  addressArgument,
  collect,
  type GlobalOptions,
  nodeIdOption,
  parameterArgument,
  pathsOf,
} from "../options.ts";
import { printResult, table, UsageError } from "../output.ts";
import { warnOfSmallSet } from "../warn-of-small-set.ts";

interface Options extends GlobalOptions {
  nodeid?: number;
  authorities?: string[];
  set?: ParameterChange[];
  show?: boolean;
}

export function addRecoverCommand(command: Command): void {
  command
    .argument("<file>", "to write; with --show, to read")
    .addOption(nodeIdOption("id of a stopped node that has the newest final block"))
    .option(
      "--authorities <addresses>",
      "the authorities from then on; repeatable, or a list with commas (default with --set: as they are)",
      collectAddresses,
    )
    .option(
      "--set <parameter=value>",
      `a parameter from then on, as in ccoin propose set; repeatable: ${parameterNames.join(", ")}`,
      (text: string, previous: ParameterChange[] = []) => {
        const { parameter, value } = parameterArgument(text);
        return [...previous.filter(({ name }) => name !== parameter), { name: parameter, value }];
      },
    )
    .option("--show", "print the id and the contents of a recovery file")
    .action(async (file: string, _options, self: Command) => run(file, self.optsWithGlobals<Options>()));
  addExamples(
    command,
    "ccoin recover recovery.json --nodeid=1 --authorities=cc1…,cc1…,cc1…",
    "ccoin recover recovery.json --nodeid=1 --set minFee=10 --set periodMs=1000",
    "ccoin recover recovery.json --show",
    "ccoin start --nodeid=1 --recovery=recovery.json   # on every node, once all agree on the id",
  );
}

const collectAddresses = (text: string, previous?: string[]): string[] =>
  collect(text, previous).map(addressArgument);

async function run(file: string, options: Options): Promise<void> {
  if (options.show) return show(file, options);
  const { nodeid, authorities, set } = options;
  if (nodeid === undefined) throw new UsageError("name the node with --nodeid, or print a file with --show");
  if (!authorities && !set)
    throw new UsageError(
      "name the new authorities with --authorities=cc1…,cc1…, or what to set with --set minFee=10",
    );
  const { writeRecovery } = await loadNode();
  const written = await writeRecovery({
    paths: pathsOf({ ...options, nodeid }),
    file,
    ...(authorities && { authorities: authorities.map((address) => decodeAddress(address)) }),
    ...(set && { set }),
  });
  const { names, block, headHeight, earlier, id } = written;
  const lines = written.authorities.map((address) =>
    names[address] ? `${address} (${names[address]})` : address,
  );
  const changed = parameterNames
    .filter((name) => written.parameters[name] !== written.parametersBefore[name])
    .map((name) => `${name} ${written.parameters[name]} (was ${written.parametersBefore[name]})`);
  const left =
    headHeight > block.height
      ? `${block.height + 1} to ${headHeight}; their transactions go back to the mempool`
      : "none";
  const text = table([
    ["recovery", id],
    ["chain", `${written.name} ${written.genesisId}`],
    ["final block", `${block.height} ${block.id}`],
    ["left blocks", left],
    ["authorities", needs(lines.length)],
    ...lines.map((line) => ["", line] as const),
    ...parameterRows(changed.length > 0 ? changed : ["as they are"]),
    ...(earlier > 0 ? [["earlier", `recoveries of this chain in the file: ${earlier}`] as const] : []),
  ]);
  warnOfSmallSet(options.json, lines.length);
  printResult(options.json, { file, ...written }, `wrote ${file}\n${text}\n${nextSteps(file, id)}`);
}

function show(file: string, options: Options): void {
  const recoveries = readRecoveryFile(file);
  const content = recoveryFile(recoveries[0]!.genesisId, recoveries);
  const texts = content.recoveries.map(({ id, block, authorities, parameters }) =>
    table([
      ["recovery", id],
      ["chain", content.genesisId],
      ["final block", `${block.height} ${block.id}`],
      ["authorities", needs(authorities.length)],
      ...authorities.map((address) => ["", address] as const),
      ...parameterRows(parameterNames.map((name) => `${name} ${parameters[name]}`)),
    ]),
  );
  printResult(options.json, content, texts.join("\n\n"));
}

function parameterRows(lines: readonly string[]): (readonly [string, string])[] {
  return lines.map((line, index) => [index === 0 ? "parameters" : "", line]);
}

function needs(count: number): string {
  return `${count}: ${signerLimit(count)} must sign blocks, ${quorum(count)} must vote for finality`;
}

function nextSteps(file: string, id: string): string {
  return [
    "Next:",
    "1. Compare ccoin status of all nodes that are left: none may have a final block above this one.",
    `2. Agree on the id with everybody who runs a node, over a channel where you know each other: ${id}`,
    `3. Stop every node, then start it once with --recovery=${file}. Later starts do not need the option.`,
  ].join("\n");
}
