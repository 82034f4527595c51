import { describe, expect, test } from "vitest";
import { Checkpoints, FinalityConflictError } from "../../../src/chain/checkpoints.ts";
import type { Participants } from "../../../src/chain/participants.ts";
import { chainStores } from "../../../src/chain/stores.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import { authorityVote, type Checkpoint } from "../../../src/types/index.ts";
import {
  authorities,
  BlockMaker,
  codeOf,
  contentsOf,
  type TestChain,
  type TestSigner,
  type Tip,
  testChain,
  testGenesis,
} from "../support/chain.ts";
import { MemoryDatabase } from "../support/database.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

const genesisCheckpoint = (block: Uint8Array): Checkpoint => ({ round: 0, height: 0, block });

/** Makes a head at height 3 and another block at height 1; `link` adopts a certificate of three of four authorities. */
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
  const link = async (source: Checkpoint, target: Checkpoint, count = 3, from = 0) => {
    const voters = authorities.slice(from, from + count);
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

  // The rounds are not consecutive, so the link finalizes nothing.
  expect(await codeOf(link(first, checkpoint(5, beside), 2))).toBe("UNKNOWN_BLOCK");
  expect(conflicts).toEqual([]);
  const late = await codeOf(link(first, checkpoint(5, beside)));
  expect(late).toBe("UNKNOWN_BLOCK");
  expect(conflicts).toEqual(["CONFLICTING_FINALITY"]);
  expect(chain.finality).toBe(before.status);
  expect(await contentsOf({ chain, ...base })).toEqual(before.contents);
  expect(await base.stores.finality.certificate(5)).toBeUndefined();
  expect(await base.stores.finality.status()).toEqual(before.status);
  // The certificate shows who signed for both.
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

test("a block without its own proof has the proof of a later block", async () => {
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
  [
    "it was justified in earlier rounds that do not follow one another",
    { source: [2, "beside"], target: 4 },
    0,
  ],
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

test("a conflict is shown by those who were the authorities at its height", async () => {
  const { addAll, chain, maker, first, three, beside, conflicts, link } = await node();
  let tip = three;
  const vote = authorityVote("remove", authorities[3]!.publicKey);
  for (let count = 0; count < 3; count++) tip = await maker.block(tip, { edit: { vote } });
  await addAll(tip);
  await link(first, checkpoint(5, tip));
  await link(checkpoint(5, tip), checkpoint(6, tip));
  expect([chain.finalized.height, chain.snapshot.authorities.length]).toEqual([6, 3]);
  expect(await codeOf(link(first, checkpoint(9, beside), 3, 1))).toBe("UNKNOWN_BLOCK");
  expect(conflicts).toEqual(["CONFLICTING_FINALITY"]);
});

test("reports a conflict once, however often and in whichever round it appears", async () => {
  const { first, one, two, beside, conflicts, link } = await node();
  await link(first, checkpoint(1, one));
  await link(checkpoint(1, one), checkpoint(2, two));
  // The block's branch was dropped, so the vote cannot be counted.
  for (let round = 5; round < 10; round++)
    expect(await codeOf(link(first, checkpoint(round, beside)))).toBe("UNKNOWN_BLOCK");
  expect(conflicts).toEqual(["CONFLICTING_FINALITY"]);
});

test("a certificate that contradicts the blocks, or is for an unknown block above the final one, shows no conflict", async () => {
  const { first, one, two, three, conflicts, link } = await node();
  await link(first, checkpoint(1, one));
  await link(checkpoint(1, one), checkpoint(2, two));
  expect(await codeOf(link(first, { ...checkpoint(9, two), height: 1 }))).toBe("INVALID_VOTE");
  const unknown = { ...checkpoint(9, three), block: new Uint8Array(32).fill(9) };
  expect(await codeOf(link(first, unknown))).toBe("UNKNOWN_BLOCK");
  expect(await codeOf(link(first, { ...unknown, height: 9 }))).toBe("UNKNOWN_BLOCK");
  expect(conflicts).toEqual([]);
});

describe("the checkpoints on disk", () => {
  async function empty() {
    const { chain, first, one, two, three, beside } = await node();
    const stores = chainStores(new MemoryDatabase());
    const final: string[] = [];
    const participants = {
      prepareFinal: ({ height }: { height: number }) => {
        final.push(`prepared ${height}`);
        return { writes: [], applied: () => final.push(`applied ${height}`) };
      },
    } as unknown as Participants;
    const status = { justified: first, finalized: first };
    const checkpoints = new Checkpoints({ stores, tree: chain.tree, participants }, status);
    const link = (source: Checkpoint, target: Checkpoint, voters = 0) =>
      checkpoints.add({
        link: { source, target },
        voters: authorities.slice(0, voters).map(({ publicKey }) => publicKey),
        signatures: authorities.slice(0, voters).map(() => new Uint8Array(64)),
      });
    const [r1, r2, r3] = [checkpoint(1, one), checkpoint(2, two), checkpoint(3, three)];
    return { checkpoints, stores, final, link, first, one, two, beside, r1, r2, r3 };
  }

  test("stores the checkpoints of the newest links, and tells the participants each new final block", async () => {
    const { checkpoints, stores, final, link, first, r1, r2, r3 } = await empty();
    expect(await link(first, r1)).toBe(true);
    expect(checkpoints.status).toEqual({ justified: r1, finalized: first });
    expect(final).toEqual([]);
    expect(await link(r1, r2)).toBe(true);
    expect(final).toEqual(["prepared 1", "applied 1"]);
    expect(checkpoints.justified).toEqual({ round: 2, height: 2, id: r2.block });
    expect(checkpoints.finalized).toEqual({ round: 1, height: 1, id: r1.block });
    // Final in a later round, at the same height.
    expect(await link(r2, { ...r2, round: 3 })).toBe(true);
    expect(await link({ ...r2, round: 3 }, { ...r3, round: 4 })).toBe(true);
    expect(final).toEqual(["prepared 1", "applied 1", "prepared 2", "applied 2"]);
    expect(await stores.finality.status()).toEqual(checkpoints.status);
  });

  test("writes neither checkpoints nor certificate for a link that says nothing new", async () => {
    const { checkpoints, stores, link, first, r1, r2 } = await empty();
    await link(first, r1);
    await link(r1, r2);
    const { status } = checkpoints;
    expect(await link(first, r1, 4)).toBe(false);
    expect(await link(first, r2, 4)).toBe(false);
    expect((await stores.finality.certificate(1))?.voters).toEqual([]);
    expect((await stores.finality.certificate(2))?.voters).toEqual([]);
    expect(checkpoints.status).toBe(status);
  });

  test("misses the proof of a final block whose justification came later than its votes, and stores it when it comes", async () => {
    const { checkpoints, stores, link, first, one, beside, r1, r2, r3 } = await empty();
    await link(r1, r2);
    expect(checkpoints.finalized.round).toBe(1);
    const lacks = (target: Checkpoint) => checkpoints.lacks({ source: first, target });
    expect(await lacks(r1)).toBe(true);
    for (const other of [r2, r3, checkpoint(2, one), checkpoint(7, one), checkpoint(1, beside)])
      expect(await lacks(other)).toBe(false);
    expect(await link(first, checkpoint(1, beside), 1)).toBe(false);
    expect(await stores.finality.certificate(1)).toBeUndefined();
    expect(await link(first, r1, 2)).toBe(false);
    expect((await stores.finality.certificate(1))?.voters).toHaveLength(2);
    expect(await lacks(r1)).toBe(false);
    // Known from now on, without a look at the disk.
    stores.finality.certificate = () => Promise.reject(new Error("read again"));
    expect(await lacks(r1)).toBe(false);
  });

  test("a conflict names both blocks, and leaves the checkpoints as they are", async () => {
    const { checkpoints, stores, link, first, one, beside, r1, r2 } = await empty();
    await link(first, r1);
    await link(r1, r2);
    const { status } = checkpoints;
    // The second link would also make the other block final.
    for (const source of [first, checkpoint(8, beside)]) {
      const error = await link(source, checkpoint(9, beside)).catch((caught) => caught);
      expect(error).toBeInstanceOf(FinalityConflictError);
      expect(error).toMatchObject({
        code: "CONFLICTING_FINALITY",
        own: { height: 1, id: one.id },
        other: { height: 1, id: beside.id },
      });
      expect(checkpoints.status).toBe(status);
    }
    expect(await stores.finality.certificate(9)).toBeUndefined();
  });
});

test("those who once were the authorities deceive a node that has no later block of the chain, and no other", async () => {
  const lone = await testGenesis(1);
  const maker = new BlockMaker(lone);
  const [first, second] = authorities as [TestSigner, TestSigner];
  const vote = (kind: "add" | "remove", { publicKey }: TestSigner) => ({
    vote: authorityVote(kind, publicKey),
  });
  const added = await maker.block(maker.start(), { edit: vote("add", second) });
  const proposed = await maker.block(added, { by: second, edit: vote("remove", first) });
  const handedOver = await maker.block(proposed, { by: first, edit: vote("remove", first) });
  const real = await maker.block(handedOver);
  expect(real.snapshot.authorities).toEqual([second.publicKey]);
  const forged = await maker.extend(maker.start(), 6);
  const finalize = async ({ chain }: TestChain, by: TestSigner, tip: Tip) => {
    for (const [source, round] of [
      [{ round: 0, height: 0, block: lone.id }, 1],
      [checkpoint(1, tip), 2],
    ] as const) {
      const signed = await signedVote(by, lone, source, checkpoint(round, tip));
      await chain.justify(certificateOf(signed.message, [signed]));
    }
    expect(chain.finalized.id).toEqual(tip.id);
  };

  const follower = await testChain({ genesis: lone });
  await follower.addAll(real);
  await finalize(follower, second, real);
  expect(await codeOf(follower.addAll(forged))).toBe("BELOW_FINALIZED");
  expect(follower.chain.head.idHex).toBe(real.idHex);

  const newcomer = await testChain({ genesis: lone });
  await newcomer.addAll(forged);
  await finalize(newcomer, first, forged);
  expect(await codeOf(newcomer.addAll(real))).toBe("BELOW_FINALIZED");
});
