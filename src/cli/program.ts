import { styleText } from "node:util";
import { type Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { commandLine } from "../config/command.ts";
import { defaultDataDir } from "../config/paths.ts";
import { version } from "../config/version.ts";
import { commandTable } from "./command-table.ts";
import { addExamples } from "./examples.ts";
import { exitCodes, reportError, UsageError } from "./output.ts";

const commandNames = Object.keys(commandTable);
const helpStyle = { showGlobalOptions: true, styleTitle: (title: string) => styleText("bold", title) };

/**
 * Runs one command line without the program's name and resolves to the exit code: 0, 1 for an error, 2 for wrong usage.
 * Results go to standard output, everything else to standard error.
 */
export async function runCli(argv: string[]): Promise<number> {
  // Scripts for shells have the words of all commands, and a start names the variables that none of them reads.
  const hasVariables = Object.keys(process.env).some((name) => name.startsWith("CCOIN_"));
  const needsAll = argv.includes("completion") || (hasVariables && argv.includes("start"));
  const program = await createProgram(needsAll ? commandNames : argv);
  nameRefusedValues(program, () => help(argv));
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCodes.success;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.success;
    // Options after the one that fails are not parsed.
    const json = program.opts<{ json?: boolean }>().json === true || argv.includes("--json");
    return reportError(error instanceof CommanderError ? usageError(error, help(argv)) : error, json);
  }
}

/** Loads the named commands only, since they load most of the project. The help needs none of them. */
async function createProgram(names: readonly string[]): Promise<Command> {
  const program = new Command("ccoin")
    .description("CryptoCoin: a proof-of-authority blockchain node.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .option("--datadir <folder>", `holds node-<id>/ (env CCOIN_DATADIR; default: ${defaultDataDir})`)
    .option("--json", "print one line of JSON")
    .configureHelp(helpStyle)
    // `reportError` prints errors.
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .addHelpText("after", `\nHelp on one command, with examples: ${commandLine("<command> --help")}`);
  addExamples(
    program,
    "ccoin start                      # a development chain of one node",
    "ccoin start --nodeid=2           # joins the network of this LAN",
    "ccoin status --nodeid=2",
    "ccoin send --nodeid=2 --to=cc1… --amount=5 --wait",
  );
  for (const [name, { description, load }] of Object.entries(commandTable)) {
    const command = program.command(name).description(description);
    if (names.includes(name)) (await load())(command);
  }
  // The subcommands of a command have been made by now, and show their arguments.
  program.configureHelp({ ...helpStyle, subcommandTerm: (command) => command.name() });
  return program;
}

/** Says how to print the help of the command that the user meant. */
function help(argv: string[]): string {
  const command = argv.find((word) => commandNames.includes(word));
  return `see ${commandLine(`${command ? `${command} ` : ""}--help`)}`;
}

function usageError(error: CommanderError, hint: string): UsageError {
  // Commander has printed the help in place of a message.
  if (error.code === "commander.help") return new UsageError(`no command was given: ${hint}`);
  const message = error.message
    .replace(/^error: /, "")
    .replace(/\s*\n\s*/g, " ")
    .replace(/\.$/, "");
  return new UsageError(`${message}: ${hint}`);
}

/**
 * Makes each error about a value name its option or argument in this program's words: `--nodeid: must be a whole number
 * from 1 to 1000`. Commander would wrap the reason in a sentence of its own. `hint` says where to find help.
 */
function nameRefusedValues(command: Command, hint: () => string): void {
  for (const each of [...command.options, ...command.registeredArguments]) {
    const { parseArg, argChoices } = each;
    if (!parseArg) continue;
    each.parseArg = <T>(value: string, previous: T): T => {
      try {
        return parseArg.call(each, value, previous) as T;
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error;
        const reason = argChoices ? `allowed choices are ${argChoices.join(", ")}` : error.message;
        throw new UsageError(`${nameOf(each)}: ${reason}: ${hint()}`);
      }
    };
  }
  for (const each of command.commands) nameRefusedValues(each, hint);
}

function nameOf(each: Option | Argument): string {
  return each instanceof Option ? (each.long ?? each.flags) : `<${each.name()}>`;
}
