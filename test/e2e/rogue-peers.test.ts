import { randomBytes } from "node:crypto";
import type { Stream } from "@libp2p/interface";
import { expect, onTestFinished, test } from "vitest";
import { blockIds, blocks, headers, height } from "../../protocols/index.ts";
import { createNetwork } from "./harness/network.ts";
import type { TestNode } from "./harness/node.ts";
import { type Answers, answerWith, frame, Rogue, statusAnswer } from "./harness/rogue.ts";
import { until } from "./harness/until.ts";
import { useShared } from "./harness/world.ts";

/** A part of the cost of a wrong message, since scores recover with time. */
const someOfMessage = 30;
const periodMs = 300;

/** A node for all tests, none of which may keep it from making blocks. */
const miner = useShared(async (world) => {
  const { nodes, genesisId } = await createNetwork(world, { nodes: 1, periodMs });
  const node = nodes[0]!.start("--no-mdns");
  await node.ready();
  return { node, genesisId };
});

/** Connects a rogue until the test ends. */
async function rogueOf(node: TestNode, answers: Answers = {}): Promise<Rogue> {
  const rogue = await Rogue.connect(node, { answers });
  onTestFinished(() => rogue.leave());
  return rogue;
}

/** Checks that the node makes nearly as many blocks as undisturbed. */
async function minesFor(node: TestNode, ms: number): Promise<void> {
  const before = (await node.status()).head!.height;
  await node.height(before + Math.floor((0.8 * ms) / periodMs), ms);
}

test("a peer that gossips garbage loses score and is banned", async () => {
  const { node, genesisId } = miner();
  for (const topic of ["blocks", "transactions"] as const) {
    const rogue = await rogueOf(node);
    await rogue.publish(topic, genesisId, randomBytes(100));
    await rogue.pays(-someOfMessage);
    await rogue.publish(topic, genesisId, randomBytes(10));
    await until("it is banned", () => !rogue.connected);
  }
  await minesFor(node, 3_000);
});

test("a peer of another chain is disconnected without losing score", async () => {
  const { node } = miner();
  const rogue = await rogueOf(node, {
    [height.id]: statusAnswer({ genesisId: `0x${"9".repeat(64)}` }),
  });
  await until("it is disconnected", () => !rogue.connected);
  await node.logs("the peer follows another chain");
  await rogue.dial().catch(() => undefined);
  await until("it is kept away", () => !rogue.connected);
  await minesFor(node, 3_000);
});

/** A peer that may only be slow, or has lost its blocks, is left out for a while and keeps its score. */
const liars: [name: string, answers: Answers, isBanned: boolean][] = [
  ["answer with garbage", garbage(), true],
  ["answer with frames over the caps", oversized(), true],
  ["say nothing more", silent(), false],
  ["hang up", hangingUp(), false],
  ["have no block to show", empty(), false],
];

test.each(liars)(
  "peers that claim a better chain and then %s do not keep the node from mining",
  async (_name, answers, isBanned) => {
    const { node, genesisId } = miner();
    const claim = (headId = randomBytes(32)) =>
      statusAnswer({ genesisId, height: 10_000, headId, totalDifficulty: 20_000, justifiedRound: 10_000 });
    let asked = 0;
    const count = (answer: (stream: Stream) => void) => (stream: Stream) => {
      asked++;
      answer(stream);
    };
    const counted = Object.fromEntries(Object.entries(answers).map(([id, answer]) => [id, count(answer)]));
    const rogues = await Promise.all(
      [1, 2, 3].map(() => rogueOf(node, { [height.id]: claim(), ...counted })),
    );
    await minesFor(node, 4_000);
    await until("they are asked for the chain that they claim", () => asked >= rogues.length);
    if (isBanned) await until("they are banned", () => !rogues.some(({ connected }) => connected));
    else expect(await Promise.all(rogues.map((rogue) => rogue.score()))).toEqual([0, 0, 0]);
    expect(node.log().filter(({ msg }) => msg === "mode: boot")).toEqual([]);
  },
);

function forAll(answer: (stream: Stream) => void): Answers {
  return Object.fromEntries([blockIds, headers, blocks].map(({ id }) => [id, answer]));
}

function garbage(): Answers {
  return forAll((stream) => answerWith(new Uint8Array(7).fill(0xff))(stream));
}

function oversized(): Answers {
  return forAll((stream) => void stream.send(frame(new Uint8Array(10), 2 ** 26)));
}

function silent(): Answers {
  return forAll(() => undefined);
}

function hangingUp(): Answers {
  return forAll((stream) => void stream.close().catch(() => undefined));
}

/** Answers with empty pages, which are complete answers. */
function empty(): Answers {
  return {
    [blockIds.id]: answerWith(blockIds.response.serialize({ height: 0, ids: [] })),
    [headers.id]: answerWith(headers.response.serialize([])),
  };
}
