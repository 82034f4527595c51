import { expect, test } from "vitest";
import { FinalityProof } from "../../src/types/index.ts";
import { fromHex, toHex } from "../../src/util/bytes.ts";
import { laterRules, moreByRules2 } from "../rules-2.ts";
import { nobodyIsBlamed, sameChain, stopAndVerify } from "./harness/checks.ts";
import { noEvidence } from "./harness/finality.ts";
import { createNetwork } from "./harness/network.ts";
import { HttpError, type TestNode } from "./harness/node.ts";
import { laterReleasePath } from "./harness/process.ts";
import { asShown, printsAsShown } from "./harness/shown.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

const reward = 5n;

test("a node that does not know the rules that the others enact stops there, keeps serving, and continues after its upgrade", async () => {
  const world = createWorld();
  const network = await createNetwork(world, {
    nodes: 4,
    name: "demo",
    periodMs: 300,
    blockReward: reward.toString(),
  });
  const { nodes } = network;
  const upgraded = nodes.slice(0, 3);
  const late = nodes[3]!;
  for (const node of upgraded) node.program = laterReleasePath;
  for (const node of nodes) node.start();
  for (const node of nodes) {
    await node.until(
      `node ${node.id} is ready`,
      ({ mode, peers }) => mode === "ready" && peers >= 3,
      120_000,
    );
  }
  await late.finalizes(1);
  expect((await upgraded[0]!.status()).knownRules).toBe(2);
  expect((await late.status()).knownRules).toBe(1);
  const known = async () => (await late.peers()).map(({ knownRules }) => knownRules);
  await until("the late node hears what the others know", async () => `${await known()}` === "2,2,2");
  await until("the first node hears what the others know", async () => {
    const { peers } = await upgraded[0]!.get<{ peers: { rules: number; knownRules: number }[] }>("/v1/peers");
    const lines = peers.map(({ rules, knownRules }) => JSON.stringify({ rules, knownRules }));
    printsAsShown(
      "curl -s http://127.0.0.1:63262/v1/peers | jq -c '.peers[] | {rules, knownRules}'",
      lines.sort().join("\n"),
    );
    return true;
  });

  // The program refuses to propose rules that would stop it.
  const refused = await asShown(world, "ccoin propose set rules=2 --nodeid=4");
  expect(refused.code).toBe(1);
  expect((await asShown(world, "ccoin propose set rules=2 --nodeid=1")).code).toBe(0);
  for (const { id } of upgraded.slice(1)) {
    const { warnings } = await world.ccoinJson<{ warnings: { code: string }[] }>([
      "propose",
      "set",
      "rules=2",
      `--nodeid=${id}`,
    ]);
    expect(warnings.map(({ code }) => code)).toContain("NODES_TO_UPGRADE");
  }

  const line = await late.logs("STOPPED AT BLOCK", { rules: 2, knownRules: 1 });
  expect(line.msg).toContain("install a release of ccoin that knows version 2");
  const { height } = line as unknown as { height: number };
  const goesOn = (await upgraded[0]!.height(height + 4)).head!.height;
  for (const node of upgraded) await node.finalizes(height + 2);

  // The late node serves its blocks and says what to do.
  const stopped = await late.status();
  expect(stopped).toMatchObject({ mode: "boot", knownRules: 1, parameters: { rules: 2 }, head: { height } });
  expect(await late.block(height)).toMatchObject({ id: stopped.head!.id });
  const { state, findings } = await late.diagnosis();
  expect([state, findings[0]?.code]).toEqual(["halted", "UNKNOWN_RULES"]);
  expect(await reasonOfNotReady(late)).toContain("version 2 of the rules");
  await until("the late node's status is as the page shows it", async () => {
    await asShown(world, "ccoin status --nodeid=4");
    return true;
  });
  expect(late.isRunning).toBe(true);
  await allFollowEachOther(nodes);
  await nobodyIsBlamed(nodes);
  const { blocks } = await upgraded[0]!.get<{ blocks: { height: number; proposer: string }[] }>("/v1/blocks");
  const since = blocks.filter((block) => block.height > height);
  expect(since.some(({ proposer }) => proposer === stopped.address)).toBe(false);
  const { finalized, proof } = await upgraded[0]!.provenFinality();
  expect(finalized!.height).toBeGreaterThan(height);
  const { finalization } = FinalityProof.deserialize(fromHex(proof.ssz));
  expect(finalization.voters.map(toHex)).not.toContain(toHex(network.wallets[3]!.signer.publicKey));

  // A fee that is enough under rules 1 is too low under rules 2.
  const answer = await upgraded[0]!.get<{ mempool: { minFee: string } }>("/v1/status");
  expect(BigInt(answer.mempool.minFee)).toBe(moreByRules2);

  await late.stop();
  late.program = laterReleasePath;
  late.start();
  await late.ready();
  await late.finalizes(goesOn);
  await until("its status is as the page shows it", async () => {
    await asShown(world, "ccoin status --nodeid=4", 1);
    return true;
  });
  await sameChain(nodes, { atLeast: goesOn });
  const added = (await late.status()).head!.height;
  await until("the late node makes blocks again", async () => {
    const page = await late.get<{ blocks: { height: number; proposer: string }[] }>("/v1/blocks");
    return page.blocks.some((block) => block.height > goesOn && block.proposer === stopped.address);
  });
  expect(added).toBeGreaterThan(height);
  await allFollowEachOther(nodes);
  await nobodyIsBlamed(nodes);
  await noEvidence(nodes);
  await stopAndVerify(nodes, laterRules);
});

async function reasonOfNotReady(node: TestNode): Promise<string> {
  const error = await node.get("/health/ready").catch((reason) => reason);
  if (!(error instanceof HttpError)) throw new Error("the node says that it is ready");
  expect(error).toMatchObject({ status: 503, code: "NOT_READY" });
  return error.message;
}

/** Waits until all nodes are connected to and follow each other. */
async function allFollowEachOther(nodes: readonly TestNode[]): Promise<void> {
  for (const node of nodes) {
    await until(`node ${node.id} follows all others`, async () => {
      const followed = (await node.peers()).filter((peer) => peer.followed);
      return followed.length === nodes.length - 1;
    });
  }
}
