import { type Command, Option } from "commander";
import { defaultGenesisTimeoutMs, logLevels, maxNodeId } from "../config/index.ts";
import { type LogFormat, logFormats } from "../util/logger.ts";
import {
  collect,
  dataDirOf,
  type GlobalOptions,
  nodeIdOption,
  parseWholeNumber,
  passphraseFileOption,
  requireMilliseconds,
} from "./options.ts";
import { UsageError } from "./output.ts";
import { defaultStopTimeoutMs } from "./run-until-signal.ts";

export interface StartOptions extends GlobalOptions {
  nodeid?: number;
  reset?: boolean;
  port?: number;
  httpPort?: number;
  host?: string;
  allowHost?: string[];
  allowOrigin?: string[];
  trustProxy?: string[];
  tls?: boolean;
  tlsCert?: string;
  tlsKey?: string;
  p2pHost?: string;
  bootstrap?: string[];
  announce?: string[];
  maxPerAddress?: number;
  networkKeyFile?: string;
  allowPeers?: string[];
  genesis?: string;
  genesisTimeout?: number;
  mdns: boolean;
  mine: boolean;
  anonymous?: boolean;
  passphraseFile?: string;
  recovery?: string;
  stopTimeout: number;
  logLevel?: string;
  logFormat?: LogFormat;
  logFile?: string;
  printConfig?: boolean;
}

/** The options that errors name for fields of `NodeOptionsInput`. */
export const startOptionNames: Record<string, string> = {
  p2pHost: "--p2p-host",
  p2pPort: "--port",
  httpHost: "--host",
  httpPort: "--http-port",
  allowHosts: "--allow-host",
  allowOrigins: "--allow-origin",
  trustProxies: "--trust-proxy",
  tls: "--tls",
  tlsCert: "--tls-cert",
  tlsKey: "--tls-key",
  bootstrap: "--bootstrap",
  announce: "--announce",
  maxPerAddress: "--max-per-address",
  networkKeyFile: "--network-key-file",
  allowPeers: "--allow-peers",
  genesisPin: "--genesis",
  genesisTimeoutMs: "--genesis-timeout",
  passphraseFile: "--passphrase-file",
  recoveryFile: "--recovery",
  logLevel: "--log-level",
  dataDir: "--datadir",
};

export function addStartOptions(command: Command): Command {
  return command
    .addOption(nodeIdOption(`id of the node, 1 to ${maxNodeId}`))
    .option("--reset", "delete the development chain in <datadir>/dev and begin anew")
    .option(
      "--port <port>",
      "port for other nodes; 0: any free one (default: 63259 + 2 * nodeid)",
      parseWholeNumber,
    )
    .option(
      "--http-port <port>",
      "port of the HTTP API; 0: any free one (default: 63260 + 2 * nodeid)",
      parseWholeNumber,
    )
    .option(
      "--host <address>",
      "address that the HTTP API listens on; 0.0.0.0: all of IPv4, ::: all of IPv4 and IPv6 (default: localhost, in both)",
    )
    .option(
      "--allow-host <name>",
      "a name by which others call the HTTP API, also *.example.org; repeatable, or a list with commas",
      collect,
    )
    .option(
      "--allow-origin <origin>",
      "pages of this origin, such as https://example.org, may use the HTTP API; repeatable",
      collect,
    )
    .option(
      "--trust-proxy <address>",
      "address or network of a reverse proxy whose X-Forwarded-For names the client; repeatable",
      collect,
    )
    .option("--tls", "serve HTTPS, by a certificate that the node makes, so that the wallet works on phones")
    .option(
      "--tls-cert <file>",
      "serve HTTPS by the certificate in this file, with --tls-key; read anew on SIGHUP",
    )
    .option("--tls-key <file>", "the key of the certificate of --tls-cert")
    .option(
      "--p2p-host <address>",
      "address that other nodes connect to (default: all IPv4 and IPv6 addresses)",
    )
    .option("--bootstrap <multiaddr>", "a node to connect to; repeatable, or a list with commas", collect)
    .option(
      "--announce <multiaddr>",
      "an address at which others reach this node, behind a router or in a container; repeatable",
      collect,
    )
    .option(
      "--max-per-address <count>",
      "how many nodes of one address may connect, such as those behind one router (default: 32)",
      parseWholeNumber,
    )
    .option(
      "--network-key-file <file>",
      "connect only with nodes that have the key in this file, which ccoin network-key makes",
    )
    .option(
      "--allow-peers <ids>",
      "connect only with these peers; repeatable, or a list with commas",
      collect,
    )
    .option("--genesis <id>", "adopt only the genesis block with this id")
    .addOption(
      new Option(
        "--genesis-timeout <ms>",
        `how long to wait for a genesis block (default: ${defaultGenesisTimeoutMs})`,
      ).argParser(parseWholeNumber),
    )
    .option("--no-mdns", "do not look for nodes on the local network")
    .option("--no-mine", "make no blocks and cast no votes, even as an authority")
    .option("--anonymous", "do not tell peers that this is an authority's node")
    .addOption(passphraseFileOption())
    .addOption(
      new Option(
        "--recovery <file>",
        "continue the chain from the recovery in this file, which all operators have agreed on; needed once",
      ),
    )
    .addOption(
      new Option(
        "--stop-timeout <ms>",
        "how long the node may take to close after a signal; then it is killed, and recovers at its next start",
      )
        .argParser(requireMilliseconds)
        .default(defaultStopTimeoutMs),
    )
    .option("--log-level <level>", `${logLevels.join(", ")} (default: info; without --nodeid: warn)`)
    .addOption(
      new Option("--log-format <format>", "default: text on a terminal, else json").choices(logFormats),
    )
    .option("--log-file <file>", "write the log to this file, and rotate it: 5 old files of 10 MB")
    .option("--config <file>", 'take options from this file, such as { "nodeid": 2, "mdns": false }')
    .option("--print-config", "print all options and where they are from, and start nothing");
}

/** Refuses options that make no sense for a development chain, which has no other node. */
export function refuseWithoutNodeId({
  bootstrap,
  announce,
  maxPerAddress,
  allowPeers,
  genesis,
  genesisTimeout,
  p2pHost,
  mine,
  anonymous,
  passphraseFile,
  recovery,
}: StartOptions): void {
  const given = {
    bootstrap,
    announce,
    "max-per-address": maxPerAddress,
    "allow-peers": allowPeers,
    genesis,
    "genesis-timeout": genesisTimeout,
    "p2p-host": p2pHost,
    "passphrase-file": passphraseFile,
    recovery,
    "no-mine": mine ? undefined : true,
    anonymous,
  };
  const [name] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (name)
    throw new UsageError(`--${name} needs --nodeid: without it, start runs a development chain of one node`);
}

/** The options as `parseNodeOptions` reads them. */
export function startInput(options: StartOptions) {
  return {
    dataDir: dataDirOf(options),
    p2pHost: options.p2pHost,
    p2pPort: options.port,
    httpHost: options.host,
    httpPort: options.httpPort,
    allowHosts: options.allowHost,
    allowOrigins: options.allowOrigin,
    trustProxies: options.trustProxy,
    tls: options.tls,
    tlsCert: options.tlsCert,
    tlsKey: options.tlsKey,
    bootstrap: options.bootstrap,
    announce: options.announce,
    maxPerAddress: options.maxPerAddress,
    networkKeyFile: options.networkKeyFile,
    allowPeers: options.allowPeers,
    mdns: options.mdns,
    mine: options.mine,
    anonymous: options.anonymous,
    genesisPin: options.genesis,
    genesisTimeoutMs: options.genesisTimeout,
    passphraseFile: options.passphraseFile,
    recoveryFile: options.recovery,
    // A line for every block would scroll away the addresses that the development chain prints.
    logLevel: options.logLevel ?? (options.nodeid === undefined ? "warn" : undefined),
  };
}
