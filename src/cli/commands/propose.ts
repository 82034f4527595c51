import type { Command } from "commander";
import { readAdminToken } from "../../accounts/admin-token.ts";
import type { Proposal, ProposalResult } from "../../client/index.ts";
import {
  addExamples,
  addressArgument,
  clientOf,
  type GlobalOptions,
  pathsOf,
  requiredNodeIdOption,
} from "../options.ts";
import { printResult, printWarning, table } from "../output.ts";

interface Options extends GlobalOptions {
  nodeid: number;
  url?: string;
}

export function addProposeCommand(program: Command): void {
  const command = program
    .command("propose")
    .description("vote an authority in or out, with the blocks that a running node makes");
  for (const kind of ["add", "remove"] as const) {
    subcommand(command, kind, " cc1…")
      .description(kind === "add" ? "propose a new authority" : "propose the removal of an authority")
      .argument("<address>", "of the account", addressArgument)
      .action(async (address: string, _options, self: Command) =>
        propose(address, kind, self.optsWithGlobals<Options>()),
      );
  }
  subcommand(command, "list", "")
    .description("show the node's proposals")
    .action(async (_options, self: Command) => list(self.optsWithGlobals<Options>()));
  subcommand(command, "drop", " cc1…")
    .description("take a proposal back")
    .argument("<address>", "of the proposed account", addressArgument)
    .action(async (address: string, _options, self: Command) =>
      drop(address, self.optsWithGlobals<Options>()),
    );
  addExamples(
    command,
    "ccoin propose add cc1… --nodeid=1",
    "ccoin propose remove cc1… --nodeid=1",
    "ccoin propose list --nodeid=1",
    "ccoin propose drop cc1… --nodeid=1",
  );
}

function subcommand(command: Command, name: string, argument: string): Command {
  const made = command
    .command(name)
    .addOption(requiredNodeIdOption())
    .option("--url <url>", "of its HTTP API (default: the node's on this machine)");
  return addExamples(made, `ccoin propose ${name}${argument} --nodeid=1`);
}

async function propose(candidate: string, kind: Proposal["kind"], options: Options): Promise<void> {
  const answer = await clientOf(options).propose(candidate, kind, await tokenOf(options));
  printWarnings(answer, options);
  const { votes, needed } = answer.proposal;
  const what = kind === "add" ? `add ${candidate}` : `remove ${candidate}`;
  printResult(
    options.json,
    answer,
    `proposed to ${what}: this node's blocks vote for it, ${votes} of ${needed} votes so far`,
  );
}

async function drop(candidate: string, options: Options): Promise<void> {
  const answer = await clientOf(options).dropProposal(candidate, await tokenOf(options));
  printWarnings(answer, options);
  printResult(options.json, answer, `dropped the proposal to ${answer.proposal.kind} ${candidate}`);
}

async function list(options: Options): Promise<void> {
  const { proposals } = await clientOf(options).authorities();
  const rows = proposals.map(
    ({ kind, candidate, votes, needed, enacted }) =>
      [kind, `${candidate}  ${enacted ? "enacted, not final yet" : `${votes} of ${needed} votes`}`] as const,
  );
  printResult(options.json, { proposals }, rows.length > 0 ? table(rows) : "no proposals");
}

function tokenOf(options: Options): Promise<string> {
  return readAdminToken(pathsOf(options).adminToken);
}

function printWarnings({ warnings }: ProposalResult, { json }: Options): void {
  for (const { code, detail } of warnings) printWarning(json, code, detail);
}
