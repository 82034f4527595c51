import { describe, expect, onTestFinished, test, vi } from "vitest";
import { finality } from "../../../protocols/index.ts";
import { VoteError } from "../../../src/chain/vote-check.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import type { Verify } from "../../../src/crypto/ed25519.ts";
import type { Verdict } from "../../../src/network/types.ts";
import { FinalityStore } from "../../../src/storage/finality.ts";
import { HeldVotes } from "../../../src/sync/held-votes.ts";
import { recordBytes } from "../../../src/sync/serve.ts";
import { VoteInbox } from "../../../src/sync/vote-inbox.ts";
import { type Checkpoint, maxAuthorities, SignedFinalityVote } from "../../../src/types/index.ts";
import { compareBytes, equalBytes } from "../../../src/util/bytes.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { authorities, BlockMaker, signer, testChain, testGenesis } from "../support/chain.ts";
import { FakeNetwork } from "../support/network.ts";
import { settledClock, verifyHere } from "../support/sync-node.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

const genesis = await testGenesis(4);
const maker = new BlockMaker(genesis);
const one = await maker.block(maker.start());
const two = await maker.block(one);
const aside = await maker.block(maker.start(), { by: authorities[3]! });
const genesisCheckpoint = { round: 0, height: 0, block: genesis.id };

/** Makes a node that receives votes from its peer "peer"; `verify` may act during the checks. */
async function node(of = genesis) {
  const clock = settledClock();
  const net = new FakeNetwork(clock);
  const network = net.node("node");
  const peer = net.node("peer");
  net.connect(network, peer);
  let duringVerify: () => Promise<unknown> = async () => undefined;
  let always = false;
  let checked = 0;
  const verify: Verify = async (sets) => {
    checked += sets.length;
    const during = duringVerify;
    if (!always) duringVerify = async () => undefined;
    await during();
    return verifyHere(sets);
  };
  const base = await testChain({ genesis: of, clock, chain: { verify } });
  const { finalizer, voter } = testFinalizer(base);
  const fetched: string[] = [];
  let answers = 0;
  const inbox = new VoteInbox({
    network,
    chain: base.chain,
    finalizer,
    store: new FinalityStore(base.database),
    clock,
    logger: silentLogger,
    blocks: {
      fetch: async (_, from) => void fetched.push(from),
      fetchVoted: async (_, from, charge) => {
        if (charge()) fetched.push(from);
      },
    },
    onAnswer: () => answers++,
  });
  onTestFinished(() => {
    inbox.stop();
    voter.stop();
  });
  const gossip = (vote: SignedFinalityVote) => inbox.onGossip(SignedFinalityVote.serialize(vote), "peer");
  /** Resolves to the verdict so far; a vote with a missing block has none for a while. */
  const verdictOf = async (verdict: Promise<Verdict>): Promise<Verdict | "none"> => {
    await clock.advance(0);
    return Promise.race([verdict, new Promise<"none">((resolve) => setImmediate(() => resolve("none")))]);
  };
  const beforeVerify = (action: () => Promise<unknown>, options = { always: false }) => {
    duringVerify = action;
    always = options.always;
  };
  /** Returns the number of checked signatures. */
  const checks = () => checked;
  return {
    ...base,
    net,
    peer,
    network,
    inbox,
    finalizer,
    fetched,
    gossip,
    verdictOf,
    beforeVerify,
    checks,
    answers: () => answers,
  };
}

/** Makes a node that records the votes that reach the equivocation watch. */
async function watchedNode() {
  const base = await node();
  const signed: SignedFinalityVote[] = [];
  base.finalizer.events.on("signed", (vote) => signed.push(vote));
  return { ...base, signed };
}

const voteFor = (target: typeof one, round = 1, source = genesisCheckpoint) =>
  signedVote(authorities[1]!, genesis, source, checkpoint(round, target));

test("the block that votes are early for is looked for on the disk once", async () => {
  const { gossip, verdictOf, add, database } = await node();
  const reading = vi.spyOn(database, "get");
  const early: Promise<Verdict>[] = [];
  for (const by of [1, 2]) {
    early.push(gossip(await signedVote(authorities[by]!, genesis, genesisCheckpoint, checkpoint(1, one))));
    expect(await verdictOf(early.at(-1)!)).toBe("none");
  }
  expect(reading.mock.calls.filter(([key]) => equalBytes(key.subarray(1), one.id))).toHaveLength(1);
  await add(one.blocks[0]!);
  expect(await Promise.all(early)).toEqual(["accept", "accept"]);
});

test("votes that are far ahead are ignored until a minority is there, and counted when they come again", async () => {
  const { gossip, finalizer, add, checks, network } = await node();
  await add(one.blocks[0]!);
  const round = 2 ** 16 + 5;
  const vote = (by: number) =>
    signedVote(authorities[by]!, genesis, genesisCheckpoint, checkpoint(round + by, one));
  const [first, second] = [await vote(0), await vote(1)];
  const before = checks();
  const signed: unknown[] = [];
  finalizer.events.on("signed", (heard) => signed.push(heard));
  expect([await gossip(first), await gossip(first), checks() - before]).toEqual(["ignore", "ignore", 2]);
  // They may contradict others.
  expect(signed).toEqual([first, first]);
  expect(await gossip(second)).toBe("ignore");
  expect(finalizer.rounds.votes()).toEqual([]);
  expect([await gossip(first), await gossip(second)]).toEqual(["accept", "accept"]);
  expect(finalizer.rounds.targets(authorities.slice(0, 4).map(({ publicKey }) => publicKey)).ofMinority).toBe(
    round,
  );
  const forged = { ...(await vote(2)), signature: new Uint8Array(64) };
  expect(await gossip({ ...forged, message: { ...forged.message, target: checkpoint(2 ** 20, one) } })).toBe(
    "reject",
  );
  expect(network.penalties).toEqual([]);
});

test("anybody who repeats votes that are far ahead uses up nothing that their voter's newer votes need", async () => {
  const { gossip, finalizer, add, checks } = await node();
  await add(one.blocks[0]!);
  const far = await signedVote(authorities[0]!, genesis, genesisCheckpoint, checkpoint(2 ** 20, one));
  for (let times = 0; times < 2_000; times++) await gossip(far);
  expect(checks()).toBeLessThan(1_100);
  const vote = await signedVote(authorities[0]!, genesis, genesisCheckpoint, checkpoint(1, one));
  expect([await gossip(vote), finalizer.rounds.votes()]).toEqual(["accept", [vote]]);
});

test("more votes that are far ahead than their voter's account pays for say nothing", async () => {
  const { gossip, finalizer, add } = await node();
  await add(one.blocks[0]!);
  const vote = (by: number, round: number) =>
    signedVote(authorities[by]!, genesis, genesisCheckpoint, checkpoint(round, one));
  const far = await vote(0, 2 ** 20);
  for (let times = 0; times < 64; times++) await gossip(far);
  const [further, others] = [await vote(0, 2 ** 21), await vote(1, 2 ** 21)];
  expect([await gossip(further), await gossip(others)]).toEqual(["ignore", "ignore"]);
  // The lower round of two authorities counts.
  expect([far, others].map(({ message }) => finalizer.isFarAhead(message))).toEqual([false, true]);
});

test("a vote waits for its block, and is counted and forwarded when the block arrives", async () => {
  const { add, clock, finalizer, fetched, gossip, verdictOf } = await node();
  const vote = await voteFor(one);
  const verdict = gossip(vote);
  expect(await verdictOf(verdict)).toBe("none");
  expect(fetched).toEqual(["peer"]);
  expect(finalizer.tally.has(vote)).toBe(false);
  expect(finalizer.rounds.roundOf(vote.voter)).toBe(1);
  await add(one.blocks[0]!);
  await clock.advance(0);
  expect(finalizer.tally.has(vote)).toBe(true);
  expect(await verdict).toBe("accept");
});

test("a vote whose block does not arrive is not forwarded and blames no peer, but counts if the block arrives later", async () => {
  const { add, clock, finalizer, gossip, verdictOf } = await node();
  const vote = await voteFor(one);
  const verdict = gossip(vote);
  expect(await verdictOf(verdict)).toBe("none");
  await clock.advance(3_000);
  expect(await verdict).toBe("pardon");
  await add(one.blocks[0]!);
  await clock.advance(0);
  expect(finalizer.tally.has(vote)).toBe(true);
});

test("a vote that contradicts its block is rejected once the block is known, and not forwarded before", async () => {
  const { add, clock, gossip, verdictOf } = await node();
  const wrongHeight = { ...checkpoint(1, one), height: 2 };
  const verdict = gossip(await signedVote(authorities[1]!, genesis, genesisCheckpoint, wrongHeight));
  expect(await verdictOf(verdict)).toBe("none");
  await add(one.blocks[0]!);
  await clock.advance(0);
  expect(await verdict).toBe("reject");
});

test("a newest vote that is repeated does not push out the waiting one before it", async () => {
  const { add, clock, finalizer, gossip, inbox, peer } = await node();
  const vote = await voteFor(one);
  void gossip(vote);
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

test("a vote does not wait for a block that arrives while its signature is checked", async () => {
  const { add, clock, finalizer, fetched, gossip, beforeVerify } = await node();
  const vote = await voteFor(one);
  beforeVerify(() => add(one.blocks[0]!));
  expect(await gossip(vote)).toBe("accept");
  await clock.advance(0);
  expect(finalizer.tally.has(vote)).toBe(true);
  expect(fetched).toEqual([]);
});

test("a peer whose vote has a later source is asked for the certificate, even if the vote's block is unknown", async () => {
  const { addAll, clock, gossip, net } = await node();
  await addAll(one);
  void gossip(await voteFor(two, 2, checkpoint(1, one)));
  await clock.advance(0);
  expect(net.requests).toMatchObject([{ to: "peer", protocol: "finality" }]);
});

test("if the peer that passed a vote on keeps its source's certificate back, a few others are asked, dialled ones first", async () => {
  const { addAll, clock, finalizer, gossip, net, network } = await node();
  await addAll(one);
  const justifying = await Promise.all(
    [1, 2, 3].map((by) => signedVote(authorities[by]!, genesis, genesisCheckpoint, checkpoint(1, one))),
  );
  const certificates = [certificateOf(justifying[0]!.message, justifying)];
  for (const name of ["one", "two", "dialled", "chosen"]) {
    const other = net.node(name);
    net.connect(network, other);
    other.serve(finality, async function* () {
      yield { certificates: name === "dialled" ? certificates : [], votes: [] };
    });
  }
  const peers = network.peers();
  network.peers = () =>
    peers.map((info) => ({
      ...info,
      chosen: info.id === "chosen",
      direction: ["dialled", "chosen"].includes(info.id) ? "outbound" : "inbound",
    }));
  const source = checkpoint(1, one);
  void gossip(await signedVote(authorities[1]!, genesis, source, checkpoint(2, two)));
  await clock.advance(90);
  expect(net.requests.map(({ to }) => to)).toEqual(["peer"]);
  await clock.advance(20);
  expect(net.requests.map(({ to }) => to)).toEqual(["peer", "chosen", "dialled", "one"]);
  expect(finalizer.isJustified(source)).toBe(true);
  // Once the certificate is here, nobody is asked.
  void gossip(await signedVote(authorities[2]!, genesis, source, checkpoint(2, two)));
  await clock.advance(200);
  expect(net.requests).toHaveLength(4);
});

test("the newest vote of each authority is served, even if it cannot be counted", async () => {
  const { addAll, clock, gossip, inbox, peer } = await node();
  await addAll(one);
  inbox.serve();
  await gossip(await voteFor(one));
  const newest = await voteFor(two, 5);
  void gossip(newest);
  await clock.advance(0);
  for await (const { votes } of peer.request("node", finality, { justifiedRound: 0 }))
    expect(votes).toEqual([newest]);
});

describe("the equivocation watch sees every vote that its voter has signed", () => {
  test("the equivocation watch sees a vote that waits for a block that never arrives", async () => {
    const { clock, gossip, signed } = await watchedNode();
    const vote = await voteFor(two, 3);
    void gossip(vote);
    await clock.advance(0);
    expect(signed).toEqual([vote]);
  });

  test("the equivocation watch sees a vote that breaks the rules, but not one with another's signature", async () => {
    const { addAll, fetched, gossip, signed } = await watchedNode();
    await addAll(two);
    const backwards = await voteFor(one, 3, checkpoint(2, two));
    const wrongHeight = await signedVote(authorities[1]!, genesis, genesisCheckpoint, {
      ...checkpoint(1, one),
      height: 2,
    });
    const stranger = await signedVote(authorities[4]!, genesis, genesisCheckpoint, checkpoint(1, one));
    for (const vote of [backwards, wrongHeight, stranger]) expect(await gossip(vote)).toBe("reject");
    // No block is requested for a vote that is wrong.
    expect(fetched).toEqual([]);
    expect(await gossip({ ...(await voteFor(one)), voter: authorities[2]!.publicKey })).toBe("reject");
    expect(signed).toEqual([wrongHeight]);
  });

  test.each([
    ["that is new", two, true],
    ["for a block of another branch", aside, false],
  ])("the equivocation watch sees the votes in a certificate %s", async (_, target, counts) => {
    const { addAll, chain, inbox, peer, signed } = await watchedNode();
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

test("a certificate that arrives before its block counts when the block arrives", async () => {
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

describe("limits of what one authority signs", () => {
  test("two different votes for a target round are forwarded, but no third one", async () => {
    const { addAll, gossip } = await node();
    await addAll(two);
    const sources = [genesisCheckpoint, checkpoint(1, one), checkpoint(2, one), checkpoint(3, one)];
    const verdicts: Verdict[] = [];
    for (const source of sources) verdicts.push(await gossip(await voteFor(two, 9, source)));
    expect(verdicts).toEqual(["accept", "accept", "ignore", "ignore"]);
  });

  test("votes beyond its account are not forwarded, and cost the sending peer nothing", async () => {
    const { addAll, gossip, signed } = await watchedNode();
    await addAll(two);
    const verdicts: Verdict[] = [];
    for (let round = 1; round <= 70; round++) verdicts.push(await gossip(await voteFor(one, round)));
    expect(verdicts.slice(0, 64)).toEqual(Array(64).fill("accept"));
    expect(verdicts.slice(64)).toEqual(Array(6).fill("pardon"));
    // The votes still reach the equivocation watch.
    expect(signed).toHaveLength(70);
    const other = await signedVote(authorities[2]!, genesis, genesisCheckpoint, checkpoint(1, one));
    expect(await gossip(other)).toBe("accept");
  });

  test("votes beyond all accounts are not even checked", async () => {
    const { addAll, gossip, checks } = await node();
    await addAll(two);
    // A vote with a valid signature costs the account; the target rounds differ, so that each is a vote of its own.
    const before = checks();
    for (let round = 1; round <= 64 + 1_000; round++) await gossip(await voteFor(one, round));
    expect(checks() - before).toBe(64 + 1_000);
    expect(await gossip(await voteFor(one, 1_065))).toBe("ignore");
    expect(checks() - before).toBe(64 + 1_000);
    const other = await signedVote(authorities[2]!, genesis, genesisCheckpoint, checkpoint(1, one));
    expect(await gossip(other)).toBe("accept");
  });

  test("repeated votes do not use up the account", async () => {
    const { addAll, clock, gossip } = await node();
    await addAll(two);
    const repeated: SignedFinalityVote[] = [];
    for (let round = 1; round <= 120; round++) repeated.push(await voteFor(one, round));
    const repeat = async () => {
      for (const vote of repeated) await gossip(vote);
    };
    await repeat();
    // Its first newest vote shows that the others are past; its account has refilled enough by the next one.
    await gossip(await voteFor(one, 400));
    for (let round = 401; round <= 403; round++) {
      await repeat();
      await clock.advance(1_000);
      await repeat();
      expect(await gossip(await voteFor(one, round))).toBe("accept");
    }
  });

  test("votes of settled rounds do not use up the account, even if none of them was heard before", async () => {
    const { addAll, finalizer, gossip, chain } = await node();
    await addAll(two);
    const votes = await Promise.all(
      [0, 2, 3].map((at) => signedVote(authorities[at]!, genesis, genesisCheckpoint, checkpoint(100, one))),
    );
    await finalizer.addCertificate(certificateOf(votes[0]!.message, votes));
    expect(chain.justified.round).toBe(100);
    for (let round = 1; round <= 80; round++) expect(await gossip(await voteFor(one, round))).toBe("pardon");
    expect(await gossip(await voteFor(two, 101, checkpoint(100, one)))).toBe("accept");
  });

  test("an accepted vote is not checked again", async () => {
    const { addAll, gossip, checks } = await node();
    await addAll(two);
    const vote = await voteFor(one);
    expect(await gossip(vote)).toBe("accept");
    const before = checks();
    expect(await gossip(vote)).toBe("ignore");
    expect(checks()).toBe(before);
  });

  test("a flood of votes for unknown blocks causes few requests, and only eight votes are held", async () => {
    const { clock, fetched, gossip, verdictOf } = await node();
    const verdicts: Promise<Verdict>[] = [];
    for (let round = 1; round <= 60; round++) {
      const target = { round, height: 1, block: new Uint8Array(32).fill(round) };
      verdicts.push(gossip(await signedVote(authorities[1]!, genesis, genesisCheckpoint, target)));
      await clock.advance(0);
    }
    expect(fetched).toHaveLength(8);
    const waiting = (await Promise.all(verdicts.map(verdictOf))).filter((verdict) => verdict === "none");
    expect(waiting).toHaveLength(8);
  });

  test("votes of several authorities for unknown blocks leave a peer most of its quota", async () => {
    const { clock, fetched, gossip } = await node();
    for (const voter of authorities.slice(0, 4)) {
      for (let round = 1; round <= 8; round++) {
        const target = { round, height: 1, block: voter.publicKey.map((byte) => byte ^ round) };
        void gossip(await signedVote(voter, genesis, genesisCheckpoint, target));
        await clock.advance(0);
      }
    }
    expect(fetched).toHaveLength(20);
  });

  test("votes from unknown sources cause few requests for certificates", async () => {
    const { addAll, clock, gossip, net } = await node();
    await addAll(two);
    for (let round = 1; round <= 30; round++) {
      void gossip(await voteFor(two, round + 1, checkpoint(round, one)));
      await clock.advance(0);
    }
    expect(net.count("finality")).toBe(8);
  });

  test("a vote in a round that no honest authority can have reached is ignored once its signature is checked", async () => {
    const { addAll, gossip, checks } = await node();
    await addAll(two);
    expect(await gossip(await voteFor(one, 2 ** 16))).toBe("accept");
    const before = checks();
    expect(await gossip(await voteFor(one, 2 ** 16 + 1))).toBe("ignore");
    expect(checks()).toBe(before + 1);
  });

  test("only a few signatures of a peer's votes are checked at a time", async () => {
    const { addAll, gossip, checks, beforeVerify } = await node();
    await addAll(two);
    const { promise, resolve } = Promise.withResolvers<void>();
    beforeVerify(() => promise, { always: true });
    const before = checks();
    const forged = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => ({
        ...(await voteFor(one, n + 1)),
        voter: authorities[2]!.publicKey,
      })),
    );
    const verdicts = forged.map((vote) => gossip(vote));
    await new Promise(setImmediate);
    // 64 checks, and two for each authority.
    expect(checks() - before).toBe(72);
    resolve();
    const all = await Promise.all(verdicts);
    expect(all.filter((verdict) => verdict === "reject")).toHaveLength(72);
    expect(all.filter((verdict) => verdict === "ignore")).toHaveLength(28);
  });

  test("a peer's votes are checked even if many ids of another address have taken all places", async () => {
    const { addAll, inbox, checks, beforeVerify } = await node();
    await addAll(two);
    const { promise, resolve } = Promise.withResolvers<void>();
    beforeVerify(() => promise, { always: true });
    const before = checks();
    let round = 0;
    const send = async (count: number, from: (n: number) => string) => {
      const voter = authorities[2]!.publicKey;
      const forged = await Promise.all(
        Array.from({ length: count }, async () => ({ ...(await voteFor(one, ++round)), voter })),
      );
      const verdicts = forged.map((vote, n) => inbox.onGossip(SignedFinalityVote.serialize(vote), from(n)));
      await new Promise(setImmediate);
      return verdicts;
    };
    const verdicts = await send(200, (n) => `flooder@${n}`);
    // Twice the share of a peer, which is 72.
    expect(checks() - before).toBe(144);
    verdicts.push(...(await send(30, () => "honest")));
    expect(checks() - before).toBe(144 + 18);
    resolve();
    await Promise.all(verdicts);
  });

  test("forged votes do not use up the authority's account", async () => {
    const { addAll, gossip } = await node();
    await addAll(two);
    for (let round = 1; round <= 100; round++) {
      const forged = { ...(await voteFor(one, round)), signature: new Uint8Array(64) };
      expect(await gossip(forged)).toBe("reject");
    }
    expect(await gossip(await voteFor(one, 1))).toBe("accept");
  });
});

describe("votes and certificates in an answer", () => {
  const told = async (vote: SignedFinalityVote) => {
    const base = await node();
    await base.addAll(one);
    base.peer.serve(finality, async function* () {
      yield { certificates: [], votes: [vote] };
    });
    await base.inbox.pull("peer");
    return base.network.penalties.map(({ offence }) => offence);
  };

  test("blames the peer for a vote with a wrong signature", async () => {
    expect(await told({ ...(await voteFor(one)), signature: new Uint8Array(64) })).toEqual([
      "invalidResponse",
    ]);
  });

  test("does not blame the peer for a vote that contradicts a block, which the peer may not have", async () => {
    const wrongHeight = { ...checkpoint(1, one), height: 2 };
    expect(await told(await signedVote(authorities[1]!, genesis, genesisCheckpoint, wrongHeight))).toEqual(
      [],
    );
  });

  test("does not blame the peer for a vote for an unknown block by an account that is not an authority at the head", async () => {
    const vote = await signedVote(authorities[4]!, genesis, genesisCheckpoint, checkpoint(1, aside));
    expect(await told(vote)).toEqual([]);
  });

  test("blames the peer for a certificate of an unknown block with a wrong signature, at the cost of one check", async () => {
    const { checks, inbox, network, peer } = await node();
    const vote = await voteFor(two);
    const voters = Array.from({ length: 1024 }, () => vote.voter);
    const certificate = { link: vote.message, voters, signatures: voters.map(() => new Uint8Array(64)) };
    peer.serve(finality, async function* () {
      yield { certificates: [certificate], votes: [] };
    });
    const before = checks();
    await inbox.pull("peer");
    expect(checks() - before).toBe(1);
    expect(network.penalties.map(({ offence }) => offence)).toEqual(["invalidResponse"]);
  });

  test("refuses a request with a round above 2^53 - 1, and charges each answer as three records", async () => {
    const { inbox, peer, net } = await node();
    inbox.serve();
    const ask = async (justifiedRound: number) => {
      for await (const _ of peer.request("node", finality, { justifiedRound }));
    };
    await expect(ask(2 ** 53)).rejects.toMatchObject({ code: "invalidRequest" });
    expect(net.reads).toEqual([]);
    await ask(2 ** 53 - 1);
    expect(net.reads).toEqual([{ protocol: "finality", bytes: 3 * recordBytes }]);
  });

  test("requests votes and certificates once at a time, from the own justified round on, and reports the answer", async () => {
    const { inbox, peer, net, answers } = await node();
    peer.serve(finality, async function* () {
      yield { certificates: [], votes: [] };
    });
    await Promise.all([inbox.pull("peer"), inbox.pull("peer")]);
    expect(net.requests.map(({ request }) => request)).toEqual([{ justifiedRound: 0 }]);
    expect(answers()).toBe(1);
    await inbox.pull("peer");
    expect(net.requests).toHaveLength(2);
  });

  test("does not blame a peer that does not answer", async () => {
    const { inbox, network, answers } = await node();
    await inbox.pull("peer");
    expect([network.penalties, answers()]).toEqual([[], 0]);
  });

  test("checks 64 votes of a liar's answer at most", async () => {
    const { inbox, peer, network, checks } = await node();
    const vote = await voteFor(one);
    const votes = Array.from({ length: 70 }, (_, at) => ({
      ...vote,
      message: { ...vote.message, target: { ...vote.message.target, round: at + 1 } },
      signature: new Uint8Array(64),
    }));
    peer.serve(finality, async function* () {
      yield { certificates: [], votes };
    });
    const before = checks();
    await inbox.pull("peer");
    expect(checks() - before).toBe(64);
    expect(network.penalties.map(({ offence }) => offence)).toEqual(["invalidResponse"]);
  });

  test("blames nobody for certificates that rest on a recovery that the peer was not given", async () => {
    const { finalizer, inbox, peer, network, fetched, answers } = await node();
    finalizer.addCertificate = () => Promise.reject(new VoteError("BEFORE_RECOVERY", "…"));
    const vote = await voteFor(one);
    peer.serve(finality, async function* () {
      yield { certificates: [certificateOf(vote.message, [vote])], votes: [] };
    });
    await inbox.pull("peer");
    expect([network.penalties, fetched, answers()]).toEqual([[], [], 1]);
  });

  test("blames nobody for certificates that this node cannot store", async () => {
    const { finalizer, inbox, peer, network, fetched, answers } = await node();
    finalizer.addCertificate = () =>
      Promise.reject(Object.assign(new Error("the disk is full"), { code: "UNKNOWN_BLOCK" }));
    const vote = await voteFor(one);
    peer.serve(finality, async function* () {
      yield { certificates: [certificateOf(vote.message, [vote])], votes: [] };
    });
    await inbox.pull("peer");
    expect([network.penalties, fetched, answers()]).toEqual([[], [], 0]);
  });

  test("serves no more votes than an answer holds", async () => {
    const { finalizer, inbox, peer } = await node();
    inbox.serve();
    const vote = await voteFor(one);
    finalizer.rounds.votes = () => Array(maxAuthorities + 1).fill(vote);
    for await (const { votes } of peer.request("node", finality, { justifiedRound: 0 }))
      expect(votes).toHaveLength(maxAuthorities);
  });

  test("names the certificates of the final rounds and of the justified one, each once, but none of genesis", async () => {
    const { addAll, finalizer, inbox, peer } = await node();
    const three = await maker.block(two);
    await addAll(three);
    inbox.serve();
    const rounds = async () => {
      const named: number[] = [];
      for await (const { certificates } of peer.request("node", finality, { justifiedRound: 0 }))
        named.push(...certificates.map(({ link }) => link.target.round));
      return named;
    };
    expect(await rounds()).toEqual([]);
    const certify = async (source: Checkpoint, target: Checkpoint) => {
      const votes = await Promise.all(
        authorities.slice(0, 3).map((voter) => signedVote(voter, genesis, source, target)),
      );
      await finalizer.addCertificate(certificateOf(votes[0]!.message, votes));
    };
    await certify(genesisCheckpoint, checkpoint(1, one));
    expect(await rounds()).toEqual([1]);
    await certify(checkpoint(1, one), checkpoint(2, two));
    expect(await rounds()).toEqual([1, 2]);
    await certify(checkpoint(2, two), checkpoint(4, three));
    expect((await rounds()).sort()).toEqual([1, 2, 4]);
  });
});

test("a vote whose block cannot be looked up because the database was closed does not end the process", async () => {
  const { chain, gossip, clock } = await node();
  const get = vi.spyOn(chain.tree, "get").mockResolvedValueOnce(undefined);
  get.mockRejectedValue(new Error("the database is closed"));
  const target = { round: 1, height: 1, block: new Uint8Array(32).fill(9) };
  void gossip(await signedVote(authorities[1]!, genesis, genesisCheckpoint, target));
  // An unhandled rejection fails the run.
  await clock.advance(0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(get.mock.calls.length).toBeGreaterThan(1);
});

test("does not forward a vote of a stranger, whether or not its block is here", async () => {
  const { addAll, gossip, checks } = await node();
  await addAll(one);
  const before = checks();
  const ofNobody = (target: typeof one) =>
    signedVote(authorities[4]!, genesis, genesisCheckpoint, checkpoint(1, target));
  expect(await gossip(await ofNobody(one))).toBe("reject");
  expect(await gossip(await ofNobody(two))).toBe("ignore");
  expect(checks()).toBe(before);
});

test("an authority cannot get a node blamed that lacks a block by nodes that have it", async () => {
  const [a, b, c] = [await node(), await node(), await node()];
  for (const { add } of [a, b]) await add(one.blocks[0]!);
  const wrongHeight = { ...checkpoint(1, one), height: 2 };
  const vote = await signedVote(authorities[3]!, genesis, genesisCheckpoint, wrongHeight);
  const blamed: Verdict[] = [];
  const passedOn = c.gossip(vote).then(async (verdict) => {
    if (verdict === "accept") for (const { gossip } of [a, b]) blamed.push(await gossip(vote));
    return verdict;
  });
  await c.clock.advance(0);
  await c.add(one.blocks[0]!);
  await c.clock.advance(0);
  // The peer that sent the vote to the third node is at fault, because an honest relay would have had the block.
  expect(await passedOn).toBe("reject");
  expect(blamed).toEqual([]);
});

test("bytes that are no vote are rejected", async () => {
  const { inbox } = await node();
  expect(await inbox.onGossip(new Uint8Array(7), "peer")).toBe("reject");
});

test("a stop decides on every vote that waits, and follows the chain no longer", async () => {
  const { chain, gossip, inbox, verdictOf, network } = await node();
  const verdict = gossip(await voteFor(one));
  expect(await verdictOf(verdict)).toBe("none");
  const { listeners } = network;
  const release = vi.spyOn(HeldVotes.prototype, "release");
  inbox.stop();
  expect(await verdict).toBe("pardon");
  expect(network.listeners).toBeLessThan(listeners);
  chain.events.emit("imported", chain.head as never);
  expect(release).not.toHaveBeenCalled();
  release.mockRestore();
});

test("a vote of the first authority of the set waits for its block, too", async () => {
  const { gossip, verdictOf } = await node();
  const vote = await signedVote(authorities[0]!, genesis, genesisCheckpoint, checkpoint(1, one));
  expect(await verdictOf(gossip(vote))).toBe("none");
});

test("a peer is not asked for a certificate that this node has", async () => {
  const { addAll, clock, finalizer, gossip, net } = await node();
  await addAll(two);
  const votes = await Promise.all(
    authorities.slice(0, 3).map((voter) => signedVote(voter, genesis, genesisCheckpoint, checkpoint(1, one))),
  );
  await finalizer.addCertificate(certificateOf(votes[0]!.message, votes));
  expect(await gossip(await voteFor(two, 2, checkpoint(1, one)))).toBe("accept");
  await clock.advance(0);
  expect(net.requests).toEqual([]);
});

test("after a stop nobody is asked for a certificate that a peer has kept back", async () => {
  const { addAll, clock, gossip, inbox, net, network } = await node();
  await addAll(one);
  net.connect(network, net.node("other"));
  void gossip(await voteFor(two, 2, checkpoint(1, one)));
  await clock.advance(0);
  inbox.stop();
  await clock.advance(200);
  expect(net.requests.map(({ to }) => to)).toEqual(["peer"]);
});

test("a vote that is counted while it is looked at is not forwarded", async () => {
  const { addAll, add, clock, finalizer, gossip, verdictOf } = await node();
  await addAll(one);
  finalizer.addSigned = async () => false;
  expect(await gossip(await voteFor(one))).toBe("pardon");
  finalizer.addSigned = () => Promise.reject(new VoteError("UNKNOWN_BLOCK", "…"));
  const waiting = gossip(await voteFor(two, 2));
  expect(await verdictOf(waiting)).toBe("none");
  finalizer.addSigned = async () => false;
  await add(two.blocks.at(-1)!);
  await clock.advance(0);
  expect(await waiting).toBe("pardon");
});

test("the signatures of a large set's votes are checked together", async () => {
  const many = Array.from({ length: 17 }, (_, number) => signer(200 + number)).sort((a, b) =>
    compareBytes(a.publicKey, b.publicKey),
  );
  const large = await testGenesis(4, { authorities: many.map(({ publicKey }) => publicKey) });
  const { clock, checks, gossip } = await node(large);
  const unknown = { round: 1, height: 1, block: new Uint8Array(32).fill(9) };
  const source = { round: 0, height: 0, block: large.id };
  const before = checks();
  for (const by of many.slice(0, 3)) void gossip(await signedVote(by, large, source, unknown));
  await clock.advance(0);
  expect(checks()).toBe(before);
  await clock.advance(10);
  expect(checks()).toBe(before + 3);
});

test("a vote whose block is stored while the vote begins to wait is released at once", async () => {
  const { addAll, finalizer, gossip } = await node();
  await addAll(one);
  const addSigned = finalizer.addSigned.bind(finalizer);
  let calls = 0;
  finalizer.addSigned = (vote) => {
    calls++;
    return calls === 1 ? Promise.reject(new VoteError("UNKNOWN_BLOCK", "…")) : addSigned(vote);
  };
  expect(await gossip(await voteFor(one))).toBe("accept");
  expect(calls).toBe(2);
});

test("an error that is no fault of a vote is no verdict on it, and an answer with it blames nobody", async () => {
  const { addAll, finalizer, gossip, inbox, peer, network } = await node();
  await addAll(one);
  finalizer.addSigned = () => Promise.reject(new Error("the disk is full"));
  await expect(gossip(await voteFor(one))).rejects.toThrow("the disk is full");
  const other = await signedVote(authorities[2]!, genesis, genesisCheckpoint, checkpoint(1, one));
  peer.serve(finality, async function* () {
    yield { certificates: [], votes: [other] };
  });
  await inbox.pull("peer");
  expect(network.penalties).toEqual([]);
});

test("a vote that waited and is refused for no fault of its own is ignored", async () => {
  const { add, clock, finalizer, gossip, verdictOf } = await node();
  const verdict = gossip(await voteFor(one));
  expect(await verdictOf(verdict)).toBe("none");
  finalizer.addSigned = () => Promise.reject(new Error("the disk is full"));
  await add(one.blocks[0]!);
  await clock.advance(0);
  expect(await verdict).toBe("ignore");
});

test("votes of rounds that are settled meanwhile do not wait any longer", async () => {
  const { add, addAll, clock, finalizer, gossip, verdictOf } = await node();
  const unknown = { round: 1, height: 1, block: new Uint8Array(32).fill(9) };
  const verdict = gossip(await signedVote(authorities[1]!, genesis, genesisCheckpoint, unknown));
  expect(await verdictOf(verdict)).toBe("none");
  await addAll(one);
  const votes = await Promise.all(
    authorities.slice(0, 3).map((voter) => signedVote(voter, genesis, genesisCheckpoint, checkpoint(9, one))),
  );
  await finalizer.addCertificate(certificateOf(votes[0]!.message, votes));
  expect(await verdictOf(verdict)).toBe("none");
  await add(two.blocks.at(-1)!);
  await clock.advance(0);
  expect(await verdict).toBe("pardon");
});
