import { expect, onTestFinished, test } from "vitest";
import { productRules } from "../../../src/chain/rules.ts";
import { parameterVote } from "../../../src/types/index.ts";
import { laterRules } from "../../rules-2.ts";
import { BlockMaker, testGenesis } from "../support/chain.ts";
import { FakeNetwork } from "../support/network.ts";
import { type SyncNode, settledClock, syncNode, until } from "../support/sync-node.ts";

const genesis = await testGenesis(3, { slotMs: 500 });
const maker = new BlockMaker(genesis, laterRules);
const before = await maker.extend(maker.start(), 8);
let enacting = before;
for (let votes = 0; votes < 2; votes++)
  enacting = await maker.block(enacting, { edit: { vote: parameterVote("rules", 2) } });
const after = await maker.extend(enacting, 12);

async function setUp(rules = productRules) {
  const clock = settledClock();
  const net = new FakeNetwork(clock);
  const node = await syncNode(net, "node", genesis, { rules });
  const peer = await syncNode(net, "peer", genesis, { rules: laterRules });
  const nodes: SyncNode[] = [node, peer];
  onTestFinished(async () => {
    for (const one of nodes) await one.stop();
  });
  await peer.addAll(after);
  for (const one of nodes) one.start();
  net.connect(node.network, peer.network);
  return { clock, net, node, peer };
}

test("a program that knows the later rules downloads across the change", async () => {
  const { clock, node } = await setUp(laterRules);
  await until(clock, () => node.chain.head.idHex === after.idHex);
  expect(node.network.penalties).toEqual([]);
});

test("a program that does not know them downloads up to the block that enacts them, blames no peer, and requests nothing above", async () => {
  const { clock, net, node } = await setUp();
  await until(clock, () => node.chain.head.idHex === enacting.idHex);
  await clock.advance(30_000);
  expect(node.chain.head.idHex).toBe(enacting.idHex);
  expect(node.network.penalties).toEqual([]);
  expect(node.statuses.get("peer")).toMatchObject({ isFollowed: true, status: { rules: 2 } });
  net.requests.length = 0;
  await node.inbox.fetch(after.id, "peer");
  await clock.advance(20_000);
  const asked = new Set(net.requests.filter(({ from }) => from === "node").map(({ protocol }) => protocol));
  expect([asked.has("blocks"), asked.has("blocks-by-id"), asked.has("block-transactions")]).toEqual([
    false,
    false,
    false,
  ]);
});

test("a peer with another digest is neither followed nor blamed, and warned about only a few times in an hour", async () => {
  const { clock, net, node, peer } = await setUp(laterRules);
  await until(clock, () => node.chain.head.idHex === after.idHex);
  const told: string[] = [];
  node.statuses.events.on("status", (status) => told.push(status.peer));
  let turn = 0;
  net.fault = (answerer, protocol) =>
    answerer === "peer" && protocol === "height"
      ? {
          async *answer() {
            yield { ...peer.status(), digest: Uint8Array.of(9, 9, 0, turn++) };
          },
        }
      : undefined;
  for (let round = 0; round < 30; round++) {
    await node.statuses.ask("peer");
    await clock.advance(1);
  }
  expect(turn).toBeGreaterThanOrEqual(30);
  expect(node.statuses.all()).toEqual([]);
  expect(node.statuses.get("peer")).toMatchObject({ isFollowed: false });
  expect(told).toEqual([]);
  expect(node.network.penalties).toEqual([]);
  expect(node.network.peers().map(({ id }) => id)).toEqual(["peer"]);
  expect(node.logs.filter((line) => line.includes("other recoveries"))).toHaveLength(4);
});
