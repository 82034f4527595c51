import { expect, onTestFinished, test } from "vitest";
import type { VoteSigner } from "../../../src/chain/voter-options.ts";
import { certificateOf, linkKey, roundTimeoutMs, settledRound } from "../../../src/consensus/index.ts";
import { authorityVote, type SignedFinalityVote } from "../../../src/types/index.ts";
import { equalBytes } from "../../../src/util/bytes.ts";
import { authorities, BlockMaker, testChain, testGenesis } from "../support/chain.ts";
import { settledClock, verifyHere } from "../support/sync-node.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

const genesis = await testGenesis(4);
const maker = new BlockMaker(genesis);
const start = maker.start();
const one = await maker.block(start);
const two = await maker.block(one);
const genesisCheckpoint = { round: 0, height: 0, block: genesis.id };

async function node(
  signer: Partial<VoteSigner> = {},
  { of = genesis, by = 0, clock = settledClock(), head = two } = {},
) {
  const base = await testChain({ genesis: of, clock, chain: { verify: verifyHere } });
  await base.addAll(head);
  const { finalizer, voter, votes } = testFinalizer(base, signer, by);
  onTestFinished(() => voter.stop());
  const first = { round: 0, height: 0, block: of.id };
  const hear = async (authority: number, round: number, target = head, source = first) =>
    finalizer.addVote(await signedVote(authorities[authority]!, of, source, checkpoint(round, target)));
  return { ...base, clock, finalizer, voter, votes, hear };
}

/** A node that has voted in round 1. */
async function voting(...options: Parameters<typeof node>) {
  const test = await node(...options);
  test.voter.enabled = true;
  await test.clock.advance(0);
  return test;
}

/** A node whose round 1 has had no result until its time-out. Authority 2 leads round 2. */
async function undecided(signer: Partial<VoteSigner> = {}) {
  const test = await voting(signer);
  await test.hear(1, 1, one);
  await test.hear(2, 1, one);
  await test.clock.advance(510);
  expect(test.votes).toEqual(["0 -> 1 at 2"]);
  return test;
}

test("after a round without a result, the leader's vote of the next one is repeated", async () => {
  const { clock, votes, hear } = await undecided();
  await hear(2, 2, one);
  await clock.advance(0);
  expect(votes.slice(1)).toEqual(["0 -> 2 at 1"]);
});

test("a leader that has voted before this authority's time-out ends is followed when it ends", async () => {
  const { clock, votes, hear } = await voting();
  await hear(1, 1, one);
  await hear(2, 2, one);
  await clock.advance(490);
  expect(votes).toHaveLength(1);
  await clock.advance(20);
  expect(votes.slice(1)).toEqual(["0 -> 2 at 1"]);
});

test.each([
  ["repeats no other authority's vote", 2],
  ["waits for the leader of a round that can have a result without those that have passed it", 3],
])("%s", async (_, round) => {
  const { clock, votes, hear } = await undecided();
  await hear(1, round, one);
  await clock.advance(230);
  expect(votes).toHaveLength(1);
  await clock.advance(20);
  expect(votes.slice(1)).toEqual(["0 -> 2 at 2"]);
});

test("the leader waits for nobody", async () => {
  const leader = await voting();
  await leader.hear(1, 4, one);
  await leader.hear(2, 4, one);
  await leader.clock.advance(0);
  expect(leader.votes.slice(1)).toEqual(["0 -> 4 at 2"]);
});

test.each([
  ["whose source is not justified here", {}, 2, () => two, () => checkpoint(1, one)],
  [
    "from a lower source than one it has signed",
    { lastSourceRound: 1 },
    2,
    () => one,
    () => genesisCheckpoint,
  ],
  ["for a later round", {}, 3, () => one, () => genesisCheckpoint],
] as const)("does not repeat a leader's vote %s", async (_, signer, round, target, source) => {
  const { clock, votes, hear } = await undecided(signer);
  await hear(2, round, target(), source());
  // A leader that has gone on is not waited for.
  const waitMs = round > 2 ? 0 : 250;
  await clock.advance(Math.max(0, waitMs - 20));
  expect(votes).toHaveLength(waitMs > 0 ? 1 : 2);
  await clock.advance(280);
  expect(votes.slice(1)).toEqual(["0 -> 2 at 2"]);
});

test("waits for no leader of a round that can have no result, because a needed authority has passed it", async () => {
  const three = await testGenesis(3);
  const maker3 = new BlockMaker(three);
  const first = await maker3.block(maker3.start());
  const { clock, votes, hear } = await voting({}, { of: three, head: await maker3.block(first) });
  for (const by of [1, 2]) await hear(by, 1, first);
  await hear(1, 3, first);
  await clock.advance(510);
  expect(votes).toEqual(["0 -> 1 at 2", "0 -> 2 at 2"]);
});

test("a leader is waited for by the time-outs since the last result, not since the first round", async () => {
  const { addAll, clock, votes, hear } = await voting();
  for (const by of [1, 2]) await hear(by, 1);
  await clock.advance(0);
  const three = await maker.block(two);
  await addAll(three);
  for (const by of [1, 2]) await hear(by, 2, three, checkpoint(1, two));
  await clock.advance(740);
  expect(votes).toEqual(["0 -> 1 at 2", "1 -> 2 at 2"]);
  await clock.advance(20);
  expect(votes.slice(2)).toEqual(["1 -> 3 at 3"]);
});

test("repeats no vote for a block that it has not executed", async () => {
  const { add, clock, votes, hear } = await undecided();
  const beside = await maker.block(start, { by: authorities[3]!, unexecuted: true });
  await add(beside.blocks[0]!);
  await hear(2, 2, beside);
  await clock.advance(260);
  expect(votes.slice(1)).toEqual(["0 -> 2 at 2"]);
});

test("repeats no vote for a block whose set it is not in", async () => {
  const { addAll, chain, clock, votes, hear } = await undecided();
  const vote = authorityVote("remove", authorities[0]!.publicKey);
  const removed = await maker.extend(start, 3, { edit: { vote } });
  await addAll(removed);
  expect(chain.snapshot.authorities).toHaveLength(3);
  // Authority 3 leads round 2 of the smaller set.
  await hear(3, 2, removed);
  await clock.advance(260);
  expect(votes).toHaveLength(1);
});

test("a result in the second half of the time-out is followed by a vote only when that ends, and then the leader decides", async () => {
  const { chain, clock, votes, hear } = await voting();
  await hear(1, 1);
  await hear(3, 1, one);
  await clock.advance(260);
  await hear(2, 1);
  await clock.advance(0);
  expect(chain.finality.justified.round).toBe(1);
  expect(votes).toHaveLength(1);
  await clock.advance(230);
  expect(votes).toHaveLength(1);
  // Authority 2 entered round 2 without the result.
  await hear(2, 2, one);
  await clock.advance(20);
  expect(votes.slice(1)).toEqual(["0 -> 2 at 1"]);
});

test("the result of another round does not make that of its own an early one", async () => {
  const { chain, clock, votes, hear } = await undecided();
  await clock.advance(250);
  expect(votes.slice(1)).toEqual(["0 -> 2 at 2"]);
  await hear(1, 2);
  await hear(2, 2, one);
  await clock.advance(100);
  await hear(3, 1, one);
  await clock.advance(200);
  expect(chain.finality.justified.round).toBe(1);
  await hear(3, 2);
  await clock.advance(0);
  expect(chain.finality.justified.round).toBe(2);
  expect(votes).toHaveLength(2);
});

test("a late result does not hold up an authority that hears of the next one by its certificate", async () => {
  const { addAll, clock, finalizer, votes, hear } = await voting();
  await hear(1, 1);
  await hear(3, 1, one);
  await clock.advance(260);
  await hear(2, 1);
  const three = await maker.block(two);
  await addAll(three);
  expect(votes).toHaveLength(1);
  const link = [checkpoint(1, two), checkpoint(2, three)] as const;
  const next = await Promise.all(authorities.slice(1, 4).map((by) => signedVote(by, genesis, ...link)));
  await finalizer.addCertificate(certificateOf(next[0]!.message, next));
  await clock.advance(0);
  expect(votes.slice(1)).toEqual(["2 -> 3 at 3"]);
});

test("after a late result the rest of the time-out is not waited for once more than a third have entered the next round", async () => {
  const { chain, clock, votes, hear } = await voting();
  await hear(1, 1);
  await hear(3, 1, one);
  await clock.advance(260);
  await hear(2, 1);
  await hear(2, 2, one);
  await clock.advance(0);
  expect(chain.finality.justified.round).toBe(1);
  expect(votes).toHaveLength(1);
  await hear(1, 2, one);
  await clock.advance(0);
  expect(votes[1]).toBe("0 -> 2 at 1");
});

test("a result in the first half, and one that came in time on a chain that has rested since, is followed at once", async () => {
  const { clock, votes, hear } = await voting();
  await hear(1, 1);
  await hear(3, 1, one);
  await clock.advance(240);
  await hear(2, 1);
  await clock.advance(0);
  expect(votes.slice(1)).toEqual(["1 -> 2 at 2"]);
});

/**
 * Three honest authorities and a fourth, which gives each round its result by its own vote: it shows it to one of them
 * so late that the others enter the next round without it.
 */
test("an authority that shows the results of rounds to one other, just before the time-out, does not stop finality", async () => {
  const delayMs = 40;
  const clock = settledClock();
  const nodes = await Promise.all(
    [0, 1, 2].map(async (by) => {
      const signer = { lastSourceRound: 0 };
      // One of them sees the second block after it has voted.
      const test = await node(signer, { by, clock, head: by === 2 ? one : two });
      test.voter.events.on("vote", ({ message }) => {
        signer.lastSourceRound = message.source.round;
      });
      return test;
    }),
  );
  const deliver = (to: number, vote: SignedFinalityVote, afterMs: number) =>
    clock.after(afterMs, () => {
      void nodes[to]!.finalizer.addVote(vote).then((isNew) => {
        if (isNew) for (const other of [0, 1, 2]) if (other !== to) deliver(other, vote, delayMs);
      });
    });
  const seen = new Map<number, SignedFinalityVote[]>();
  let shown = 0;
  for (const [at, { voter }] of nodes.entries())
    voter.events.on("vote", (vote) => {
      for (const to of [0, 1, 2]) if (to !== at) deliver(to, vote, delayMs);
      const { round } = vote.message.target;
      const votes = [...(seen.get(round) ?? []), vote];
      seen.set(round, votes);
      if (votes.length === 3) clock.after(delayMs, () => void complete(round, votes));
    });
  async function complete(round: number, votes: readonly SignedFinalityVote[]) {
    const links = Map.groupBy(votes, ({ message }) => linkKey(message));
    const pair = [...links.values()].find(({ length }) => length === 2);
    const alone = [0, 1, 2].find(
      (at) => !pair?.some(({ voter }) => equalBytes(voter, authorities[at]!.publicKey)),
    );
    if (!pair || alone === undefined) return;
    const { source, target } = pair[0]!.message;
    const vote = await signedVote(authorities[3]!, genesis, source, target);
    shown++;
    const timeoutMs = roundTimeoutMs(Math.max(1, round - settledRound(nodes[0]!.chain.finality)));
    deliver(alone, vote, timeoutMs - delayMs / 2);
  }
  for (const { voter } of nodes) voter.enabled = true;
  await clock.advance(delayMs / 2);
  await nodes[2]!.add(two.blocks[1]!);
  await clock.advance(5_000);
  for (const { chain } of nodes) expect(chain.finalized.height).toBe(2);
  expect(shown).toBeGreaterThan(0);
});
