import { expect, test } from "vitest";
import { voteOffence } from "../../../src/consensus/index.ts";
import { authorityVote, type Checkpoint } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { authorities, BlockMaker, testChain, testGenesis } from "../support/chain.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

const faulty = 4;

/**
 * Half of a network of five: `members` vote for the removal of `gone`, and then make their head final in two rounds.
 */
async function half(members: readonly number[], gone: number, round: number) {
  const genesis = await testGenesis(5);
  const maker = new BlockMaker(genesis);
  const vote = authorityVote("remove", authorities[gone]!.publicKey);
  let tip = maker.start();
  for (const by of members) tip = await maker.block(tip, { by: authorities[by]!, edit: { vote } });
  const base = await testChain({ genesis });
  await base.addAll(tip);
  const { finalizer } = testFinalizer(base);
  const links: [Checkpoint, Checkpoint][] = [
    [{ round: 0, height: 0, block: genesis.id }, checkpoint(round, tip)],
    [checkpoint(round, tip), checkpoint(round + 1, tip)],
  ];
  const votes = await Promise.all(
    links.map(([source, target]) =>
      Promise.all(members.map((by) => signedVote(authorities[by]!, genesis, source, target))),
    ),
  );
  for (const each of votes.flat()) await finalizer.addVote(each);
  const ofFaulty = votes.flatMap((each) => each.at(-1)!.message);
  return { ...base, ofFaulty };
}

test("one of five authorities that is in both halves of a network, while each votes out one of the other, makes two blocks final, and its votes prove it", async () => {
  const left = await half([0, 1, faulty], 2, 1);
  const right = await half([2, 3, faulty], 0, 3);
  for (const { chain } of [left, right]) {
    expect(chain.snapshot.authorities).toHaveLength(4);
    expect(chain.finalized.height).toBe(3);
  }
  expect(toHex(left.chain.finalized.id)).not.toBe(toHex(right.chain.finalized.id));
  const offences = left.ofFaulty.flatMap((one) => right.ofFaulty.map((other) => voteOffence(one, other)));
  expect(offences).toContain("surround");
});
