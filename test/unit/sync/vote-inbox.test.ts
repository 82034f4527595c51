import { describe, expect, onTestFinished, test } from "vitest";
import { finality } from "../../../protocols/index.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import type { Verify } from "../../../src/crypto/ed25519.ts";
import { FinalityStore } from "../../../src/storage/finality.ts";
import { VoteInbox } from "../../../src/sync/vote-inbox.ts";
import { SignedFinalityVote } from "../../../src/types/index.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { authorities, BlockMaker, testChain, testGenesis } from "../support/chain.ts";
import { TestNetwork } from "../support/network.ts";
import { settledClock, verifyHere } from "../support/sync-node.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

const genesis = await testGenesis(4);
const maker = new BlockMaker(genesis);
const one = await maker.block(maker.start());
const two = await maker.block(one);
const aside = await maker.block(maker.start(), { by: authorities[3]! });
const genesisCheckpoint = { round: 0, height: 0, block: genesis.id };

/** A node that takes votes from its peer "peer"; `verify` may do something meanwhile. */
async function node() {
  const clock = settledClock();
  const net = new TestNetwork(clock);
  const network = net.node("node");
  const peer = net.node("peer");
  net.connect(network, peer);
  let duringVerify: () => Promise<unknown> = async () => undefined;
  const verify: Verify = async (sets) => {
    const during = duringVerify;
    duringVerify = async () => undefined;
    await during();
    return verifyHere(sets);
  };
  const base = await testChain({ genesis, clock, chain: { checks: { verify } } });
  const { finalizer, voter } = testFinalizer(base);
  const fetched: string[] = [];
  const inbox = new VoteInbox({
    network,
    chain: base.chain,
    finalizer,
    store: new FinalityStore(base.database),
    logger: silentLogger,
    fetchBlock: (_, from) => fetched.push(from),
  });
  onTestFinished(() => {
    inbox.stop();
    voter.stop();
  });
  const gossip = (vote: SignedFinalityVote) => inbox.onGossip(SignedFinalityVote.serialize(vote), "peer");
  const beforeVerify = (action: () => Promise<unknown>) => {
    duringVerify = action;
  };
  return { ...base, net, peer, inbox, finalizer, fetched, gossip, beforeVerify };
}

const voteFor = (target: typeof one, round = 1, source = genesisCheckpoint) =>
  signedVote(authorities[1]!, genesis, source, checkpoint(round, target));

test("a vote waits for its block, and is counted when that comes", async () => {
  const { add, clock, finalizer, fetched, gossip } = await node();
  const vote = await voteFor(one);
  expect(await gossip(vote)).toBe("accept");
  expect(fetched).toEqual(["peer"]);
  expect(finalizer.tally.has(vote)).toBe(false);
  expect(finalizer.rounds.roundOf(vote.voter)).toBe(1);
  await add(one.blocks[0]!);
  await clock.advance(0);
  expect(finalizer.tally.has(vote)).toBe(true);
});

test("a newest vote that is told again and again does not push out the one that waits before it", async () => {
  const { add, clock, finalizer, gossip, inbox, peer } = await node();
  const vote = await voteFor(one);
  await gossip(vote);
  const newest = await voteFor(two, 2);
  peer.serve(finality, async function* () {
    yield { certificates: [], votes: [newest] };
  });
  for (let n = 0; n < 20; n++) await inbox.pull("peer");
  for (const block of [one, two]) await add(block.blocks.at(-1)!);
  await clock.advance(0);
  expect(finalizer.tally.has(vote)).toBe(true);
  expect(finalizer.tally.has(newest)).toBe(true);
});

test("a block that comes while the vote's signature is checked is not waited for", async () => {
  const { add, clock, finalizer, fetched, gossip, beforeVerify } = await node();
  const vote = await voteFor(one);
  beforeVerify(() => add(one.blocks[0]!));
  expect(await gossip(vote)).toBe("accept");
  await clock.advance(0);
  expect(finalizer.tally.has(vote)).toBe(true);
  expect(fetched).toEqual([]);
});

test("whoever votes from a later source is asked for its certificate, also where the vote's block is unknown", async () => {
  const { addAll, clock, gossip, net } = await node();
  await addAll(one);
  await gossip(await voteFor(two, 2, checkpoint(1, one)));
  await clock.advance(0);
  expect(net.requests).toMatchObject([{ to: "peer", protocol: "finality" }]);
});

test("the newest vote of each authority is told, also where it cannot be counted", async () => {
  const { addAll, gossip, inbox, peer } = await node();
  await addAll(one);
  inbox.serve();
  await gossip(await voteFor(one));
  const newest = await voteFor(two, 5);
  await gossip(newest);
  for await (const { votes } of peer.request("node", finality, { justifiedRound: 0 }))
    expect(votes).toEqual([newest]);
});

describe("every vote that its voter has signed is shown to those who look for contradictions", () => {
  async function watched() {
    const base = await node();
    const signed: SignedFinalityVote[] = [];
    base.finalizer.events.on("signed", (vote) => signed.push(vote));
    return { ...base, signed };
  }

  test("one that waits for a block that never comes", async () => {
    const { gossip, signed } = await watched();
    const vote = await voteFor(two, 3);
    await gossip(vote);
    expect(signed).toEqual([vote]);
  });

  test("one that breaks the rules, but not one with another's signature", async () => {
    const { addAll, gossip, signed } = await watched();
    await addAll(two);
    const backwards = await voteFor(one, 3, checkpoint(2, two));
    const wrongHeight = await signedVote(authorities[1]!, genesis, genesisCheckpoint, {
      ...checkpoint(1, one),
      height: 2,
    });
    const stranger = await signedVote(authorities[4]!, genesis, genesisCheckpoint, checkpoint(1, one));
    for (const vote of [backwards, wrongHeight, stranger]) expect(await gossip(vote)).toBe("reject");
    expect(await gossip({ ...(await voteFor(one)), voter: authorities[2]!.publicKey })).toBe("reject");
    expect(signed).toEqual([wrongHeight]);
  });

  test.each([
    ["that is new", two, true],
    ["for a block of another branch", aside, false],
  ])("those of a certificate %s", async (_, target, counts) => {
    const { addAll, chain, inbox, peer, signed } = await watched();
    await addAll(two);
    const voters = authorities.slice(0, 3);
    const votes = await Promise.all(
      voters.map((voter) => signedVote(voter, genesis, genesisCheckpoint, checkpoint(1, target))),
    );
    const certificates = [certificateOf(votes[0]!.message, votes)];
    peer.serve(finality, async function* () {
      yield { certificates, votes: [] };
    });
    await inbox.pull("peer");
    expect(new Set(signed)).toEqual(new Set(votes));
    expect(chain.justified.round).toBe(counts ? 1 : 0);
  });
});

test("a certificate that comes before its block is taken when that is here", async () => {
  const { addAll, chain, clock, fetched, inbox, peer } = await node();
  const votes = await Promise.all(
    authorities.slice(0, 3).map((voter) => signedVote(voter, genesis, genesisCheckpoint, checkpoint(1, two))),
  );
  const certificates = [certificateOf(votes[0]!.message, votes)];
  peer.serve(finality, async function* () {
    yield { certificates, votes: [] };
  });
  await inbox.pull("peer");
  expect(fetched).toEqual(["peer"]);
  expect(chain.justified.round).toBe(0);
  await addAll(two);
  await clock.advance(0);
  expect(chain.justified.round).toBe(1);
});
