import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { table } from "../../src/cli/output.ts";
import type { Status } from "../../src/client/index.ts";
import { commandLine, defaultHttpPort, defaultP2pPort } from "../../src/config/index.ts";
import { messageOf } from "../../src/util/errors.ts";
import { wholeNumber } from "./ccoin.ts";
import { type DevnetNode, lastLines, startNodes, stopNodes } from "./nodes.ts";
import { prepareData } from "./prepare.ts";

const maxNodes = 32;
/** Nodes of a loaded machine need some time to start, to connect and to make the first block. */
const readyTimeoutMs = 60_000;

const stopped = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopped.abort());
// A closed pipe (`devnet.sh | head`) stops the network like Ctrl-C.
process.stdout.on("error", () => stopped.abort());

const kept = process.env["CCOIN_DATADIR"];
const dataDir = kept ? resolve(kept) : mkdtempSync(join(tmpdir(), "ccoin-devnet-"));
const nodes: DevnetNode[] = [];
let failed = false;
try {
  await run();
} catch (error) {
  if (!stopped.signal.aborted) {
    failed = true;
    console.error(`devnet: ${messageOf(error)}`);
  }
} finally {
  // On a terminal the line already has the heights and ^C.
  if (nodes.length > 0) console.log(`${process.stdout.isTTY ? "\n" : ""}stopping…`);
  await stopNodes(nodes);
}
// Keeps the logs of a failure.
if (!kept && !(failed && nodes.length > 0)) rmSync(dataDir, { recursive: true, force: true });
else console.log(`data and logs: ${dataDir}`);
process.exit(failed ? 1 : 0);

async function run(): Promise<void> {
  const count = nodeCount();
  const periodMs = wholeNumber(process.env["CCOIN_PERIOD"] ?? "1000", "CCOIN_PERIOD", 100, 2 ** 31 - 1);
  // The nodes would say that they do not read it.
  delete process.env["CCOIN_PERIOD"];
  await checkPorts(count);
  console.log(`preparing ${count} nodes in ${dataDir}`);
  const { genesisId, addresses } = await prepareData({ dataDir, count, periodMs, signal: stopped.signal });
  stopped.signal.throwIfAborted();
  nodes.push(...startNodes({ dataDir, count, genesisId }));
  await untilReady();
  printNodes(genesisId, addresses);
  await follow();
}

function nodeCount(): number {
  const [text = "4", ...rest] = process.argv.slice(2);
  if (rest.length > 0) throw new Error("usage: scripts/devnet.sh [N]");
  return wholeNumber(text, "the number of nodes", 1, maxNodes);
}

/** Resolves when every node answers that it is ready. */
async function untilReady(): Promise<void> {
  const deadline = Date.now() + readyTimeoutMs;
  for (const node of nodes) {
    while ((await fetchStatus(node.url))?.mode !== "ready") {
      const ended = nodes.find((each) => each.code !== undefined);
      if (ended)
        throw new Error(
          `node ${ended.id} ended with code ${ended.code}; its last words:\n${lastLines(ended)}`,
        );
      if (Date.now() > deadline) {
        throw new Error(
          `node ${node.id} is not ready after ${readyTimeoutMs / 1000} s; its last words:\n${lastLines(node)}`,
        );
      }
      await sleep(100, undefined, { signal: stopped.signal });
    }
  }
}

function printNodes(genesisId: string, addresses: readonly string[]): void {
  const rows = nodes.map(({ id, url }, index) => [`node ${id}`, `${url}  ${addresses[index]}`] as const);
  const [to = addresses[0]] = addresses.slice(1);
  console.log(`\n${table(rows)}\n\ngenesis ${genesisId}`);
  console.log("\nsend something (in another terminal):");
  console.log(`  ${commandLine(`send --datadir=${dataDir} --nodeid=1 --to=${to} --amount=5 --wait`)}`);
  console.log("\nCtrl-C stops all nodes.\n");
}

/** Waits for Ctrl-C or the end of the last node, and shows the heights on a terminal. */
async function follow(): Promise<void> {
  const told = new Set<DevnetNode>();
  for (;;) {
    for (const node of nodes) {
      if (node.code === undefined || told.has(node)) continue;
      told.add(node);
      console.log(`\nnode ${node.id} ended with code ${node.code}`);
    }
    if (told.size === nodes.length)
      throw new Error(`all nodes have ended; the last words of node 1:\n${lastLines(nodes[0]!)}`);
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${await heightsLine(nodes)}`);
    await sleep(500, undefined, { signal: stopped.signal });
  }
}

/** Resolves to the status, or to undefined if the node does not answer. */
async function fetchStatus(url: string): Promise<Status | undefined> {
  try {
    const response = await fetch(`${url}/v1/status`, { signal: AbortSignal.timeout(2_000) });
    return response.ok ? ((await response.json()) as Status) : undefined;
  } catch {
    return undefined;
  }
}

/** Resolves to a line like `heights 12 12 12 12   finalized 11`. */
async function heightsLine(nodes: readonly DevnetNode[]): Promise<string> {
  const statuses = await Promise.all(nodes.map((node) => fetchStatus(node.url)));
  const heights = statuses.map((status) => status?.head?.height ?? "-").join(" ");
  const finalized = Math.max(0, ...statuses.map((status) => status?.finalized?.height ?? 0));
  return `heights ${heights}   finalized ${finalized}`;
}

/** Checks the ports of the nodes 1 to `count`. @throws if one is taken */
async function checkPorts(count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  const ports = ids.flatMap((id) => [defaultP2pPort(id), defaultHttpPort(id)]);
  const free = await Promise.all(ports.map(isFree));
  const taken = ports.filter((_, index) => !free[index]);
  if (taken.length === 0) return;
  const which = taken.length === 1 ? `port ${taken[0]} is` : `ports ${taken.join(", ")} are`;
  throw new Error(`${which} in use: is another devnet or node running? Stop it first`);
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
