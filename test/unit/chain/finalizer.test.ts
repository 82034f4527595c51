import { expect, test } from "vitest";
import { VoteError } from "../../../src/chain/vote-check.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import type { Checkpoint } from "../../../src/types/index.ts";
import { authorities, codeOf, testChain, testGenesis } from "../support/chain.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

/** Four authorities and two blocks; `seen` and `signed` are the voters that were reported, as indexes. */
async function node() {
  const base = await testChain({ genesis: await testGenesis(4) });
  const { genesis, maker, chain } = base;
  const one = await maker.block(maker.start());
  const two = await maker.block(one);
  await base.addAll(two);
  const { finalizer } = testFinalizer(base);
  const index = (voter: Uint8Array) => authorities.findIndex(({ publicKey }) => publicKey === voter);
  const events = { seen: [] as number[], signed: [] as number[], changed: 0 };
  finalizer.events.on("seen", ({ voter }) => events.seen.push(index(voter)));
  finalizer.events.on("signed", ({ voter }) => events.signed.push(index(voter)));
  finalizer.events.on("changed", () => events.changed++);
  const first: Checkpoint = { round: 0, height: 0, block: genesis.id };
  const vote = (voter: number, target: Checkpoint, source = first) =>
    signedVote(authorities[voter]!, genesis, source, target);
  const certificate = async (voters: number[], target: Checkpoint, source = first) => {
    const votes = await Promise.all(voters.map((voter) => vote(voter, target, source)));
    return certificateOf(votes[0]!.message, votes);
  };
  const justify = async (round: number) =>
    finalizer.addCertificate(await certificate([0, 1, 2], checkpoint(round, one)));
  return { ...base, chain, one, two, first, finalizer, events, vote, certificate, justify };
}

test("counts a vote once, and none that is 8 rounds old", async () => {
  const { finalizer, events, vote, one, justify } = await node();
  const new1 = await vote(0, checkpoint(1, one));
  expect(await finalizer.addVote(new1)).toBe(true);
  expect(await finalizer.addVote(new1)).toBe(false);
  expect(await finalizer.addSigned(new1)).toBe(false);
  expect(events).toMatchObject({ seen: [0], signed: [0], changed: 1 });
  await justify(9);
  for (const round of [1, 2, 7]) {
    const old = round <= 1;
    const late = await vote(1, checkpoint(round, one));
    expect(finalizer.isOld(late.message)).toBe(old);
    expect(await finalizer.addVote(late)).toBe(!old);
    expect(await finalizer.addSigned(await vote(2, checkpoint(round, one)))).toBe(!old);
  }
});

test("a quorum of votes justifies, a fourth vote changes nothing, and the votes of old rounds are forgotten", async () => {
  const { chain, database, finalizer, events, vote, one, first, justify } = await node();
  const link = { source: first, target: checkpoint(1, one) };
  const writing: boolean[] = [];
  let justified = 0;
  const justifyOnce = chain.justify.bind(chain);
  chain.justify = (proof) => {
    justified++;
    return justifyOnce(proof);
  };
  const commit = database.commit.bind(database);
  database.commit = (writes) => {
    writing.push(finalizer.isSettling);
    return commit(writes);
  };
  for (const [voter, round] of [
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 1],
  ] as const) {
    expect(await finalizer.addVote(await vote(voter, checkpoint(1, one)))).toBe(true);
    expect(chain.justified.round).toBe(round);
    expect(finalizer.isSettling).toBe(false);
  }
  expect(writing).toEqual([true]);
  expect(justified).toBe(1);
  expect(events.seen).toEqual([0, 1, 2, 3]);
  expect(finalizer.tally.count(link)).toBe(4);
  await justify(9);
  expect(finalizer.tally.count(link)).toBe(4);
  await justify(10);
  expect(finalizer.tally.count(link)).toBe(0);
  expect(finalizer.rounds.roundOf(authorities[0]!.publicKey)).toBe(0);
});

test("votes that arrive while their result is being written make no second one", async () => {
  const { chain, finalizer, vote, one } = await node();
  const votes = await Promise.all([0, 1, 2, 3].map((voter) => vote(voter, checkpoint(1, one))));
  let justified = 0;
  const justifyOnce = chain.justify.bind(chain);
  chain.justify = (proof) => {
    justified++;
    return justifyOnce(proof);
  };
  await Promise.all(votes.map((each) => finalizer.addVote(each)));
  expect([justified, chain.justified.round]).toEqual([1, 1]);
});

test("counts a vote that was refused once its block is here", async () => {
  const { add, finalizer, maker, two, vote } = await node();
  const three = await maker.block(two);
  const early = await vote(0, checkpoint(1, three));
  expect(await codeOf(finalizer.addSigned(early))).toBe("UNKNOWN_BLOCK");
  await add(three.blocks.at(-1)!);
  expect(await finalizer.addSigned(early)).toBe(true);
});

test("hears of a round whose block is not here", async () => {
  const { finalizer, events, vote, one } = await node();
  finalizer.hearRound(await vote(2, checkpoint(4, one)));
  expect(events).toEqual({ seen: [2], signed: [], changed: 1 });
  expect(finalizer.rounds.roundOf(authorities[2]!.publicKey)).toBe(4);
});

test("a round is far ahead if it is 2^16 above the justified one and above what a minority has reached", async () => {
  const { finalizer, vote, one, first, justify } = await node();
  const far = 2 ** 16;
  const isFar = (round: number) => finalizer.isFarAhead({ source: first, target: checkpoint(round, one) });
  expect([1, far, far + 1].map(isFar)).toEqual([false, false, true]);
  await justify(3);
  expect([far + 3, far + 4].map(isFar)).toEqual([false, true]);
  finalizer.hearRound(await vote(0, checkpoint(50, one)));
  expect(isFar(far + 4)).toBe(true);
  finalizer.hearRound(await vote(1, checkpoint(60, one)));
  expect([far + 50, far + 51].map(isFar)).toEqual([false, true]);
});

test("a minority has reached a round by votes that were far ahead, which count for nothing else", async () => {
  const { finalizer, events, vote, one, first, justify } = await node();
  const far = 2 ** 16;
  const isFar = (round: number) => finalizer.isFarAhead({ source: first, target: checkpoint(round, one) });
  finalizer.hearFarAhead(await vote(3, checkpoint(9 * far, one)));
  expect(isFar(far + 1)).toBe(true);
  finalizer.hearFarAhead(await vote(0, checkpoint(2 * far, one)));
  expect([3 * far, 3 * far + 1].map(isFar)).toEqual([false, true]);
  expect([events, finalizer.rounds.votes()]).toEqual([{ seen: [], signed: [], changed: 0 }, []]);
  await justify(2 * far + 8);
  expect([3 * far + 8, 3 * far + 9].map(isFar)).toEqual([false, true]);
});

test("a link is settled if it can neither justify nor finalize anything new", async () => {
  const { chain, finalizer, certificate, one, two, first, justify } = await node();
  await justify(3);
  await finalizer.addCertificate(await certificate([0, 1, 2], checkpoint(4, two), checkpoint(3, one)));
  expect(chain.finality).toMatchObject({ justified: { round: 4 }, finalized: { round: 3 } });
  const settled = (source: number, target: number) =>
    finalizer.isSettled({ source: { ...first, round: source }, target: checkpoint(target, two) });
  expect(settled(0, 4)).toBe(true);
  expect(settled(3, 4)).toBe(true);
  expect(settled(2, 3)).toBe(true);
  expect(settled(0, 5)).toBe(false);
  expect(settled(4, 5)).toBe(false);
  await finalizer.addCertificate(await certificate([0, 1, 2], checkpoint(9, two)));
  // It would make a later block final.
  expect(settled(5, 6)).toBe(false);
  expect(settled(4, 6)).toBe(true);
});

test("knows justified checkpoints, after a restart the newest and the final one", async () => {
  const { finalizer, certificate, one, two, first, justify, reopen } = await node();
  expect([first, checkpoint(1, one)].map((each) => finalizer.isJustified(each))).toEqual([true, false]);
  await justify(1);
  await finalizer.addCertificate(await certificate([0, 1, 2], checkpoint(2, two), checkpoint(1, one)));
  await justify(5);
  const [final, between, newest] = [checkpoint(1, one), checkpoint(2, two), checkpoint(5, one)];
  const known = [final, between, newest, checkpoint(5, two), checkpoint(3, one), { ...newest, height: 2 }];
  expect(known.map((each) => finalizer.isJustified(each))).toEqual([true, true, true, false, false, false]);
  const again = testFinalizer(await reopen()).finalizer;
  expect([final, between, newest].map((each) => again.isJustified(each))).toEqual([true, false, true]);
});

test("a certificate counts once, and reports each of its votes", async () => {
  const { finalizer, events, certificate, one } = await node();
  const good = await certificate([0, 1, 2], checkpoint(1, one));
  expect(await finalizer.addCertificate(good)).toBe(true);
  expect([...events.signed].sort()).toEqual([0, 1, 2]);
  expect(events.seen).toEqual([]);
  expect(events.changed).toBeGreaterThan(0);
  expect(await finalizer.addCertificate(good)).toBe(false);
  expect(events.signed).toHaveLength(3);
});

test("a certificate that cannot be counted reports the votes that were really signed by authorities", async () => {
  const { finalizer, events, certificate, vote, one } = await node();
  const unknown = { ...checkpoint(1, one), block: new Uint8Array(32).fill(9) };
  const good = await certificate([0, 1, 2], unknown);
  expect(await codeOf(finalizer.addCertificate(good))).toBe("UNKNOWN_BLOCK");
  expect([...events.signed].sort()).toEqual([0, 1, 2]);

  // A stranger and a repetition cost nothing, and a wrong signature is the sender's fault.
  events.signed.length = 0;
  const stranger = await vote(4, unknown);
  const voters = [...good.voters, good.voters[0]!, stranger.voter];
  const signatures = [...good.signatures, good.signatures[0]!, stranger.signature];
  expect(await codeOf(finalizer.addCertificate({ ...good, voters, signatures }))).toBe("UNKNOWN_BLOCK");
  expect([...events.signed].sort()).toEqual([0, 1, 2]);
  events.signed.length = 0;
  expect(await codeOf(finalizer.addCertificate({ ...good, voters }))).toBe("UNKNOWN_BLOCK");
  expect([...events.signed].sort()).toEqual([0, 1, 2]);
  events.signed.length = 0;
  const wrong = { ...good, signatures: [good.signatures[1]!, ...good.signatures.slice(1)] };
  expect(await codeOf(finalizer.addCertificate(wrong))).toBe("INVALID_SIGNATURE");
  expect(events.signed).toHaveLength(2);

  // If the blocks are known, the sender has checked the signatures of what it counted: none of its votes are taken.
  events.signed.length = 0;
  const known = await certificate([0, 1, 2], checkpoint(1, one));
  const forged = { ...known, signatures: [known.signatures[1]!, ...known.signatures.slice(1)] };
  expect(await codeOf(finalizer.addCertificate(forged))).toBe("INVALID_SIGNATURE");
  expect(events.signed).toEqual([]);

  // Nothing is checked for what is no link, and nothing is checked twice.
  events.signed.length = 0;
  const noLink = await certificate([0, 1, 2], { ...unknown, round: 0 });
  expect(
    await codeOf(
      finalizer.addCertificate({
        ...noLink,
        link: {
          ...noLink.link,
          source: { ...noLink.link.source, round: 1 },
          target: { ...unknown, round: 1 },
        },
      }),
    ),
  ).toBe("NOT_A_LINK");
  expect(events.signed).toEqual([]);
  await expect(finalizer.addCertificate(wrong)).rejects.toBeInstanceOf(VoteError);
});

test("a result that cannot be written is an error, no conflict, and can be tried again", async () => {
  const { chain, database, finalizer, certificate, one } = await node();
  const conflicts: unknown[] = [];
  finalizer.events.on("conflict", (error) => conflicts.push(error));
  const commit = database.commit.bind(database);
  database.commit = () => Promise.reject(new Error("the disk is full"));
  const good = await certificate([0, 1, 2], checkpoint(1, one));
  await expect(finalizer.addCertificate(good)).rejects.toThrow("the disk is full");
  expect([conflicts.length, finalizer.isSettling, chain.justified.round]).toEqual([0, false, 0]);
  database.commit = commit;
  expect(await finalizer.addCertificate(good)).toBe(true);
  expect(chain.justified.round).toBe(1);
});
