import { expect, onTestFinished, test } from "vitest";
import { certificateOf, linkKey, roundTimeoutMs, settledRound } from "../../../src/consensus/index.ts";
import type { Certificate, SignedFinalityVote } from "../../../src/types/index.ts";
import { equalBytes } from "../../../src/util/bytes.ts";
import { authorities, BlockMaker, testChain, testGenesis } from "../support/chain.ts";
import { settledClock, verifyHere } from "../support/sync-node.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

const delayMs = 40;
const honest = [0, 1, 2];
const faulty = 3;

const genesis = await testGenesis(4);
const maker = new BlockMaker(genesis);
const one = await maker.block(maker.start());
const two = await maker.block(one);
const start = { round: 0, height: 0, block: genesis.id };

async function honestNode(by: number, clock: ReturnType<typeof settledClock>) {
  const base = await testChain({ genesis, clock, chain: { verify: verifyHere } });
  await base.addAll(one);
  const signer = { lastSourceRound: 0 };
  const { finalizer, voter } = testFinalizer(base, signer, by);
  onTestFinished(() => voter.stop());
  voter.events.on("vote", ({ message }) => {
    signer.lastSourceRound = message.source.round;
  });
  const heldBack: SignedFinalityVote[] = [];
  const hear = (vote: SignedFinalityVote) =>
    finalizer.addVote(vote).catch(() => {
      finalizer.hearRound(vote);
      heldBack.push(vote);
    });
  const giveSecondBlock = async () => {
    await base.add(two.blocks[1]!);
    for (const vote of heldBack) await hear(vote);
  };
  return { ...base, finalizer, voter, hear, giveSecondBlock };
}

/**
 * Three honest authorities and a fourth, whose votes nobody sees in time. It gives a result to each round with its own
 * vote, and shows the certificate to one of the others alone: so early that its vote calls the others into the next
 * round before they have the certificate; or, before a round that it leads itself, when they stop waiting for it.
 */
test("an authority that shows results of rounds to one other only, whose vote makes the rest enter the next round, does not stop finality", async () => {
  const clock = settledClock();
  const nodes = await Promise.all(honest.map((by) => honestNode(by, clock)));
  const certificates = new Map<number, Certificate>();
  const show = (to: number, round: number) =>
    void nodes[to]!.finalizer.addCertificate(certificates.get(round)!);
  const deliver = (to: number, vote: SignedFinalityVote) =>
    clock.after(delayMs, () => {
      const { hear, chain } = nodes[to]!;
      void hear(vote);
      const { round } = vote.message.source;
      // The voter is asked for the certificate of its source.
      if (round > chain.justified.round) clock.after(2 * delayMs, () => show(to, round));
    });
  const seen = new Map<number, SignedFinalityVote[]>();
  let hidden = 0;
  for (const [at, { voter }] of nodes.entries())
    voter.events.on("vote", (vote) => {
      for (const to of honest) if (to !== at) deliver(to, vote);
      const { round } = vote.message.target;
      const votes = [...(seen.get(round) ?? []), vote];
      seen.set(round, votes);
      if (votes.length === honest.length) clock.after(delayMs, () => void complete(round, votes));
    });
  async function complete(round: number, votes: readonly SignedFinalityVote[]) {
    const links = Map.groupBy(votes, ({ message }) => linkKey(message));
    const most = [...links.values()].find(({ length }) => length > 1)!;
    const { message } = most[0]!;
    const own = await signedVote(authorities[faulty]!, genesis, message.source, message.target);
    certificates.set(round, certificateOf(message, [...most, own]));
    if (links.size === 1) return;
    hidden++;
    const leader = (round + 1) % authorities.slice(0, 4).length;
    const last = honest.find((at) => equalBytes(votes.at(-1)!.voter, authorities[at]!.publicKey));
    const to = honest.find((at) => at !== leader && at !== last)!;
    const timeoutMs = roundTimeoutMs(Math.max(1, round - settledRound(nodes[0]!.chain.finality)));
    const endOfWaitMs = timeoutMs + Math.min(timeoutMs / 2, 2_000);
    clock.after(leader === faulty ? endOfWaitMs - 10 : Math.max(480, timeoutMs / 4), () => show(to, round));
  }
  // One honest authority is away in round 1, which the others leave without a result.
  for (const at of [0, 1]) {
    await nodes[at]!.giveSecondBlock();
    nodes[at]!.voter.enabled = true;
  }
  const lost = await signedVote(authorities[faulty]!, genesis, start, checkpoint(1, one));
  for (const to of honest) deliver(to, lost);
  await clock.advance(900);
  // It comes back without the second block, so that it votes for another one in round 2.
  nodes[2]!.voter.enabled = true;
  await clock.advance(20);
  await nodes[2]!.giveSecondBlock();
  await clock.advance(4_000);
  for (const { chain } of nodes) expect(chain.finalized.height).toBe(2);
  expect(hidden).toBe(2);
});
