import { type Command, Option } from "commander";
import { readAdminToken } from "../../accounts/admin-token.ts";
import type { ProposalResult, Vote } from "../../client/index.ts";
import { parameterNames } from "../../types/index.ts";
import { addExamples } from "../examples.ts";
import { addNodeUrlOptions, type NodeUrlOptions, nodeClient } from "../node-client.ts";
import { addressArgument, parameterArgument, pathsOf, requiredNodeIdOption } from "../options.ts";
import { printResult, printWarning, table } from "../output.ts";
import { plain } from "../plain.ts";

interface Options extends NodeUrlOptions {
  force?: boolean;
}

type ParameterVote = Extract<Vote, { kind: "set" }>;

export function addProposeCommand(command: Command): void {
  for (const kind of ["add", "remove"] as const) {
    subcommand(command, kind, " cc1…")
      .description(kind === "add" ? "propose a new authority" : "propose the removal of an authority")
      .argument("<address>", "address of the account", addressArgument)
      .addOption(forceOption())
      .action(async (candidate: string, _options, self: Command) =>
        propose({ candidate, kind }, self.optsWithGlobals<Options>()),
      );
  }
  subcommand(command, "set", " minFee=10")
    .description(`propose the value of a parameter: ${parameterNames.join(", ")}`)
    .argument(
      "<parameter=value>",
      "parameter and new value, such as minFee=10; times in ms, amounts in base units",
      parameterVoteArgument,
    )
    .addOption(forceOption())
    .action(async (vote: ParameterVote, _options, self: Command) =>
      propose(vote, self.optsWithGlobals<Options>()),
    );
  subcommand(command, "list", "")
    .description("show the node's proposals")
    .action(async (_options, self: Command) => list(self.optsWithGlobals<Options>()));
  subcommand(command, "drop", " cc1…")
    .description("withdraw a proposal")
    .argument("<subject>", "address or parameter that was proposed", subjectArgument)
    .action(async (subject: string, _options, self: Command) =>
      drop(subject, self.optsWithGlobals<Options>()),
    );
  addExamples(
    command,
    "ccoin propose add cc1… --nodeid=1",
    "ccoin propose remove cc1… --nodeid=1",
    "ccoin propose set minFee=10 --nodeid=1",
    "ccoin propose list --nodeid=1",
    "ccoin propose drop cc1… --nodeid=1",
  );
}

function subcommand(command: Command, name: string, argument: string): Command {
  const made = addNodeUrlOptions(command.command(name).addOption(requiredNodeIdOption()));
  return addExamples(made, `ccoin propose ${name}${argument} --nodeid=1`);
}

async function propose(vote: Vote, options: Options): Promise<void> {
  const force = options.force === true;
  const client = await nodeClient(options);
  const answer = await client.propose(vote, await tokenOf(options), { force });
  printWarnings(answer, options);
  const { votes, needed } = answer.proposal;
  const what = `${vote.kind} ${subjectOf(vote)}`;
  printResult(
    options.json,
    answer,
    `proposed to ${what}: this node's blocks vote for it, ${votes} of ${needed} votes so far`,
  );
}

async function drop(subject: string, options: Options): Promise<void> {
  const client = await nodeClient(options);
  const answer = await client.dropProposal(subject, await tokenOf(options));
  printWarnings(answer, options);
  const { proposal } = answer;
  printResult(options.json, answer, `dropped the proposal to ${proposal.kind} ${subjectOf(proposal)}`);
}

/** Formats the subject of a vote: a candidate, or a parameter with its value. */
function subjectOf(vote: Vote): string {
  return vote.kind === "set" ? `${vote.parameter} to ${vote.value}` : vote.candidate;
}

function parameterVoteArgument(text: string): ParameterVote {
  const { parameter, value } = parameterArgument(text);
  return { kind: "set", parameter, value: value.toString() };
}

/** Parses the name of a parameter, or an address. */
function subjectArgument(text: string): string {
  return parameterNames.some((name) => name === text) ? text : addressArgument(text);
}

function forceOption(): Option {
  return new Option("--force", "propose it even if the chain or this node could come to a halt");
}

async function list(options: Options): Promise<void> {
  const { proposals } = await (await nodeClient(options)).authorities();
  const rows = plain(proposals).map((proposal) => {
    const { kind, votes, needed, enacted } = proposal;
    const standing = enacted ? "enacted, not final yet" : `${votes} of ${needed} votes`;
    return [kind, `${subjectOf(proposal)}  ${standing}`] as const;
  });
  printResult(options.json, { proposals }, rows.length > 0 ? table(rows) : "no proposals");
}

function tokenOf(options: Options): Promise<string> {
  return readAdminToken(pathsOf(options).adminToken);
}

function printWarnings({ warnings }: ProposalResult, { json }: Options): void {
  for (const { code, detail } of warnings) printWarning(json, code, detail);
}
