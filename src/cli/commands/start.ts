import { type Command, Option } from "commander";
import {
  defaultGenesisTimeoutMs,
  logLevels,
  type NodeOptionsInput,
  parseNodeOptions,
} from "../../config/index.ts";
import { createLogger } from "../../util/logger.ts";
import { loadNode } from "../node-module.ts";
import {
  addExamples,
  collect,
  dataDirOf,
  type GlobalOptions,
  parseWholeNumber,
  passphraseFileOption,
  requiredNodeIdOption,
} from "../options.ts";
import { reportError } from "../output.ts";
import { runUntilSignal } from "../run-until-signal.ts";

interface Options extends GlobalOptions {
  nodeid: number;
  port?: number;
  httpPort?: number;
  host?: string;
  p2pHost?: string;
  bootstrap?: string[];
  genesis?: string;
  genesisTimeout?: number;
  mdns: boolean;
  mine: boolean;
  passphraseFile?: string;
  logLevel?: string;
}

/** What errors call the fields of `NodeOptionsInput`. */
const optionNames: Record<string, string> = {
  p2pHost: "--p2p-host",
  p2pPort: "--port",
  httpHost: "--host",
  httpPort: "--http-port",
  bootstrap: "--bootstrap",
  genesisPin: "--genesis",
  genesisTimeoutMs: "--genesis-timeout",
  passphraseFile: "--passphrase-file",
  logLevel: "--log-level",
  dataDir: "--datadir",
};

export function addStartCommand(program: Command): void {
  const command = program
    .command("start")
    .description("run a node; makes its account if there is none")
    .addOption(requiredNodeIdOption())
    .option(
      "--port <port>",
      "for other nodes; 0: any free one (default: 63259 + 2 * nodeid)",
      parseWholeNumber,
    )
    .option(
      "--http-port <port>",
      "of the HTTP API; 0: any free one (default: 63260 + 2 * nodeid)",
      parseWholeNumber,
    )
    .option("--host <address>", "the HTTP API listens on (default: 127.0.0.1)")
    .option("--p2p-host <address>", "other nodes connect to (default: 0.0.0.0)")
    .option("--bootstrap <multiaddr>", "a node to connect to; repeatable, or a list with commas", collect)
    .option("--genesis <id>", "adopt this genesis block only")
    .addOption(
      new Option(
        "--genesis-timeout <ms>",
        `to wait for a genesis block (default: ${defaultGenesisTimeoutMs})`,
      ).argParser(parseWholeNumber),
    )
    .option("--no-mdns", "do not look for nodes on the local network")
    .option("--no-mine", "make no blocks, even as an authority")
    .addOption(passphraseFileOption())
    .option("--log-level <level>", `${logLevels.join(", ")} (default: info)`)
    .action(async (_options, self: Command) => run(self.optsWithGlobals<Options>()));
  addExamples(
    command,
    "ccoin start --nodeid=1",
    "ccoin start --nodeid=2 --bootstrap=/ip4/192.168.1.10/tcp/63261 --no-mdns",
    "ccoin start --nodeid=3 --host=0.0.0.0   # HTTP for the whole network",
  );
}

async function run(options: Options): Promise<void> {
  const input = {
    nodeId: options.nodeid,
    dataDir: dataDirOf(options),
    p2pHost: options.p2pHost,
    p2pPort: options.port,
    httpHost: options.host,
    httpPort: options.httpPort,
    bootstrap: options.bootstrap,
    mdns: options.mdns,
    mine: options.mine,
    genesisPin: options.genesis,
    genesisTimeoutMs: options.genesisTimeout,
    passphraseFile: options.passphraseFile,
    logLevel: options.logLevel,
  };
  const nodeOptions = parseNodeOptions(input as NodeOptionsInput, optionNames);
  const pretty = process.stderr.isTTY === true && !options.json;
  const logger = createLogger({ level: nodeOptions.logLevel, pretty });
  const code = await runUntilSignal(async () => (await loadNode()).runNode(nodeOptions, logger)).catch(
    (error: unknown) => reportError(error, options.json === true),
  );
  // Nothing is left to do, and what a library has left open must not hold the process.
  process.exit(code);
}
