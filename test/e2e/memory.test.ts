import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultScrypt } from "../../src/accounts/keystore.ts";
import { minMemoryBytes } from "../../src/cli/memory.ts";
import { sameChain, stopAndVerify } from "./harness/checks.ts";
import { limitMemory } from "./harness/memory-limit.ts";
import { createNetwork } from "./harness/network.ts";
import { TestNode } from "./harness/node.ts";
import { Traffic } from "./harness/traffic.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

const mebibyte = 2 ** 20;
const loopback = "127.0.0.1";

test("an authority in a container with 256 MB starts with an account of the usual cost, and makes blocks under transfers", async ({
  skip,
}) => {
  const world = createWorld();
  const limit = limitMemory(world, "container", 256 * mebibyte);
  if (!limit) return skip("this process may not limit memory");
  const places = [[], [], [], limit.enter].map((enter) => ({ address: loopback, enter }));
  const network = await createNetwork(world, { nodes: places, scrypt: defaultScrypt });
  const { nodes } = network;
  const small = nodes.at(-1)!;
  for (const node of nodes) node.start();
  for (const node of nodes)
    await node.until("it has all peers", ({ mode, peers }) => mode === "ready" && peers >= 3);
  const traffic = new Traffic(network, 5);
  const { head } = await small.status();
  await small.height(head!.height + 40);
  await traffic.stop();
  const proposers = await Promise.all(
    Array.from({ length: 20 }, async (_, at) => (await small.block(head!.height + 10 + at)).proposer),
  );
  expect(proposers).toContain(network.wallets.at(-1)!.address);
  console.log(
    `most memory at one time: ${(limit.peakBytes() / mebibyte).toFixed()} MiB, ${traffic.accepted.size} transfers`,
  );
  await sameChain(nodes, { atLeast: head!.height + 40 });
  await stopAndVerify(nodes);
});

test("a container that is too small for a node is told so, and nothing is made", async ({ skip }) => {
  const world = createWorld();
  const limit = limitMemory(world, "small", minMemoryBytes - mebibyte);
  if (!limit) return skip("this process may not limit memory");
  const node = new TestNode(world, 1, { address: loopback, enter: limit.enter });
  const { code, stderr } = await node.start().process.ended;
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(
      /^error: this process may use 207 MiB of memory, and a node needs 208 MiB to start: [^\n]*\n$/,
    ),
  });
  expect(() => readFileSync(node.paths.account)).toThrow("ENOENT");
});

test("a node that is asked without end starts V8's optimizing compilers", async () => {
  const world = createWorld();
  const { nodes } = await createNetwork(world, { nodes: 1 });
  const node = nodes[0]!;
  const trace = join(world.dataDir, "trace");
  node.flags = [...node.flags, "--trace-opt", "--redirect-code-traces", `--redirect-code-traces-to=${trace}`];
  await node.start("--no-mdns").ready();
  const isCompiled = async () => {
    await Promise.all(Array.from({ length: 100 }, () => node.status()));
    return readFileSync(trace, "utf8").includes("completed optimizing");
  };
  await until("it has compiled a function", isCompiled, { timeoutMs: 60_000 });
});
