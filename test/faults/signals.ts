import { existsSync } from "node:fs";
import { stopWithinMs } from "../e2e/harness/checks.ts";
import { createNetwork } from "../e2e/harness/network.ts";
import type { TestNode } from "../e2e/harness/node.ts";
import type { World } from "../e2e/harness/open-world.ts";
import { patience, until } from "../e2e/harness/until.ts";
import type { Scenario } from "./scenario.ts";

const periodMs = 200;
/** The exit code after a terminal's second Ctrl-C. */
const interruptedCode = 130;

/** Sends SIGTERM at every log line of a node's start and stop, and starts a second instance; each `rounds` times. */
export const signals: Scenario = {
  name: "signals",
  /** `test/e2e/signals.test.ts` does the same at a few moments. */
  short: 0,
  full: 5,
  async run(world, { rounds, onRound }) {
    const network = await createNetwork(world, { nodes: 1, periodMs });
    const node = network.nodes[0]!;
    const lines = await linesOfALife(node);
    let ends = 0;
    for (let round = 1; round <= rounds; round++) {
      for (const line of lines) {
        await stopAtStart(node, line);
        await stopTwice(node, line);
        ends += 2;
      }
      await secondInstance(world, node);
      onRound(round);
    }
    start(node);
    await node.ready();
    const { head } = await node.height(2);
    await node.stop();
    await world.ccoinJson(["verify", "--nodeid=1"]);
    return `${lines.length} lines, ${rounds} times each: ${ends} clean ends, ${rounds} refused second instances; ${head!.height} blocks`;
  },
};

function start(node: TestNode): void {
  node.start("--no-mdns", "--log-level=debug");
}

/** Counts the log lines of a node until it is ready, and then until it has stopped. */
async function linesOfALife(node: TestNode): Promise<number[]> {
  start(node);
  await node.ready();
  const { stderr } = await node.stop();
  return stderr
    .trimEnd()
    .split("\n")
    .map((_, index) => index + 1);
}

/** Sends a signal as soon as the start has logged this many lines. */
async function stopAtStart(node: TestNode, lines: number): Promise<void> {
  start(node);
  await said(node, lines);
  await endsWell(node, `after line ${lines} of a start`);
}

/**
 * Sends a second signal, like a person in a hurry, as soon as the stop has logged this many lines. The next start must
 * continue.
 */
async function stopTwice(node: TestNode, lines: number): Promise<void> {
  start(node);
  await node.ready();
  const before = countLines(node);
  node.process.signal("SIGTERM");
  await until("the stop has said something", () => node.process.end || countLines(node) >= before + lines, {
    everyMs: 1,
  });
  node.process.signal("SIGTERM");
  const { code, stderr } = await node.process.ended;
  if (patience.factor > 1 && stderr.includes("did not close within")) return;
  if (code !== 0 && code !== interruptedCode) throw new Error(`ended with ${code}: ${stderr.slice(-1_000)}`);
}

async function endsWell(node: TestNode, when: string): Promise<void> {
  const { code, signal, stopMs, stderr } = await node.stop();
  // On a busy machine the node reports that it did not close in time, and leaves its lock file.
  if (patience.factor > 1 && stderr.includes("did not close within")) return;
  if (code !== 0) throw new Error(`${when}: ended with ${code ?? signal}: ${stderr.slice(-1_000)}`);
  if (stopMs > stopWithinMs()) throw new Error(`${when}: the stop took ${Math.round(stopMs)} ms`);
  if (existsSync(node.paths.lock)) throw new Error(`${when}: the lock file is there`);
}

async function said(node: TestNode, lines: number): Promise<void> {
  await until(`${lines} lines`, () => node.process.end || countLines(node) >= lines, {
    everyMs: 1,
  });
}

function countLines({ process: { stderr } }: TestNode): number {
  return stderr.split("\n").length - 1;
}

async function secondInstance(world: World, node: TestNode): Promise<void> {
  start(node);
  await node.ready();
  for (const args of [
    ["start", "--nodeid=1", "--port=0", "--http-port=0"],
    ["verify", "--nodeid=1"],
  ]) {
    const { code, stderr } = await world.ccoin(args);
    if (code !== 1 || !stderr.includes(`is in use by process ${node.process.pid} `))
      throw new Error(`a second ${args[0]} ended with ${code}: ${stderr}`);
  }
  await endsWell(node, "after a second instance");
}
