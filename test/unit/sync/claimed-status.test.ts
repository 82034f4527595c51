import { expect, test } from "vitest";
import { claimedStatus, contradictionIn, ownStatus } from "../../../src/sync/claimed-status.ts";
import { zero32 } from "../../../src/types/index.ts";
import { firstDigest, line } from "../../own-line.ts";
import { testChain, testGenesis } from "../support/chain.ts";

test("a node claims no chain without a genesis block, and the genesis block while it loads its chain", async () => {
  const genesis = await testGenesis(3);
  const { id } = genesis;
  const first = { height: 0, totalDifficulty: 0, justifiedRound: 0, finalizedHeight: 0, timeMs: 7 };
  expect(ownStatus(undefined, undefined, 7, line)).toEqual({
    ...first,
    genesisId: zero32,
    digest: new Uint8Array(4),
    rules: 0,
    knownRules: 1,
    headId: zero32,
    finalizedId: zero32,
  });
  // Another final block at height 0 would count as a conflict.
  const atGenesis = {
    ...first,
    genesisId: id,
    digest: firstDigest(id),
    rules: 1,
    knownRules: 1,
    headId: id,
    finalizedId: id,
  };
  expect(ownStatus(id, undefined, 7, line)).toEqual(atGenesis);
  const { chain } = await testChain({ genesis });
  expect(ownStatus(id, chain, 7, line)).toEqual(atGenesis);
});

test("refuses a status that no honest node can have", () => {
  const [genesisId, headId, finalizedId, other] = [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(byte));
  const ids = { genesisId: genesisId!, headId: headId!, finalizedId: finalizedId! };
  const rules = { digest: new Uint8Array(4).fill(9), rules: 1, knownRules: 1 };
  const heights = { height: 9, totalDifficulty: 14, justifiedRound: 6, finalizedHeight: 7, timeMs: 5 };
  const good = { ...ids, ...rules, ...heights };
  const none = ownStatus(undefined, undefined, 5, line);
  const first = ownStatus(ids.genesisId, undefined, 5, line);
  for (const status of [
    ...[good, none, first],
    { ...good, finalizedHeight: 9, finalizedId: ids.headId },
    { ...good, finalizedHeight: 0, finalizedId: ids.genesisId, justifiedRound: 0 },
    { ...good, justifiedRound: 2 },
    { ...good, genesisId: new Uint8Array(32).fill(1, 1) },
    { ...good, totalDifficulty: 9 },
    { ...good, totalDifficulty: 18 },
    { ...good, rules: 10, knownRules: 0 },
    { ...none, knownRules: 7 },
  ])
    expect(contradictionIn(status)).toBeUndefined();
  for (const status of [
    { ...good, height: 2 ** 53 },
    { ...good, totalDifficulty: Number.POSITIVE_INFINITY },
    { ...good, justifiedRound: 2 ** 53 },
    { ...good, finalizedHeight: 2 ** 60 },
    { ...good, timeMs: Number.POSITIVE_INFINITY },
    { ...good, finalizedHeight: 10 },
    { ...good, finalizedHeight: 9 },
    { ...good, finalizedHeight: 0 },
    { ...good, finalizedId: ids.genesisId },
    { ...good, justifiedRound: 1 },
    { ...good, totalDifficulty: 8 },
    { ...good, totalDifficulty: 19 },
    { ...good, headId: ids.genesisId },
    { ...first, headId: other! },
    { ...first, totalDifficulty: 1 },
    { ...none, height: 1 },
    { ...none, justifiedRound: 1 },
    { ...none, headId: other! },
    { ...none, finalizedId: other! },
    { ...none, digest: new Uint8Array(4).fill(1) },
    { ...none, rules: 1 },
    { ...good, rules: 0 },
    { ...good, rules: 11 },
    { ...first, rules: 2 },
  ]) {
    expect(contradictionIn(status), JSON.stringify(status)).toBeDefined();
    expect(() => claimedStatus(status)).toThrow(RangeError);
  }
});

test("a node does not claim a final block that its head does not descend from yet", () => {
  const genesisId = new Uint8Array(32).fill(1);
  const [head, final] = [2, 3].map((byte) => ({ id: new Uint8Array(32).fill(byte) }));
  for (const height of [4, 5]) {
    const chain = {
      head: { ...head, height: 4, totalDifficulty: 8 },
      finalized: { ...final, height, round: 1 },
      justified: { ...final, height, round: 2 },
      snapshot: { parameters: { rules: 1 } },
    };
    const status = ownStatus(genesisId, chain as never, 0, line);
    expect(status).toMatchObject({ height: 4, finalizedHeight: 0, finalizedId: genesisId });
    expect(contradictionIn(status)).toBeUndefined();
  }
});

test("a final block at the head or below it is told of, and the digest covers the recoveries", () => {
  const [genesisId, id, below] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
  const chain = (finalized: object) =>
    ({
      head: { id, height: 4, totalDifficulty: 8 },
      finalized,
      justified: { round: 6 },
      snapshot: { parameters: { rules: 1 } },
    }) as unknown as Parameters<typeof ownStatus>[1];
  const final = (finalized: object) => {
    const { finalizedHeight, finalizedId } = ownStatus(genesisId, chain(finalized), 7, line);
    return [finalizedHeight, finalizedId];
  };
  expect(final({ height: 4, id })).toEqual([4, id]);
  expect(final({ height: 3, id: below })).toEqual([3, below]);
  expect(final({ height: 4, id: below })).toEqual([0, genesisId]);
  const digestWith = (...recoveries: Uint8Array[]) =>
    ownStatus(genesisId, undefined, 7, { ...line, recoveries }).digest;
  expect(digestWith()).toEqual(firstDigest(genesisId!));
  expect(digestWith(id!)).not.toEqual(digestWith());
  expect(digestWith(id!, below!)).not.toEqual(digestWith(id!));
});
