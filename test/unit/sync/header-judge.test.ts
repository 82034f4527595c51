import { expect, test } from "vitest";
import { BrokenBranch } from "../../../src/chain/block-tree.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import { HeaderJudge } from "../../../src/sync/header-judge.ts";
import { BlockError } from "../../../src/types/errors.ts";
import { type ChainSnapshot, decodeCompactBlock, type SignedHeader } from "../../../src/types/index.ts";
import { compareBytes } from "../../../src/util/bytes.ts";
import {
  authorities,
  type BlockOptions,
  signer,
  type Tip,
  testChain,
  testGenesis,
} from "../support/chain.ts";
import { compact } from "../support/sync-node.ts";
import { checkpoint, signedVote } from "../support/votes.ts";

const genesis = await testGenesis(4);
const genesisCheckpoint = { round: 0, height: 0, block: genesis.id };

/** A judge on a chain of genesis, or of the blocks of `tip`. */
async function judging(tip?: Tip) {
  const base = await testChain({ genesis });
  if (tip) await base.addAll(tip);
  const { chain, clock, maker } = base;
  const farAhead: string[] = [];
  const signed: SignedHeader[] = [];
  const needed = new Set<Uint8Array>();
  let checked = 0;
  const checks = {
    ...chain.checks,
    verify: async (...args: Parameters<typeof chain.checks.verify>) => {
      checked += args[0].length;
      return chain.checks.verify(...args);
    },
  };
  const judge = new HeaderJudge({
    chain,
    checks,
    clock,
    network: { hostOf: (peer) => peer },
    statuses: { ask: async (peer) => void farAhead.push(peer) },
    evidence: { seenHeader: (header) => signed.push(header) },
    isNeeded: (id) => needed.has(id),
  });
  const judged = (each: Tip) => judge.judge(decodeCompactBlock(compact(each, maker)), each.id, "peer");
  const block = (parent: Tip, options?: BlockOptions) => maker.block(parent, options);
  return { ...base, judge, judged, block, farAhead, signed, needed, checks: () => checked };
}

const { maker } = await testChain({ genesis });
const one = await maker.block(maker.start());
const two = await maker.block(one);

test("a header that could be written differently is rejected before its signature is checked", async () => {
  const { judged, block, checks } = await judging();
  const bad = await block(maker.start(), { edit: { vote: { ...one.header.vote, value: 1n } } });
  expect(await judged(bad)).toBe("reject");
  expect(checks()).toBe(0);
});

test("a header of a stranger is rejected where the set after its parent is known, and costs no check", async () => {
  const { judged, block, farAhead, checks } = await judging(one);
  expect(await judged(await block(one, { by: signer(900) }))).toBe("reject");
  expect(farAhead).toEqual([]);
  expect(checks()).toBe(0);
});

test("a header of nobody known on an unknown parent is ignored, and its peer is asked for its height", async () => {
  const { judged, block, farAhead, checks } = await judging();
  expect(await judged(await block(one, { by: signer(900) }))).toBe("ignore");
  expect(farAhead).toEqual(["peer"]);
  expect(checks()).toBe(0);
});

test("a header of a stranger on a branch below the final block is ignored without any work", async () => {
  const { chain, judged, block, farAhead, checks } = await judging(await maker.extend(two, 2));
  const votes = (target: Tip, round: number, source = genesisCheckpoint) =>
    Promise.all(
      authorities.slice(0, 3).map((voter) => signedVote(voter, genesis, source, checkpoint(round, target))),
    );
  const [first, second] = [await votes(two, 1), await votes(await maker.block(two), 2, checkpoint(1, two))];
  await chain.justify(certificateOf(first[0]!.message, first));
  await chain.justify(certificateOf(second[0]!.message, second));
  expect(chain.finalized.height).toBe(2);
  let computed = 0;
  const snapshotAfter = chain.tree.snapshotAfter.bind(chain.tree);
  chain.tree.snapshotAfter = (id) => {
    computed++;
    return snapshotAfter(id);
  };
  expect(await judged(await block(one, { by: signer(900) }))).toBe("ignore");
  expect([farAhead, computed, checks()]).toEqual([[], 0, 0]);
  // On the final block itself the set is known.
  expect(await judged(await block(two, { by: signer(900) }))).toBe("reject");
});

test("an account that only the set after the parent holds is an authority there", async () => {
  const { chain, judged, block, signed } = await judging(one);
  // One that is the first of the new set.
  const candidate = Array.from({ length: 50 }, (_, number) => signer(900 + number)).sort((a, b) =>
    compareBytes(a.publicKey, b.publicKey),
  )[0]!;
  expect(compareBytes(candidate.publicKey, authorities[0]!.publicKey)).toBeLessThan(0);
  const after = await chain.tree.snapshotAfter(one.id);
  const grown: ChainSnapshot = {
    ...after,
    authorities: [...after.authorities, candidate.publicKey].sort(compareBytes),
  };
  chain.tree.snapshotAfter = async () => grown;
  await judged(await block(one, { by: candidate }));
  expect(signed).toHaveLength(1);
  // Nothing can be said on a broken branch.
  const broken = new BrokenBranch([await chain.tree.require(one.id)]);
  chain.tree.snapshotAfter = () => Promise.reject(broken);
  expect(await judged(await block(one, { by: candidate, laterMs: 1_000 }))).toBe("ignore");
  expect(signed).toHaveLength(1);
  // An error of the disk is no verdict.
  chain.tree.snapshotAfter = () => Promise.reject(new Error("the disk has failed"));
  await expect(judged(await block(one, { by: candidate, laterMs: 2_000 }))).rejects.toThrow(
    "the disk has failed",
  );
});

test("a header with a wrong signature is rejected, and not reported as signed", async () => {
  const { judged, block, signed, checks } = await judging();
  expect(await judged(await block(maker.start(), { signedBy: signer(900) }))).toBe("reject");
  expect(signed).toEqual([]);
  expect(checks()).toBe(1);
});

test("a header whose parent or whose time is missing is no verdict yet, but a fault of it is", async () => {
  const { judged, block, clock } = await judging();
  const early = await block(maker.start(), { laterMs: clock.now() });
  for (const by of authorities.slice(0, 4))
    expect(await judged(await block(one, { by }))).toMatchObject({ code: "UNKNOWN_PARENT" });
  expect(await judged(early)).toMatchObject({ code: "FUTURE_BLOCK" });
  expect(await judged(await block(maker.start(), { edit: { difficulty: 1 }, laterMs: 1_000 }))).toBe(
    "reject",
  );
});

test("a header on an unknown parent is ignored by a node that does not know the rules after its head", async () => {
  const { chain, judged, block } = await judging();
  Object.defineProperty(chain, "unknownRules", { get: () => 2 });
  expect(await judged(two)).toBe("ignore");
  expect(await judged(one)).toBe("accept");
  // Headers on known parents are judged as ever.
  expect(await judged(await block(maker.start(), { edit: { difficulty: 1 }, laterMs: 1_000 }))).toBe(
    "reject",
  );
});

test("headers that break the rules take none of their proposer's places in a slot", async () => {
  const { judged, block } = await judging();
  for (const laterMs of [1, 2]) {
    const bad = await block(maker.start(), { edit: { difficulty: 3 - one.header.difficulty }, laterMs });
    expect(await judged(bad)).toBe("reject");
  }
  expect(await judged(one)).toBe("accept");
});

test("a surplus header is judged like others if blocks build on it, and is not charged", async () => {
  const { judged, block, needed } = await judging();
  for (const laterMs of [1, 2]) expect(await judged(await block(maker.start(), { laterMs }))).toBe("accept");
  for (let at = 0; at < 70; at++) {
    const next = await block(maker.start(), { laterMs: 3 + at });
    needed.add(next.id);
    expect(await judged(next)).toBe("accept");
  }
  expect(await judged(await block(maker.start(), { laterMs: 99 }))).toBe("pardon");
});

test("an error that is no fault of the header reaches the caller", async () => {
  const { chain, judged } = await judging();
  chain.checkHeaders = () => Promise.reject(new Error("the disk is full"));
  await expect(judged(one)).rejects.toThrow("the disk is full");
  chain.checkHeaders = () => Promise.reject(new BlockError("TOO_EARLY", "…"));
  expect(await judged(one)).toBe("reject");
});
