import { expect, test } from "vitest";
import { sameChain, stopAndVerify } from "./harness/checks.ts";
import { FinalityWatch, noEvidence, timeToFinal } from "./harness/finality.ts";
import { createNetwork, startAll } from "./harness/network.ts";
import { TestNode } from "./harness/node.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

interface Answer {
  proposal: { votes: number; needed: number; enacted: boolean };
  warnings: { code: string; detail: string }[];
}

test("three of four authorities vote in a fifth; after two of five fail, the others vote one out and finality resumes", async () => {
  const world = createWorld();
  const network = await createNetwork(world, { nodes: 4, periodMs: 400 });
  const { nodes, wallets } = network;
  const [first, second, third, fourth] = nodes as [TestNode, TestNode, TestNode, TestNode];
  const voters = [first, second, third];
  const propose = (node: TestNode, kind: "add" | "remove" | "drop", address: string) =>
    world.ccoinJson<Answer>(["propose", kind, address, `--nodeid=${node.id}`]);
  const { address: newcomer } = await world.ccoinJson<{ address: string }>(["create-account", "--nodeid=5"]);
  const fifth = new TestNode(world, 5);
  await startAll(network);
  // By then each authority has signed one, and is known to be alive.
  await first.finalizes(8, 30_000);

  // No node has heard of the fifth node yet.
  const early = await propose(first, "add", newcomer);
  expect(early.warnings.map(({ code }) => code)).toEqual(["CANDIDATE_NOT_IN_SYNC"]);
  expect(early.proposal).toMatchObject({ needed: 3, enacted: false });
  const spoken = await world.ccoin(["propose", "add", newcomer, "--nodeid=1"]);
  expect(spoken).toMatchObject({ code: 0, stdout: expect.stringContaining("of 3 votes so far") });
  expect(spoken.stderr).toContain("not known to be in sync");
  const wrong = await world.ccoin(["propose", "add", wallets[1]!.address, "--nodeid=1"]);
  expect(wrong.code).not.toBe(0);

  fifth.start();
  await fifth.ready(30_000);
  const all = [...nodes, fifth];
  const watch = new FinalityWatch(all);
  await propose(second, "add", newcomer);
  // Two of the three needed votes change nothing.
  await until("both votes are in blocks", async () => (await third.authorities()).openVotes.length === 2);
  const waitsAt = (await first.status()).head!.height;
  await first.height(waitsAt + 4);
  expect((await first.authorities()).authorities).toHaveLength(4);
  expect((await first.authorities()).proposals).toMatchObject([{ kind: "add", votes: 2, enacted: false }]);

  await propose(third, "add", newcomer);
  for (const node of all) {
    await until(`node ${node.id} has the new authority`, async () =>
      (await node.authorities()).authorities.some(({ address }) => address === newcomer),
    );
  }
  await noProposals(voters);
  const added = await blocksBy(first, newcomer);
  expect(added).toBeGreaterThan(0);
  await timeToFinal(network, { from: 0, by: fifth, nodes: all });

  // Three of five are a majority, so blocks go on; four are a quorum, so finality waits.
  await fourth.kill();
  await fifth.kill();
  // Votes that were under way may still make something final.
  await first.height((await first.status()).head!.height + 3, 60_000);
  const { finalized, head } = await first.status();
  await first.height(head!.height + 4, 60_000);
  expect((await first.status()).finalized).toEqual(finalized);
  const waiting = await until("finality's wait is explained", async () =>
    (await first.diagnosis()).findings.find(({ code }) => code === "FINALITY_WAITING"),
  );
  expect(waiting.detail).toContain(wallets[3]!.address);
  expect(waiting.detail).toContain(newcomer);

  const gone = wallets[3]!.address;
  for (const node of voters) {
    expect((await propose(node, "remove", gone)).warnings).toEqual([]);
  }
  for (const node of voters) {
    await until(
      `node ${node.id} has one authority less`,
      async () => (await node.authorities()).authorities.length === 4,
      { timeoutMs: 60_000 },
    );
    await node.finalizes(finalized!.height + 5, 90_000);
  }
  await noProposals(voters);
  const { authorities } = await first.authorities();
  expect(authorities.map(({ address }) => address)).not.toContain(gone);

  const third4 = await propose(first, "remove", newcomer);
  expect(third4.warnings.map(({ code }) => code)).toEqual(["NO_FAULT_TOLERANCE"]);
  await propose(first, "drop", newcomer);
  expect((await first.authorities()).proposals).toEqual([]);

  fourth.start();
  fifth.start();
  for (const node of all) await node.finalizes(finalized!.height + 8, 60_000);
  await sameChain(all);
  await watch.stop();
  await noEvidence(all);
  await stopAndVerify(all);
});

/** Waits until no node has a proposal left: the changes are in final blocks then. */
async function noProposals(nodes: readonly TestNode[]): Promise<void> {
  for (const node of nodes) {
    await until(
      `the proposals of node ${node.id} are done`,
      async () => {
        const { proposals } = await node.authorities();
        if (proposals.length > 0) throw new Error(JSON.stringify(proposals));
        return true;
      },
      { timeoutMs: 30_000 },
    );
    await node.logs("proposal enacted");
  }
}

/** Waits for a block of the authority, and returns its height. */
function blocksBy(node: TestNode, proposer: string): Promise<number> {
  return until("the new authority makes blocks", async () => {
    const { blocks } = await node.get<{ blocks: { height: number; proposer: string }[] }>("/v1/blocks");
    return blocks.find((block) => block.proposer === proposer)?.height;
  });
}
