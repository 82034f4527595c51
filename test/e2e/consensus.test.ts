import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { voteSigningRoot } from "../../src/chain/vote-check.ts";
import { verifySignatures } from "../../src/crypto/ed25519.ts";
import { FinalityProof } from "../../src/types/index.ts";
import { fromHex, toHex } from "../../src/util/bytes.ts";
import { sameChain, stopAndVerify, totalIsRight } from "./harness/checks.ts";
import { FinalityWatch, noEvidence, timeToFinal } from "./harness/finality.ts";
import { createNetwork, startAll, type TestNetwork } from "./harness/network.ts";
import type { TestNode } from "./harness/node.ts";
import { createRandom, seed } from "./harness/random.ts";
import { patience, unchanged, until } from "./harness/until.ts";
import { createWorld, useShared } from "./harness/world.ts";

/** Bound of the median time to finality; `npm run bench -- latency` measures it. */
const medianWithinMs = 2_000 * patience.factor;
const loneWithinMs = 1_500 * patience.factor;
/** Bound for resuming: each round without a result takes up to 30 s. */
const resumesWithinMs = 90_000;
const transfers = 10;

async function transfersAreFinal(network: TestNetwork): Promise<void> {
  const { nodes } = network;
  for (const node of nodes) await node.finalizes(2, 30_000);
  const random = createRandom();
  const pick = () => Math.floor(random() * nodes.length);
  const slowestMs: number[] = [];
  for (let sent = 0; sent < transfers; sent++) {
    await sleep(random() * 500);
    slowestMs.push(Math.max(...(await timeToFinal(network, { from: pick(), by: nodes[pick()]!, nodes }))));
  }
  slowestMs.sort((a, b) => a - b);
  const median = slowestMs[transfers / 2]!;
  console.log(
    `seed ${seed}: sent -> final on all: median ${median.toFixed()} ms, max ${slowestMs.at(-1)!.toFixed()} ms`,
  );
  expect(median).toBeLessThan(medianWithinMs);
  for (const node of nodes) {
    await totalIsRight(network, node);
    expect(await node.block("finalized")).toMatchObject({ canonical: true, finalized: true });
  }
  await noEvidence(nodes);
}

test("a chain without empty blocks includes a lone transfer at once, finalizes it soon, and then rests", async () => {
  const network = await createNetwork(createWorld(), { nodes: 4, periodMs: 500, emptyBlockPeriodMs: 0 });
  const { nodes } = network;
  await startAll(network);
  const stand = () =>
    Promise.all(
      nodes.map(async (node) => {
        const [{ head, finalized }, { votes, justified }] = await Promise.all([
          node.status(),
          node.finality(),
        ]);
        return { head: head!.height, finalized: finalized!.height, round: votes.round, justified };
      }),
    );
  const took: number[] = [];
  for (const [index, by] of nodes.entries()) {
    // The transfer arrives long after the last block, outside of any period.
    await sleep(1_500);
    const before = await stand();
    expect(new Set(before.map(({ head }) => head))).toEqual(new Set([index]));
    expect(new Set(before.map(({ finalized }) => finalized))).toEqual(new Set([index]));
    took.push(Math.max(...(await timeToFinal(network, { from: index, by, nodes }))));
    // A quiet chain makes no block and starts no round.
    await until("all know all of it", async () =>
      (await stand()).every(({ head, finalized }) => head === index + 1 && finalized === head),
    );
    await unchanged("the chain", stand, { forMs: 2_500 });
    for (const node of nodes) {
      await until(`node ${node.id} says that it is quiet`, async () => {
        const { state, findings } = await node.diagnosis();
        const said = `${state}: ${findings.map(({ code }) => code)}`;
        if (said === "ok: QUIET") return true;
        throw new Error(said);
      });
    }
  }
  took.sort((a, b) => a - b);
  console.log(`a lone transfer is final on all after ${took.map((ms) => ms.toFixed()).join(", ")} ms`);
  expect(took[1]).toBeLessThan(loneWithinMs);
  await stopAndVerify(nodes);
});

async function haltsAndGoesOn(network: TestNetwork): Promise<void> {
  const { nodes, wallets, world } = network;
  const [first, second, third, fourth] = nodes as [TestNode, TestNode, TestNode, TestNode];
  const start = await first.finalizes(2, 30_000);

  await fourth.kill();
  const rest = [first, second, third];
  for (const node of rest) await node.finalizes(start.head!.height + 6, 60_000);
  await timeToFinal(network, { from: 0, by: second, nodes: rest });

  await third.kill();
  const survivors = [first, second];
  const names = [wallets[2]!.address, wallets[3]!.address];
  for (const node of survivors) {
    const { summary, findings } = await until(
      `node ${node.id} explains the halt`,
      async () => {
        const diagnosis = await node.diagnosis();
        if (diagnosis.state !== "halted") throw new Error(`${diagnosis.state}: ${diagnosis.summary}`);
        // The finding may first name an authority that was only slow for a moment.
        const missing = diagnosis.findings.find(({ code }) => code === "MISSING_AUTHORITIES")?.detail ?? "";
        const present = wallets.slice(0, 2).some(({ address }) => missing.includes(`${address} (`));
        if (present || names.some((name) => !missing.includes(name))) throw new Error(missing);
        return diagnosis;
      },
      { timeoutMs: 30_000 },
    );
    expect(summary).toMatch(/missing|needed/);
    const missing = findings.find(({ code }) => code === "MISSING_AUTHORITIES");
    expect(missing?.remedy).toContain("start the nodes");
    const { code, stdout } = await world.ccoin(["status", `--nodeid=${node.id}`]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^state +halted: /m);
    for (const name of names) expect(stdout).toContain(name);
    await until("its log says so", () =>
      node.log().some(({ level, msg }) => level >= 50 && msg.startsWith("halted: ")),
    );
  }
  const stand = () =>
    Promise.all(
      survivors.map(async (node) => {
        const { head, finalized } = await node.status();
        return { head: head!, finalized };
      }),
    );
  const halted = await unchanged("the chain that has halted", stand, { forMs: 4_000 });

  fourth.start();
  const top = Math.max(...halted.map(({ head }) => head.height));
  for (const node of [...survivors, fourth]) await node.finalizes(top + 3, resumesWithinMs);
  await timeToFinal(network, { from: 1, by: fourth, nodes: [first, second, fourth] });
  await until("nobody is halted", async () => (await first.diagnosis()).state === "ok");
  await noEvidence([first, second, fourth]);
  await sameChain([first, second, fourth]);
  await stopAndVerify([first, second, fourth]);
}

describe("four authorities with a period of 500 ms", () => {
  const network = useShared(async (world) => {
    const made = await createNetwork(world, { nodes: 4, periodMs: 500 });
    await startAll(made);
    return made;
  });

  test("four authorities finalize transfers through any node on all four nodes", () =>
    transfersAreFinal(network()));

  // This test comes last because it kills two of the nodes.
  test("four authorities keep making final blocks without one of them, halt with an explanation without two, and resume when one returns", () =>
    haltsAndGoesOn(network()));
});

test("a node that was away for 50 blocks learns from certificates which block is final, although nobody votes any more", async () => {
  const network = await createNetwork(createWorld(), { nodes: 4, periodMs: 200 });
  const { nodes, wallets, genesisId } = network;
  const [first, second, third, away] = nodes as [TestNode, TestNode, TestNode, TestNode];
  await startAll(network);
  await away.finalizes(2, 30_000);
  const watch = new FinalityWatch(nodes);
  await away.kill();
  const { head: left } = await first.status();
  await first.finalizes(left!.height + 55, 90_000);

  // Two of four are not a quorum and soon make no blocks, so blocks that are final now were final before.
  await third.kill();
  const [halted] = await unchanged(
    "the chain",
    async () => {
      const statuses = await Promise.all([first, second].map((node) => node.status()));
      const stands = statuses.map(({ head, finalized }) => ({ head: head!, finalized: finalized! }));
      if (stands[0]!.finalized.id !== stands[1]!.finalized.id) throw new Error(JSON.stringify(stands));
      return stands as [(typeof stands)[0], ...typeof stands];
    },
    { forMs: 3_000 },
  );

  away.start("--no-mine");
  const back = await away.until(
    "it has the same final block",
    ({ finalized }) => finalized?.id === halted.finalized.id,
    30_000,
  );
  expect(back.finalized!.height).toBeGreaterThan(left!.height + 50);
  const { finalized, proof } = await away.provenFinality();
  expect(finalized).toMatchObject(halted.finalized);
  // Anybody can check that more than two thirds of the authorities have signed both links.
  const { justification, finalization } = FinalityProof.deserialize(fromHex(proof.ssz));
  expect(toHex(finalization.link.source.block)).toBe(finalized.id);
  expect(finalization.link.target.round).toBe(finalization.link.source.round + 1);
  expect(justification.link.target).toEqual(finalization.link.source);
  const authorities = wallets.map(({ signer }) => toHex(signer.publicKey));
  for (const { link, voters, signatures } of [justification, finalization]) {
    expect(new Set(voters.map(toHex)).size).toBe(3);
    for (const voter of voters) expect(authorities).toContain(toHex(voter));
    const message = voteSigningRoot(link, fromHex(genesisId));
    const sets = voters.map((publicKey, at) => ({ publicKey, message, signature: signatures[at]! }));
    expect(await verifySignatures(sets)).toEqual([true, true, true]);
  }

  third.start();
  for (const node of nodes) await node.finalizes(halted.head.height + 3, resumesWithinMs);
  await watch.stop();
  // A busy machine shows fewer of the final blocks to the watch; a handful proves that it watched.
  expect(watch.count).toBeGreaterThan(5);
  await noEvidence(nodes);
  await stopAndVerify(nodes);
});
