import { expect, onTestFinished, test, vi } from "vitest";
import type { VoteSigner } from "../../../src/chain/voter-options.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import { authorityVote } from "../../../src/types/index.ts";
import { equalBytes } from "../../../src/util/bytes.ts";
import { closed } from "../../../src/util/errors.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { authorities, BlockMaker, testChain, testGenesis } from "../support/chain.ts";
import { MemoryDatabase } from "../support/database.ts";
import { settledClock, verifyHere } from "../support/sync-node.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

const genesis = await testGenesis(4);
const maker = new BlockMaker(genesis);
const start = maker.start();
const one = await maker.block(start);
const two = await maker.block(one);
const stranger = await maker.block(start, { by: authorities[3]! });
const genesisCheckpoint = { round: 0, height: 0, block: genesis.id };

/** Makes a node of the first of four authorities, or of another account, with a head at height 2. */
async function node(signer: Partial<VoteSigner> = {}, by = 0) {
  const database = new MemoryDatabase();
  const clock = settledClock();
  const base = await testChain({ genesis, database, clock, chain: { verify: verifyHere } });
  await base.addAll(two);
  const { finalizer, voter, votes } = testFinalizer(base, signer, by);
  onTestFinished(() => voter.stop());
  const vote = async (authority: number, round: number, target = two, source = genesisCheckpoint) =>
    signedVote(authorities[authority]!, genesis, source, checkpoint(round, target));
  const hear = async (...args: Parameters<typeof vote>) => finalizer.addVote(await vote(...args));
  return { ...base, database, clock, finalizer, voter, votes, vote, hear };
}

test("a round stands still until a quorum has reached it, then its time-out runs", async () => {
  const { clock, finalizer, voter, votes, vote, hear } = await node();
  voter.enabled = true;
  await clock.advance(600_000);
  expect(votes).toEqual(["0 -> 1 at 2"]);
  await hear(1, 1, one);
  await clock.advance(600_000);
  expect(votes).toHaveLength(1);
  // The third voter has reached the round, although the block of its vote is unknown.
  finalizer.hearRound(await vote(2, 1, stranger));
  // The leader of round 2 is waited for, half as long again.
  await clock.advance(740);
  expect(votes).toHaveLength(1);
  await clock.advance(20);
  expect(votes.slice(1)).toEqual(["0 -> 2 at 2"]);
  // No other voter has followed.
  await clock.advance(600_000);
  expect(votes).toHaveLength(2);
});

test("time-outs double from one round without a result to the next", async () => {
  const { clock, voter, votes, hear } = await node();
  voter.enabled = true;
  await clock.advance(0);
  for (const [round, timeoutMs] of [
    // The leader of the next round, which is this authority in round 4, is waited for half as long again.
    [1, 750],
    [2, 1_500],
    [3, 2_000],
  ] as const) {
    await hear(1, round, one);
    await hear(2 + (round % 2), round, one);
    await clock.advance(timeoutMs - 10);
    expect(votes).toHaveLength(round);
    await clock.advance(20);
    expect(votes).toHaveLength(round + 1);
  }
});

test("waits only the shortest time-out in a round that a needed authority has passed", async () => {
  const { clock, voter, votes, hear } = await node();
  await hear(1, 7, one);
  await hear(2, 7, one);
  voter.enabled = true;
  // The longest wait for a leader.
  await clock.advance(1_990);
  expect(votes).toEqual([]);
  await clock.advance(20);
  expect(votes).toEqual(["0 -> 7 at 2"]);
  await hear(2, 9, one);
  await clock.advance(510);
  expect(votes).toEqual(["0 -> 7 at 2", "0 -> 8 at 2"]);
});

test("a node follows a higher round at once if more than a third claim it, and not if one authority does", async () => {
  const { clock, voter, votes, hear } = await node();
  voter.enabled = true;
  await clock.advance(0);
  await hear(3, 1_000_000);
  await clock.advance(600_000);
  expect(votes).toEqual(["0 -> 1 at 2"]);
  await hear(1, 7);
  await clock.advance(0);
  expect(votes.slice(1)).toEqual(["0 -> 7 at 2"]);
});

test("a round may also start by a quorum of the set that its vote counts for", async () => {
  const { addAll, chain, clock, voter, votes, hear } = await node();
  voter.enabled = true;
  await clock.advance(0);
  const vote = authorityVote("add", authorities[4]!.publicKey);
  await addAll(await maker.extend(start, 3, { edit: { vote } }));
  expect(chain.snapshot.authorities).toHaveLength(5);
  await hear(1, 1, one);
  await clock.advance(600_000);
  expect(votes).toEqual(["0 -> 1 at 2"]);
  // Three of four, but not of five.
  await hear(2, 1, one);
  await clock.advance(740);
  expect(votes).toHaveLength(1);
  await clock.advance(20);
  expect(votes.slice(1)).toEqual(["0 -> 2 at 3"]);
});

test("the time-out of a round is not cut short by a head's set that is larger than that of the vote", async () => {
  const { addAll, clock, voter, votes, hear } = await node({ lastTargetRound: 1, refusedToRound: 1 });
  voter.enabled = true;
  await clock.advance(760);
  expect(votes).toEqual(["0 -> 2 at 2"]);
  const vote = authorityVote("add", authorities[4]!.publicKey);
  await addAll(await maker.extend(start, 3, { edit: { vote } }));
  for (const authority of [1, 2]) await hear(authority, 2, one);
  // A second, and half of it for the leader.
  await clock.advance(1_480);
  expect(votes).toHaveLength(1);
  await clock.advance(40);
  expect(votes.slice(1)).toEqual(["0 -> 3 at 3"]);
});

test("a round may also start by a quorum of the head's set, without an authority that was voted out", async () => {
  const { addAll, chain, clock, voter, votes, hear } = await node();
  voter.enabled = true;
  await clock.advance(0);
  await hear(1, 1, one);
  await clock.advance(10_000);
  expect(votes).toEqual(["0 -> 1 at 2"]);
  const remove = (gone: number) => ({
    vote: authorityVote("remove", authorities[gone]!.publicKey),
  });
  const without3 = await maker.extend(start, 3, { edit: remove(3) });
  await addAll(await maker.extend(without3, 2, { edit: remove(2) }));
  expect(chain.snapshot.authorities).toHaveLength(2);
  await clock.advance(510);
  expect(votes.slice(1)).toEqual(["0 -> 2 at 5"]);
});

test("the target of a later round has the head's set, however round the heights before the change are", async () => {
  const { addAll, chain, clock, finalizer, voter, votes, vote: voteOf } = await node();
  const vote = authorityVote("remove", authorities[3]!.publicKey);
  // Height 5 brings the removal to a majority; 4 is the roundest height.
  await addAll(await maker.extend(two, 3, { edit: { vote } }));
  expect(chain.snapshot.authorities).toHaveLength(3);
  // The blocks of these votes are unknown, so that the leader's cannot be repeated.
  for (const authority of [1, 2]) finalizer.hearRound(await voteOf(authority, 7, stranger));
  voter.enabled = true;
  await clock.advance(2_010);
  expect(votes).toEqual(["0 -> 7 at 5"]);
});

test("while finality lags, the first vote from a new source is for the source's own block", async () => {
  const { addAll, chain, clock, voter, votes, hear } = await node();
  await addAll(await maker.block(two));
  voter.enabled = true;
  await clock.advance(0);
  for (const authority of [1, 2, 3]) await hear(authority, 5, two);
  await clock.advance(0);
  expect(chain.finality).toMatchObject({ justified: { round: 5, height: 2 }, finalized: { round: 0 } });
  expect(votes.at(-1)).toBe("5 -> 6 at 2");
});

test("a vote that a crash kept from leaving is not waited for", async () => {
  const { clock, voter, votes } = await node({ lastTargetRound: 3, refusedToRound: 3 });
  voter.enabled = true;
  await clock.advance(490);
  expect(votes).toEqual([]);
  await clock.advance(20);
  expect(votes).toEqual(["0 -> 4 at 2"]);
  await clock.advance(600_000);
  expect(votes).toHaveLength(1);
});

test("rounds that the protection refuses are skipped", async () => {
  const { clock, voter, votes } = await node({ lastTargetRound: 3, refusedToRound: 5 });
  expect(voter.round).toBe(3);
  voter.enabled = true;
  await clock.advance(600_000);
  expect(votes).toEqual(["0 -> 6 at 2"]);
  expect(voter.round).toBe(6);
});

test("a vote from before a restart, returned by others, counts as the node's newest", async () => {
  const { clock, voter, votes, hear } = await node({ lastTargetRound: 3, refusedToRound: 3 });
  voter.enabled = true;
  await hear(0, 3);
  await clock.advance(600_000);
  expect(votes).toEqual([]);
});

test("a quorum of the head's set ends a round also if the block of this node's vote is not here", async () => {
  const { clock, finalizer, voter, votes, vote } = await node({ lastTargetRound: 3, refusedToRound: 3 });
  for (const authority of [0, 1, 2]) finalizer.hearRound(await vote(authority, 3, stranger));
  voter.enabled = true;
  await clock.advance(10_000);
  expect(votes).toEqual(["0 -> 4 at 2"]);
});

test("casts no further vote while its own newest is not counted", async () => {
  const { clock, finalizer, voter, votes, hear } = await node();
  const counted = Promise.withResolvers<void>();
  const addVote = finalizer.addVote.bind(finalizer);
  finalizer.addVote = async (vote) => {
    if (equalBytes(vote.voter, authorities[0]!.publicKey)) await counted.promise;
    return addVote(vote);
  };
  voter.enabled = true;
  await clock.advance(0);
  for (const authority of [1, 2]) await hear(authority, 3, one);
  await clock.advance(10_000);
  expect(votes).toEqual(["0 -> 1 at 2"]);
  counted.resolve();
  await clock.advance(10_000);
  expect(votes[1]).toBe("0 -> 3 at 2");
});

test("does not complain that its vote is not counted while the node ends", async () => {
  const logged = vi.spyOn(silentLogger, "error");
  onTestFinished(() => logged.mockRestore());
  const { clock, finalizer, voter, votes } = await node();
  finalizer.addVote = async () => closed("the database");
  voter.enabled = true;
  await clock.advance(0);
  expect(votes).toHaveLength(1);
  expect(logged).not.toHaveBeenCalled();
});

test("an account that is not in the set of the target casts no vote", async () => {
  const { votes, voter, clock } = await node({}, 4);
  voter.enabled = true;
  await clock.advance(10_000);
  expect(votes).toEqual([]);
});

test("casts no vote from the old source while the next is being written, even if others are a round ahead", async () => {
  const { clock, database, voter, votes, hear, chain } = await node();
  voter.enabled = true;
  await clock.advance(0);
  let written: () => void = () => undefined;
  database.beforeCommit = () =>
    new Promise((resolve) => {
      written = resolve;
    });
  await hear(1, 1);
  const settled = hear(2, 1);
  await clock.advance(0);
  const source = checkpoint(1, two);
  await hear(1, 2, two, source);
  await hear(2, 2, two, source);
  await clock.advance(5_000);
  expect(chain.finality.justified.round).toBe(0);
  expect(votes).toEqual(["0 -> 1 at 2"]);
  database.beforeCommit = async () => undefined;
  written();
  await settled;
  await clock.advance(0);
  expect(votes).toEqual(["0 -> 1 at 2", "1 -> 2 at 2"]);
  expect(chain.finalized.height).toBe(2);
});

test("casts no vote from an old source while more than a third vote from a later one, until their certificate arrives or its time is up", async () => {
  const { chain, clock, finalizer, voter, votes, vote, hear } = await node();
  const source = checkpoint(1, two);
  await hear(1, 2, two, source);
  // A single authority may claim anything.
  voter.enabled = true;
  await clock.advance(0);
  expect(votes).toEqual(["0 -> 1 at 2"]);
  await hear(2, 2, two, source);
  await clock.advance(490);
  expect(votes).toHaveLength(1);
  const justifying = await Promise.all([1, 2, 3].map((authority) => vote(authority, 1)));
  await finalizer.addCertificate(certificateOf(justifying[0]!.message, justifying));
  await clock.advance(0);
  expect(votes).toEqual(["0 -> 1 at 2", "1 -> 2 at 2"]);
  expect(chain.finalized.height).toBe(2);
});

test("waits for a missing certificate no longer than the shortest time-out", async () => {
  const { clock, voter, votes, hear } = await node();
  await hear(1, 4, two, checkpoint(1, two));
  await hear(2, 4, two, checkpoint(1, two));
  voter.enabled = true;
  await clock.advance(490);
  expect(votes).toEqual([]);
  await clock.advance(20);
  expect(votes).toEqual(["0 -> 4 at 2"]);
});

test("one vote from a later source is enough to wait for its certificate in a round entered without a result, once a round", async () => {
  const { clock, finalizer, voter, votes, vote, hear } = await node();
  voter.enabled = true;
  await clock.advance(0);
  expect(votes).toEqual(["0 -> 1 at 2"]);
  await hear(1, 2, two, checkpoint(1, two));
  await hear(2, 2);
  await clock.advance(300);
  // Later and later claims of one authority do not prolong the wait.
  await hear(1, 5, two, checkpoint(4, two));
  await clock.advance(190);
  expect(votes).toHaveLength(1);
  await clock.advance(20);
  expect(votes.slice(1)).toEqual(["0 -> 2 at 2"]);
  const justifying = await Promise.all([1, 2, 3].map((authority) => vote(authority, 2)));
  await finalizer.addCertificate(certificateOf(justifying[0]!.message, justifying));
  await clock.advance(0);
  expect(votes.slice(2)).toEqual(["2 -> 3 at 2"]);
});

test("a block is voted for once the newest votes of more than a third are for it, whether it is here or not", async () => {
  const { finalizer, vote } = await node();
  finalizer.hearRound(await vote(1, 1, stranger));
  finalizer.hearRound(await vote(1, 2, stranger));
  expect(finalizer.isVotedFor(stranger.id)).toBe(false);
  // Authority 4 is not in the set.
  finalizer.hearRound(await vote(4, 1, stranger));
  expect(finalizer.isVotedFor(stranger.id)).toBe(false);
  finalizer.hearRound(await vote(2, 1, stranger));
  expect(finalizer.isVotedFor(stranger.id)).toBe(true);
  expect(finalizer.isVotedFor(one.id)).toBe(false);
  finalizer.hearRound(await vote(2, 3, one));
  expect(finalizer.isVotedFor(stranger.id)).toBe(false);
  finalizer.hearRound(await vote(0, 3, stranger));
  expect(finalizer.isVotedFor(stranger.id)).toBe(true);
});
