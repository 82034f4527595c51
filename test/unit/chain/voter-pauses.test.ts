import { expect, onTestFinished, test } from "vitest";
import { Finalizer } from "../../../src/chain/finalizer.ts";
import { Voter } from "../../../src/chain/voter.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import { SigningError } from "../../../src/types/errors.ts";
import { type Logger, silentLogger } from "../../../src/util/logger.ts";
import { authorities, BlockMaker, testChain, testGenesis } from "../support/chain.ts";
import { countListeners } from "../support/listeners.ts";
import { settledClock, verifyHere } from "../support/sync-node.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

const genesis = await testGenesis(4);
const maker = new BlockMaker(genesis);
const one = await maker.block(maker.start());
const two = await maker.block(one);
const start = { round: 0, height: 0, block: genesis.id };

/** The voter of the first of four authorities on two blocks; `sign` is called for each vote. */
async function voting(sign: () => Promise<Uint8Array>, by = authorities[0]!) {
  const clock = settledClock();
  const base = await testChain({ genesis, clock, chain: { verify: verifyHere } });
  await base.addAll(two);
  const finalizer = new Finalizer({ chain: base.chain, logger: silentLogger });
  const logs: string[] = [];
  const log = (level: string) => () => void logs.push(level);
  const levels = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
  const logger: Logger = { ...levels, child: () => logger };
  const listeners = [countListeners(base.chain.events), countListeners(finalizer.events)];
  let attempts = 0;
  const voter = new Voter({
    ...{ chain: base.chain, finalizer, clock, logger },
    signer: {
      ...{ publicKey: by.publicKey, lastSourceRound: 0, lastTargetRound: 0, refusedToRound: 0 },
      signFinalityVote: () => {
        attempts++;
        return sign();
      },
    },
  });
  onTestFinished(() => {
    voter.stop();
    expect(listeners.map((count) => count())).toEqual([0, 0]);
  });
  return { ...base, clock, finalizer, voter, logs, attempts: () => attempts };
}

test("a voter that cannot sign tries again each second until it is stopped; refusals of the protection are no errors", async () => {
  const reasons = [new SigningError("SLASHABLE_VOTE", "…"), new Error("the disk is full")];
  const { clock, finalizer, voter, logs, attempts } = await voting(() =>
    Promise.reject(reasons[logs.length % 2]),
  );
  voter.enabled = true;
  await clock.advance(0);
  expect(attempts()).toBe(1);
  await clock.advance(999);
  expect(attempts()).toBe(1);
  await clock.advance(2_001);
  expect(attempts()).toBe(4);
  // News has it try at once, and then a second later again, not twice.
  finalizer.events.emit("changed", undefined);
  await clock.advance(0);
  expect([attempts(), clock.pending]).toEqual([5, 1]);
  expect(logs).toEqual(["debug", "error", "debug", "error", "debug"]);
  voter.stop();
  expect(clock.pending).toBe(0);
  await clock.advance(10_000);
  expect([attempts(), clock.pending]).toEqual([5, 0]);
});

test("a voter that is stopped while it signs does not try again", async () => {
  const signing = Promise.withResolvers<Uint8Array>();
  const { clock, voter, attempts } = await voting(() => signing.promise);
  voter.enabled = true;
  await clock.advance(0);
  voter.stop();
  signing.reject(new Error("the disk is full"));
  await clock.advance(0);
  expect([attempts(), clock.pending]).toEqual([1, 0]);
});

test("a voter plans nothing while it is not enabled, on a final head, or without a place in the set", async () => {
  const sign = () => expect.fail("nothing to sign");
  const disabled = await voting(sign);
  await disabled.addAll(await maker.block(two));
  await disabled.clock.advance(10_000);
  expect(disabled.clock.pending).toBe(0);

  const final = await voting(sign);
  for (const [source, round] of [
    [start, 1],
    [checkpoint(1, two), 2],
  ] as const) {
    const votes = await Promise.all(
      authorities.slice(1, 4).map((by) => signedVote(by, genesis, source, checkpoint(round, two))),
    );
    await final.finalizer.addCertificate(certificateOf(votes[0]!.message, votes));
  }
  expect(final.chain.finalized.height).toBe(2);
  final.voter.enabled = true;
  await final.clock.advance(10_000);
  expect(final.clock.pending).toBe(0);

  const stranger = await voting(sign, authorities[4]!);
  stranger.voter.enabled = true;
  await stranger.clock.advance(10_000);
  expect(stranger.clock.pending).toBe(0);
});

test("a voter waits until its head follows the justified block", async () => {
  const { chain, clock, voter, attempts } = await voting(() => expect.fail("nothing to sign"));
  const { id: block } = await maker.block(maker.start(), { by: authorities[3]! });
  const finality = { justified: { round: 1, height: 0, block }, finalized: start };
  Object.defineProperty(chain, "finality", { value: finality });
  voter.enabled = true;
  await clock.advance(10_000);
  expect(attempts()).toBe(0);
});

test("votes for a head between the targets on a fast chain once it has stood for a while", async () => {
  const fast = await testGenesis(1, { periodMs: 100 });
  const clock = settledClock();
  const base = await testChain({ genesis: fast, clock, chain: { verify: verifyHere } });
  const { finalizer, voter, votes } = testFinalizer(base);
  onTestFinished(() => voter.stop());
  voter.enabled = true;
  await base.add((await base.maker.block(base.maker.start())).blocks[0]!);
  await clock.advance(100);
  finalizer.events.emit("changed", undefined);
  await clock.advance(149);
  expect([votes, clock.pending]).toEqual([[], 1]);
  await clock.advance(1);
  expect(votes[0]).toBe("0 -> 1 at 1");
});
