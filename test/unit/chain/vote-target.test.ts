import { expect, test } from "vitest";
import { ancestorAt } from "../../../src/chain/branches.ts";
import { voteTarget } from "../../../src/chain/vote-target.ts";
import { authorityVote } from "../../../src/types/index.ts";
import { authorities, testChain, testGenesis } from "../support/chain.ts";

const genesis = await testGenesis(4);

/** The height of the target on a chain whose last three blocks vote to remove an authority, if there are so many. */
async function targetAt(height: number, round: number, votes = 0) {
  const { chain, maker, addAll } = await testChain({ genesis });
  const vote = authorityVote("remove", authorities[3]!.publicKey);
  const plain = await maker.extend(maker.start(), height - votes);
  await addAll(await maker.extend(plain, votes, { edit: { vote } }));
  return (await voteTarget(chain, { round, standsForMs: 0, voter: authorities[0]!.publicKey }))?.height;
}

test("targets the roundest height whose own set is the head's, or else the head", async () => {
  expect(await targetAt(7, 5)).toBe(4);
  // Height 7 removes an authority, which leaves 4 and 6 with another set.
  expect(await targetAt(7, 5, 3)).toBe(7);
});

test("targets the head in the first round, and nothing on a final head", async () => {
  expect(await targetAt(7, 1)).toBe(7);
  expect(await targetAt(0, 5)).toBeUndefined();
});

test("targets a block with the voter's set in each round, for an authority that was voted in above the round's target", async () => {
  // With this period the targets of the first round are even heights.
  const { chain, maker, addAll } = await testChain({ genesis: await testGenesis(4, { periodMs: 150 }) });
  const added = authorities[4]!.publicKey;
  const vote = authorityVote("add", added);
  await addAll(await maker.extend(await maker.extend(maker.start(), 4), 3, { edit: { vote } }));
  const heightFor = async (voter: Uint8Array, round: number) =>
    (await voteTarget(chain, { round, standsForMs: 0, voter }))?.height;
  expect(await heightFor(authorities[0]!.publicKey, 1)).toBe(6);
  expect(await heightFor(added, 1)).toBe(7);
  expect(await heightFor(added, 2)).toBe(7);
  const { head, snapshot, tree } = chain;
  const checkpoint = async (round: number, height: number) => {
    const { id: block } = await ancestorAt(tree, head, height);
    return { round, height, block };
  };
  const finality = { justified: await checkpoint(3, 2), finalized: await checkpoint(2, 1) };
  const stand = { round: 4, standsForMs: 0, voter: added };
  expect((await voteTarget({ finality, head, snapshot, tree }, stand))?.height).toBe(7);
});
