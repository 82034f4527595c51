import { expect, test } from "vitest";
import { banMs, offences, PeerScores, wrongGenesisMs } from "../../../src/network/scores.ts";
import type { PeerOffence } from "../../../src/network/types.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

function setUp() {
  const clock = new ManualClock();
  const blocked: string[] = [];
  const scores = new PeerScores({ clock, logger: silentLogger, onBlocked: (peer) => blocked.push(peer) });
  return { clock, blocked, scores };
}

test("an unknown peer is neutral", () => {
  const { scores } = setUp();
  expect([scores.score("a"), scores.gossipScore("a"), scores.blocked("a")]).toEqual([0, 0, false]);
});

test.each<[PeerOffence, number]>([
  ["excessiveRpc", 1],
  ["invalidMessage", 2],
  ["invalidBlock", 2],
  ["invalidRequest", 7],
  ["invalidResponse", 2],
  ["rateLimited", 100],
])("%s bans at the %ith time", (offence, times) => {
  const { scores, blocked } = setUp();
  for (let n = 1; n < times; n++) scores.penalize("a", offence, "test");
  expect(scores.blocked("a")).toBe(false);
  scores.penalize("a", offence, "test");
  expect(scores.blocked("a")).toBe(true);
  expect(blocked).toEqual(["a"]);
  expect(scores.blocked("b")).toBe(false);
});

test("forgets points that come in slowly, and adds up points that come in one by one", async () => {
  const { scores, clock } = setUp();
  for (let n = 0; n < 20; n++) {
    scores.penalize("a", "invalidBlock", "test");
    await clock.advance(10 * 60_000);
  }
  expect(scores.blocked("a")).toBe(false);
  for (let n = 0; n < 20; n++) {
    scores.penalize("b", "rateLimited", "test");
    await clock.advance(1_000);
  }
  expect(scores.score("b")).toBeLessThan(-15);
});

test.each<PeerOffence>(["invalidMessage", "invalidBlock", "invalidResponse"])(
  "whoever repeats %s within 10 s is banned by then, however slowly it goes on",
  async (offence) => {
    const { scores, clock } = setUp();
    scores.penalize("a", offence, "test");
    await clock.advance(10_000);
    scores.penalize("a", offence, "test");
    expect(scores.blocked("a")).toBe(true);
  },
);

test("a score is halved in five minutes, and ends at 0", async () => {
  const { scores, clock } = setUp();
  scores.penalize("a", "invalidBlock", "test");
  await clock.advance(5 * 60_000);
  expect(scores.score("a")).toBeCloseTo(-27.5);
  await clock.advance(3_600_000);
  expect(scores.score("a")).toBe(0);
});

test("time-outs alone never ban, and do not raise a score that is lower for other reasons", () => {
  const { scores } = setUp();
  for (let n = 0; n < 1_000; n++) scores.penalize("a", "timeout", "test");
  expect(scores.score("a")).toBe(offences.timeout.floor);
  scores.penalize("a", "invalidRequest", "test");
  const before = scores.score("a");
  scores.penalize("a", "timeout", "test");
  expect(scores.score("a")).toBe(before);
});

test("a ban ends, and the peer's score starts again at 0", async () => {
  const { scores, clock } = setUp();
  for (let n = 0; n < 3; n++) scores.penalize("a", "invalidBlock", "test");
  await clock.advance(banMs - 1);
  expect(scores.blockedMs("a")).toBe(1);
  await clock.advance(1);
  expect([scores.blocked("a"), scores.score("a")]).toEqual([false, 0]);
});

test("a peer of another chain is kept away for a minute without losing score", async () => {
  const { scores, clock, blocked } = setUp();
  scores.penalize("a", "wrongGenesis", "test");
  expect([scores.score("a"), scores.blockedMs("a"), blocked]).toEqual([0, wrongGenesisMs, ["a"]]);
  await clock.advance(wrongGenesisMs);
  expect(scores.blocked("a")).toBe(false);
});

test("a shorter block does not shorten a longer one", () => {
  const { scores } = setUp();
  scores.block("a", 1_000);
  scores.block("a", 10);
  expect(scores.blockedMs("a")).toBe(1_000);
});

test("only serious trouble changes which peers gossip goes to", () => {
  const { scores } = setUp();
  scores.penalize("a", "timeout", "test");
  expect(scores.gossipScore("a")).toBe(0);
  scores.penalize("a", "invalidBlock", "test");
  expect(scores.gossipScore("a")).toBeLessThan(-40);
});

test("many made-up peers do not push out the ban of a real one, and take bounded memory", () => {
  const { scores } = setUp();
  for (let n = 0; n < 3; n++) scores.penalize("bad", "invalidBlock", "test");
  for (let n = 0; n < 10_000; n++) scores.penalize(`made up ${n}`, "timeout", "test");
  expect(scores.blocked("bad")).toBe(true);
});

test("thousands of peers of another chain push out no ban and no score", () => {
  const { scores } = setUp();
  scores.penalize("suspect", "invalidMessage", "test");
  for (let count = 0; count < 5; count++) scores.penalize("liar", "invalidMessage", "test");
  for (let index = 0; index < 5_000; index++) scores.penalize(`stranger ${index}`, "wrongGenesis", "test");
  expect([scores.blocked("liar"), scores.score("suspect")]).toEqual([true, -offences.invalidMessage.points]);
  expect([scores.blocked("stranger 0"), scores.blocked("stranger 4999")]).toEqual([false, true]);
});

test("ends the oldest bans when there are too many", () => {
  const { scores } = setUp();
  for (let index = 0; index < 4_100; index++)
    for (let count = 0; count < 5; count++) scores.penalize(`liar ${index}`, "invalidMessage", "test");
  expect([scores.blocked("liar 0"), scores.blocked("liar 4099")]).toEqual([false, true]);
});

test("a clock that is set back makes no ban longer", () => {
  let nowMs = 3_600_000;
  const clock = { now: () => nowMs, after: () => () => undefined };
  const scores = new PeerScores({ clock, logger: silentLogger, onBlocked: () => undefined });
  scores.block("a", banMs);
  nowMs = 0;
  expect(scores.blockedMs("a")).toBe(banMs);
  nowMs = banMs;
  expect(scores.blocked("a")).toBe(false);
});
