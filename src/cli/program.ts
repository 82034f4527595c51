import { styleText } from "node:util";
import { Command, CommanderError } from "commander";
import { defaultDataDir, version } from "../config/index.ts";
import { addAccountCommand } from "./commands/account.ts";
import { addCompletionCommand } from "./commands/completion.ts";
import { addCreateAccountCommand } from "./commands/create-account.ts";
import { addExportCommand } from "./commands/export.ts";
import { addGenesisCommand } from "./commands/genesis.ts";
import { addImportCommand } from "./commands/import.ts";
import { addInitCommand } from "./commands/init.ts";
import { addNetworkKeyCommand } from "./commands/network-key.ts";
import { addProposeCommand } from "./commands/propose.ts";
import { addProtectionCommand } from "./commands/protection.ts";
import { addRecoverCommand } from "./commands/recover.ts";
import { addSendCommand } from "./commands/send.ts";
import { addStartCommand } from "./commands/start.ts";
import { addStatementCommand } from "./commands/statement.ts";
import { addStatusCommand } from "./commands/status.ts";
import { addVerifyCommand } from "./commands/verify.ts";
import { nameRefusedValues } from "./name-refused-values.ts";
import { addExamples } from "./options.ts";
import { exitCodes, printWarning, reportError, UsageError } from "./output.ts";
import { unreadVariables } from "./variables.ts";

/**
 * Runs one command line without the program's name and resolves to the exit code: 0, 1 for an error, 2 for wrong usage.
 * Results go to standard output, everything else to standard error.
 */
export async function runCli(argv: string[]): Promise<number> {
  const program = createProgram();
  program.hook("preSubcommand", (_, command) => {
    // Those of a node are lines of its log.
    if (command.name() === "start" && !argv.includes("--print-config")) return;
    for (const line of unreadVariables(program))
      printWarning(argv.includes("--json"), "UNREAD_VARIABLE", line);
  });
  nameRefusedValues(program, () => help(program, argv));
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCodes.success;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.success;
    // Options after the one that fails are not parsed.
    const json = program.opts<{ json?: boolean }>().json === true || argv.includes("--json");
    return reportError(
      error instanceof CommanderError ? usageError(error, help(program, argv)) : error,
      json,
    );
  }
}

function createProgram(): Command {
  const program = new Command("ccoin")
    .description("CryptoCoin: a proof-of-authority blockchain node.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .option("--datadir <folder>", `holds node-<id>/ (env CCOIN_DATADIR; default: ${defaultDataDir})`)
    .option("--json", "print one line of JSON")
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => styleText("bold", title) })
    // `reportError` prints errors.
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .addHelpText("after", "\nHelp on one command, with examples: ccoin <command> --help");
  addExamples(
    program,
    "ccoin start                      # a development chain of one node",
    "ccoin start --nodeid=2           # joins the network of this LAN",
    "ccoin status --nodeid=2",
    "ccoin send --nodeid=2 --to=cc1… --amount=5 --wait",
  );
  const commands = [
    addCreateAccountCommand,
    addGenesisCommand,
    addInitCommand,
    addStartCommand,
    addSendCommand,
    addStatusCommand,
    addAccountCommand,
    addStatementCommand,
    addProposeCommand,
    addExportCommand,
    addImportCommand,
    addVerifyCommand,
    addProtectionCommand,
    addRecoverCommand,
    addNetworkKeyCommand,
    addCompletionCommand,
  ];
  for (const add of commands) add(program);
  return program;
}

/** Says how to print the help of the command that the user meant. */
function help(program: Command, argv: string[]): string {
  const names = new Set(program.commands.map((command) => command.name()));
  const command = argv.find((word) => names.has(word));
  return `see ccoin ${command ? `${command} ` : ""}--help`;
}

function usageError(error: CommanderError, hint: string): UsageError {
  // Commander has printed the help in place of a message.
  if (error.code === "commander.help") return new UsageError(`no command was given: ${hint}`);
  const message = error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
  return new UsageError(`${message}: ${hint}`);
}
