import { readFileSync, rmSync } from "node:fs";
import { expect, test } from "vitest";
import { stopAndVerify } from "./harness/checks.ts";
import { createNetwork } from "./harness/network.ts";
import { TestNode } from "./harness/node.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

test("a lone node without a genesis block ends with code 1 and a one-line error", async () => {
  const world = createWorld();
  const node = new TestNode(world, 1).start("--genesis-timeout=2000", "--log-level=silent");
  const { code, stdout, stderr, afterMs } = await node.process.ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^error: no genesis block here and none offered by a peer within 2 s: [^\n]*\n$/);
  expect(afterMs).toBeGreaterThan(2_000);
  // The files that the start has made stay, and that is said once.
  const { address } = JSON.parse(readFileSync(node.paths.account, "utf8"));
  expect(stderr).toContain(`has made the account ${address}, which stays in ${node.paths.folder}`);

  // With the log on, the error is still printed only once.
  const loud = await node.start("--genesis-timeout=500", "--json").process.ended;
  expect(loud.code).toBe(1);
  const errors = loud.stderr
    .split("\n")
    .filter((line) => line.includes('"error"') || /"level":[56]0/.test(line));
  expect(errors).toHaveLength(1);
  expect(JSON.parse(errors[0]!)).toMatchObject({ error: { code: "NO_GENESIS" } });
  expect(errors[0]).not.toContain("account");
  await node.logs("mode: dying");
});

test("two different offers end the node with an error that names both, unless --genesis chooses one", async () => {
  const world = createWorld();
  const one = await createNetwork(world, { nodes: 1, name: "one" });
  const other = await createNetwork(world, { nodes: 1, firstId: 2, name: "other" });
  const makers = [one.nodes[0]!, other.nodes[0]!];
  for (const node of makers) node.start();
  for (const node of makers) await node.ready();

  // The node waits two seconds for other offers. On a busy machine the second may arrive later, and the test tries
  // again.
  const late = new TestNode(world, 3);
  const hasAdopted = async () => {
    late.start("--log-level=silent");
    return (
      (await until("it has ended or adopted one", async () => {
        if (late.process.end) return "ended";
        return (await late.status()).mode === "ready" && "adopted";
      })) === "adopted"
    );
  };
  for (let tries = 1; await hasAdopted(); tries++) {
    expect(tries).toBeLessThan(5);
    await late.kill();
    rmSync(late.paths.folder, { recursive: true });
  }
  const { code, stderr } = await late.process.ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: [^\n]*\n$/);
  expect(stderr).toContain(one.genesisId);
  expect(stderr).toContain(other.genesisId);
  expect(stderr).toContain("--genesis=<id>");

  late.start(`--genesis=${other.genesisId}`);
  const { genesisId } = await late.ready();
  expect(genesisId).toBe(other.genesisId);
  await late.height(1);
  for (const node of [...makers, late]) expect((await node.stop()).code).toBe(0);

  const wrong = await late.start(`--genesis=${one.genesisId}`, "--log-level=silent").process.ended;
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toMatch(/^error: [^\n]* holds the chain 0x[^\n]*\n$/);
});

test("nodes that wait for a genesis block adopt it when a node that has it joins", async () => {
  const world = createWorld();
  const { nodes, genesisId } = await createNetwork(world, { nodes: 1 });
  const early = [2, 3].map((id) => new TestNode(world, id).start());
  for (const node of early) await node.until("it has found the other", ({ peers }) => peers === 1);
  const maker = nodes[0]!.start();
  await maker.ready();
  for (const node of early) {
    expect((await node.ready()).genesisId).toBe(genesisId);
    await node.height(2);
  }
  await stopAndVerify([maker, ...early]);
});
