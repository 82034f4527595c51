import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultHttpPort, defaultP2pPort } from "../../src/config/index.ts";
import { cliPath, nodeFlags } from "./ccoin.ts";

/** Longer than the 5 s that a node may take to close after a signal. */
const stopTimeoutMs = 8_000;
const shownLogLines = 15;

export interface DevnetNode {
  id: number;
  url: string;
  logFile: string;
  /** Offset in the log at which this run begins. */
  logStart: number;
  process: ChildProcess;
  /** The exit code or signal, once the node has ended. */
  code: number | string | undefined;
}

/** Starts the nodes 1 to `count` on loopback; each knows the ports of all others. */
export function startNodes(options: { dataDir: string; count: number; genesisId: string }): DevnetNode[] {
  const { dataDir, count, genesisId } = options;
  const logs = join(dataDir, "logs");
  mkdirSync(logs, { recursive: true });
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  return ids.map((id) => {
    const bootstrap = ids
      .filter((other) => other !== id)
      .map((other) => `/ip4/127.0.0.1/tcp/${defaultP2pPort(other)}`);
    const args = [
      ...[cliPath, "start", `--nodeid=${id}`, "--datadir", dataDir, "--genesis", genesisId],
      ...["--no-mdns", "--p2p-host=127.0.0.1", "--host=127.0.0.1", `--bootstrap=${bootstrap.join(",")}`],
    ];
    const logFile = join(logs, `node-${id}.log`);
    const log = openSync(logFile, "a", 0o600);
    const logStart = fstatSync(log).size;
    const [command, ...rest] = [...dieWithParent(), process.execPath, ...nodeFlags, ...args];
    // Detached: a terminal's Ctrl-C reaches this process only, which then stops each node once.
    const child = spawn(command!, rest, { stdio: ["ignore", log, log], detached: true });
    closeSync(log);
    const node: DevnetNode = {
      id,
      url: `http://127.0.0.1:${defaultHttpPort(id)}`,
      logFile,
      logStart,
      process: child,
      code: undefined,
    };
    child.once("exit", (code, signal) => {
      node.code = code ?? signal ?? "unknown";
    });
    child.once("error", (error) => {
      node.code = error.message;
    });
    return node;
  });
}

/** Makes the kernel stop the nodes if this process is killed; needs setpriv of util-linux. */
export function dieWithParent(): string[] {
  const setpriv = "/usr/bin/setpriv";
  return process.platform === "linux" && existsSync(setpriv) ? [setpriv, "--pdeathsig", "SIGTERM"] : [];
}

/** Stops all nodes, first by a signal and then by a kill; resolves when they have ended. */
export async function stopNodes(nodes: readonly DevnetNode[]): Promise<void> {
  await Promise.all(
    nodes.map(async (node) => {
      if (node.code !== undefined) return;
      const ended = once(node.process, "exit");
      node.process.kill("SIGTERM");
      const late = new AbortController();
      // It is aborted when the node has ended.
      const timeout = sleep(stopTimeoutMs, "late", { signal: late.signal }).catch(() => undefined);
      if ((await Promise.race([ended, timeout])) === "late") {
        console.error(`node ${node.id} does not stop: killed`);
        node.process.kill("SIGKILL");
        await ended;
      }
      late.abort();
    }),
  );
}

export function lastLines({ logFile, logStart }: DevnetNode): string {
  const lines = readFileSync(logFile)
    .subarray(logStart)
    .toString()
    .trimEnd()
    .split("\n")
    .slice(-shownLogLines);
  return lines.map((line) => `  ${line}`).join("\n");
}
