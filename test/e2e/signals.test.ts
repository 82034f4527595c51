import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { includedOnce, stopAndVerify, stopWithinMs } from "./harness/checks.ts";
import { createNetwork, startAll } from "./harness/network.ts";
import { createRandom, seed } from "./harness/random.ts";
import { Traffic } from "./harness/traffic.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

const rounds = 5;

test("SIGTERM and SIGINT at any moment of a start close the node, and the next start works", async () => {
  const random = createRandom();
  const { nodes } = await createNetwork(createWorld(), { nodes: 1, periodMs: 200 });
  const node = nodes[0]!;
  console.log(`seed ${seed}`);
  // The duration of a start depends on the machine.
  const startedAt = performance.now();
  node.start();
  await node.ready();
  const startMs = performance.now() - startedAt;
  await node.stop();
  let closed = 0;
  for (let round = 0; round < rounds; round++) {
    node.start();
    // The signal comes at any moment; in the last rounds it comes after a log line, when the node surely can close.
    if (round < rounds - 2) await sleep((1.2 * startMs * (round + random())) / rounds);
    else await until("it says something", () => node.log().length > 3 * random(), { everyMs: 5 });
    const { code, signal, stopMs, stderr } = await node.stop(round % 2 === 0 ? "SIGTERM" : "SIGINT");
    expect(stopMs, stderr).toBeLessThan(stopWithinMs());
    // Before the node has loaded, the signal ends it like any other program.
    if (code === null) expect({ signal: signal !== null, stderr }).toEqual({ signal: true, stderr: "" });
    else expect(code, stderr).toBe(0);
    if (code === 0) closed++;
    expect(existsSync(node.paths.lock)).toBe(false);
  }
  expect(closed).toBeGreaterThan(1);
  node.start();
  await node.ready();
  await node.height(2);
  await stopAndVerify(nodes);
});

test("a signal under load closes the node within 5 s, and the next start continues", async () => {
  const random = createRandom();
  const network = await createNetwork(createWorld(), { nodes: 2, periodMs: 200 });
  const [node, other] = network.nodes as [(typeof network.nodes)[0], (typeof network.nodes)[0]];
  await startAll(network);
  const traffic = new Traffic(network, 5);
  for (const signal of ["SIGTERM", "SIGINT", "SIGTERM"] as const) {
    const { accepted } = traffic;
    const before = accepted.size;
    await until("it is under load", () => accepted.size > before + 20);
    await sleep(random() * 300);
    const { code, stopMs, stderr } = await node.stop(signal);
    expect({ code, late: stopMs > stopWithinMs() }, stderr).toEqual({ code: 0, late: false });
    const { head } = await other.status();
    node.start();
    await node.ready();
    // Both authorities are needed.
    await other.height(head!.height + 2);
  }
  await traffic.stop();
  await includedOnce(network.nodes, traffic.accepted);
  await stopAndVerify(network.nodes);
});

test("a second process on the same data ends with an error that names the first", async () => {
  const world = createWorld();
  const { nodes } = await createNetwork(world, { nodes: 1, periodMs: 200 });
  const node = nodes[0]!.start();
  const { head } = await node.ready();
  const commands = [
    ["start", "--nodeid=1", "--port=0", "--http-port=0"],
    ["verify", "--nodeid=1"],
    ["export", "--nodeid=1", `${world.dataDir}/chain`],
  ];
  for (const args of commands) {
    const { code, stdout, stderr } = await world.ccoin(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^error: [^\n]*\n$/);
    expect(stderr).toContain(`is in use by process ${node.process.pid} `);
  }
  await node.height(head!.height + 2);
  // The lock file of a killed process does not keep the next one out.
  await node.kill();
  expect(existsSync(node.paths.lock)).toBe(true);
  node.start();
  await node.ready();
  await stopAndVerify(nodes);
});
