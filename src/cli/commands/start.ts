import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { readAccountInfo } from "../../accounts/account.ts";
import {
  type NodeOptions,
  type NodeOptionsInput,
  type NodePaths,
  parseNodeOptions,
} from "../../config/index.ts";
import type { RunningNode } from "../../node/index.ts";
import { inBackground } from "../../util/background.ts";
import { CodedError, messageOf, UserError } from "../../util/errors.ts";
import { createLog, type Log, type LogLevel } from "../../util/logger.ts";
import { addExamples } from "../examples.ts";
import { collectOnce, requireMemory, untilBusy } from "../memory.ts";
import { loadNode, startCompilers } from "../node-module.ts";
import { dataDirOf, pathsOf } from "../options.ts";
import { printResult, printWarning, reportError, table, UsageError, withHelp } from "../output.ts";
import { givenPassphrase } from "../passphrase-prompt.ts";
import { runUntilSignal } from "../run-until-signal.ts";
import { applySettings, printConfig, unreadVariables } from "../settings.ts";
import { httpsRows, pageCode } from "../show-https.ts";
import { startDevChain } from "../start-dev-chain.ts";
import {
  addStartOptions,
  refuseWithoutNodeId,
  type StartOptions,
  startInput,
  startOptionNames,
} from "../start-options.ts";

export function addStartCommand(command: Command): void {
  addStartOptions(command)
    .addHelpText(
      "after",
      "\nEach option also comes from the environment: --http-port is CCOIN_HTTP_PORT, --no-mdns is CCOIN_MDNS=false.\n" +
        "The command line wins over the environment, and that over the file of --config.",
    )
    .action(async (_options, self: Command) => run(self));
  addExamples(
    command,
    "ccoin start                               # a development chain of one node",
    "ccoin start --reset",
    "ccoin start --nodeid=1",
    "ccoin start --nodeid=2 --bootstrap=/ip4/192.168.1.10/tcp/63261 --no-mdns",
    "ccoin start --nodeid=3 --host=0.0.0.0   # HTTP for the whole network",
    "ccoin start --nodeid=3 --host=0.0.0.0 --tls   # HTTPS, so that the wallet works on phones",
    "ccoin start --nodeid=4 --allow-host=node.example.org --trust-proxy=127.0.0.1   # behind a reverse proxy",
  );
}

async function run(command: Command): Promise<void> {
  applySettings(command);
  const options = command.optsWithGlobals<StartOptions>();
  const { nodeid } = options;
  if (nodeid === undefined) refuseWithoutNodeId(options);
  else if (options.reset) throw new UsageError("--reset is for the development chain: leave --nodeid out");
  const nodeOptions = (more: Partial<NodeOptionsInput>) =>
    withHelp("start", () =>
      parseNodeOptions({ ...startInput(options), ...more } as NodeOptionsInput, startOptionNames),
    );
  // Options are checked before anything is made or deleted.
  const checked = nodeOptions({ nodeId: nodeid ?? 1 });
  const unread = unreadVariables(command);
  if (options.printConfig) {
    for (const line of unread) printWarning(options.json === true, "UNREAD_VARIABLE", line);
    printConfig(command, defaultsOf(checked, dataDirOf(options)), options.json === true);
    return;
  }
  requireMemory();
  const given =
    nodeid === undefined
      ? {}
      : await givenPassphrase(options.passphraseFile, pathsOf({ ...options, nodeid }));
  const { logger, file } = await openLog(options, checked.logLevel);
  for (const line of unread) logger.warn({}, line);
  const explain = nodeid === undefined ? undefined : noteMadeAccount(pathsOf({ ...options, nodeid }));
  let running: RunningNode | undefined;
  const start = async () => {
    const module = await loadNode({ mayIdle: true });
    if (nodeid !== undefined) {
      const node = await module.runNode(nodeOptions({ nodeId: nodeid, ...given }), logger);
      running = node;
      const { url, joinLine = null, https } = node;
      if (options.json) printResult(true, { nodeId: nodeid, url, joinLine, ...https }, "");
      else if (https)
        process.stdout.write(`${table(httpsRows(node, checked.httpHost))}\n${await pageCode(node)}`);
      return node;
    }
    const folder = join(dataDirOf(options), "dev");
    return startDevChain(
      module,
      { folder, reset: options.reset === true, json: options.json, host: checked.httpHost },
      (dev, coins) => module.runNode(nodeOptions(dev), logger, undefined, coins),
    );
  };
  inBackground(collectOnce());
  inBackground(untilBusy().then(startCompilers));
  const onHangup = (node: RunningNode | undefined) => {
    file?.reopen();
    if (node) inBackground(node.reload());
  };
  const code = await runUntilSignal(
    start,
    options.stopTimeout,
    file || checked.tlsCert !== undefined ? onHangup : undefined,
  ).catch(async (error: unknown) => {
    // Without a line to join it, there has been no chain yet.
    const hasStarted = running?.joinLine !== undefined;
    return reportError(hasStarted || !explain ? error : await explain(error), options.json === true);
  });
  await file?.close();
  // All is closed; a handle that a library has left open must not keep the process alive.
  process.exit(code);
}

/** The values by option, such as `http-port`. */
function defaultsOf(checked: NodeOptions, datadir: string): ReadonlyMap<string, unknown> {
  const values = { ...checked, dataDir: datadir };
  const byOption = Object.entries(startOptionNames).map(
    ([field, name]) => [name.slice(2), values[field as keyof NodeOptions]] as const,
  );
  return new Map(byOption);
}

async function openLog(options: StartOptions, level: LogLevel): Promise<Log> {
  const { logFile: file } = options;
  const isTerminal = file === undefined && process.stderr.isTTY === true;
  const format = options.logFormat ?? (isTerminal && !options.json ? "text" : "json");
  try {
    // `hasColors` respects NO_COLOR and the like.
    return await createLog({ level, format, colors: isTerminal && process.stderr.hasColors(), file });
  } catch (error) {
    throw new UserError(`--log-file: cannot write ${file}: ${messageOf(error)}`, "BAD_OPTIONS");
  }
}

/**
 * Call this before a start. The returned function adds to the error with which the start has failed that it has made an
 * account, which stays.
 */
function noteMadeAccount(paths: NodePaths): (error: unknown) => Promise<unknown> {
  const hadAccount = existsSync(paths.account);
  return async (error) => {
    if (hadAccount || !existsSync(paths.account)) return error;
    const { address } = await readAccountInfo(paths);
    const code = error instanceof CodedError ? error.code : "INTERNAL";
    const text = `${messageOf(error)}; this start has made the account ${address}, which stays in ${paths.folder}`;
    return new UserError(text, code, { cause: error });
  };
}
