import { expect, test } from "vitest";
import { certificateOf } from "../../../src/consensus/index.ts";
import type { Checkpoint } from "../../../src/types/index.ts";
import { authorities, codeOf, contentsOf, testChain, testGenesis } from "../support/chain.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

const genesisCheckpoint = (block: Uint8Array): Checkpoint => ({ round: 0, height: 0, block });

/** A head at height 3, and another block at height 1; `link` takes over the certificate of three of four authorities. */
async function node() {
  const base = await testChain({ genesis: await testGenesis(4) });
  const { genesis, maker } = base;
  const start = maker.start();
  const one = await maker.block(start);
  const two = await maker.block(one);
  const three = await maker.block(two);
  const beside = await maker.block(start, { by: authorities[3]! });
  await base.addAll(three);
  await base.addAll(beside);
  const { finalizer } = testFinalizer(base);
  const conflicts: unknown[] = [];
  finalizer.events.on("conflict", ({ code }) => conflicts.push(code));
  const signed: number[] = [];
  finalizer.events.on("signed", ({ message }) => signed.push(message.target.round));
  const link = async (source: Checkpoint, target: Checkpoint, count = 3) => {
    const voters = authorities.slice(0, count);
    const votes = await Promise.all(voters.map((voter) => signedVote(voter, genesis, source, target)));
    await finalizer.addCertificate(certificateOf(votes[0]!.message, votes));
  };
  const first = genesisCheckpoint(genesis.id);
  return { ...base, first, one, two, three, beside, conflicts, signed, link };
}

test("does not justify a block that does not descend from the final one, whatever its round", async () => {
  const { chain, first, one, two, three, beside, conflicts, signed, link, ...base } = await node();
  await link(first, checkpoint(1, one));
  await link(checkpoint(1, one), checkpoint(2, two));
  expect(chain.finality).toMatchObject({ justified: { round: 2 }, finalized: { round: 1 } });
  const before = { status: chain.finality, contents: await contentsOf({ chain, ...base }) };

  // Not consecutive: it finalizes nothing.
  expect(await codeOf(link(first, checkpoint(5, beside), 2))).toBe("UNKNOWN_BLOCK");
  expect(conflicts).toEqual([]);
  const late = await codeOf(link(first, checkpoint(5, beside)));
  expect(late).toBe("UNKNOWN_BLOCK");
  expect(conflicts).toEqual(["CONFLICTING_FINALITY"]);
  expect(chain.finality).toBe(before.status);
  expect(await contentsOf({ chain, ...base })).toEqual(before.contents);
  expect(await base.stores.finality.certificate(5)).toBeUndefined();
  expect(await base.stores.finality.status()).toEqual(before.status);
  // It shows who signed for both.
  expect(signed.slice(-3)).toEqual([5, 5, 5]);

  await link(checkpoint(2, two), checkpoint(6, three));
  expect(conflicts).toHaveLength(1);
  expect(chain.justified).toMatchObject({ round: 6, height: 3 });
});

test("a certificate that arrives after the votes that made its block final completes the proof", async () => {
  const { chain, first, one, two, three, link, stores } = await node();
  await link(checkpoint(1, one), checkpoint(2, two));
  expect(chain.finality).toMatchObject({ justified: { round: 2 }, finalized: { round: 1 } });
  await link(first, checkpoint(1, two));
  expect(await stores.finality.proofFrom(1)).toBeUndefined();
  await link(first, checkpoint(1, one));
  expect(await stores.finality.proofFrom(1)).toMatchObject({
    justification: { link: { target: { round: 1 } } },
    finalization: { link: { target: { round: 2 } } },
  });
  expect(chain.finality).toMatchObject({ justified: { round: 2 }, finalized: { round: 1 } });

  // Known certificates, and those of older blocks, are not written again.
  await link(checkpoint(2, two), checkpoint(3, three));
  const before = await stores.finality.certificate(1);
  await link(first, checkpoint(1, one), 4);
  expect(await stores.finality.certificate(1)).toEqual(before);
});

test("the proof of a block that has none of its own is that of a later one", async () => {
  const { one, two, three, link, stores } = await node();
  await link(checkpoint(1, one), checkpoint(2, two));
  await link(checkpoint(2, two), checkpoint(3, three));
  expect(await stores.finality.proofFrom(1)).toMatchObject({
    justification: { link: { target: { round: 2 } } },
    finalization: { link: { target: { round: 3 } } },
  });
});

test("a block is not final while the justified block does not descend from it", async () => {
  const { chain, first, one, two, three, beside, conflicts, link } = await node();
  await link(first, checkpoint(5, beside));
  expect(chain.head.idHex).toBe(beside.idHex);
  await link(checkpoint(1, one), checkpoint(2, two));
  expect(conflicts).toEqual(["CONFLICTING_FINALITY"]);
  expect(chain.finalized.height).toBe(0);
  expect(chain.head.idHex).toBe(beside.idHex);

  await link(checkpoint(5, two), checkpoint(6, three));
  expect(chain.finalized.height).toBe(2);
  expect(chain.head.idHex).toBe(three.idHex);
});

test.each([
  ["a block that was left behind was justified in an earlier round", { source: [0, "first"], target: 4 }, 0],
  ["it is justified in the round of the final checkpoint", { source: [0, "first"], target: 5 }, 1],
  ["it is justified in a later round", { source: [0, "first"], target: 9 }, 1],
  ["an earlier round made it final", { source: [3, "beside"], target: 4 }, 1],
  ["an earlier round made an ancestor on the chain final", { source: [3, "first"], target: 4 }, 0],
] as const)("%s", async (_, { source: [round, name], target }, count) => {
  const base = await node();
  const { chain, first, two, three, beside, conflicts, link } = base;
  await link(first, checkpoint(5, two));
  await link(checkpoint(5, two), checkpoint(6, three));
  expect(chain.finality.finalized).toMatchObject({ round: 5, height: 2 });
  expect(await chain.tree.get(beside.id)).toBeUndefined();
  const source = name === "first" ? { ...first, round } : checkpoint(round, beside);
  expect(await codeOf(link(source, checkpoint(target, beside)))).toBe("UNKNOWN_BLOCK");
  expect(conflicts).toHaveLength(count);
});

test("reports a conflict once, however often and in whatever round it is shown", async () => {
  const { first, one, two, beside, conflicts, link } = await node();
  await link(first, checkpoint(1, one));
  await link(checkpoint(1, one), checkpoint(2, two));
  // Its branch was left behind, so that it can be counted nowhere.
  for (let round = 5; round < 10; round++)
    expect(await codeOf(link(first, checkpoint(round, beside)))).toBe("UNKNOWN_BLOCK");
  expect(conflicts).toEqual(["CONFLICTING_FINALITY"]);
});
