import type { GossipSub } from "@libp2p/gossipsub";
import { expect, test } from "vitest";
import { topic } from "../../../protocols/index.ts";
import { forwardAfterMs, Gossip, unitsOfUseless } from "../../../src/network/gossip.ts";
import { PeerScores } from "../../../src/network/scores.ts";
import type { Verdict } from "../../../src/network/types.ts";
import { Usefulness } from "../../../src/network/usefulness.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

const genesisId = new Uint8Array(32).fill(7);
const digest = new Uint8Array(4);
const otherDigest = new Uint8Array(4).fill(1);

type Validator = (from: string, message: { topic: string; data: Uint8Array }) => Promise<unknown>;

/** The validators of a joined chain, which call `onJudged` and give this verdict, and the units that they charge. */
function joined(verdict: Verdict, clock: Clock = new ManualClock(), onJudged = () => {}) {
  const charged: number[] = [];
  const topicValidators = new Map<string, Validator>();
  const pubsub = { topicValidators, subscribe: () => undefined, opts: { scoreParams: { topics: {} } } };
  const gossip = new Gossip({
    pubsub: pubsub as unknown as GossipSub,
    scores: new PeerScores({ clock, logger: silentLogger, onBlocked: () => undefined }),
    usefulness: new Usefulness(clock),
    intake: { chargePeer: (_peer, units) => void charged.push(units) },
    clock,
    logger: silentLogger,
  });
  const validate = async () => {
    onJudged();
    return verdict;
  };
  gossip.join(
    { genesisId, digests: [digest, otherDigest] },
    { transactions: validate, blocks: validate, votes: validate, evidence: validate },
  );
  gossip.listen([digest]);
  const receive = (of = digest, bytes = 10) => {
    const name = topic("votes", genesisId, of);
    return topicValidators.get(name)!("peer", { topic: name, data: new Uint8Array(bytes) });
  };
  return { charged, receive };
}

test("useless messages are charged to the share of their sender's address", async () => {
  const { charged, receive } = joined("ignore");
  await receive();
  await receive(otherDigest);
  expect(charged).toEqual([unitsOfUseless, unitsOfUseless]);
});

test.each(["accept", "pardon", "reject"] as const)("messages that are judged %s are not", async (verdict) => {
  const { charged, receive } = joined(verdict);
  await receive();
  expect(charged).toEqual([]);
});

test("a large message is passed on only once that is read which has arrived by then", async () => {
  const clock = new ManualClock();
  let end = () => {};
  clock.after = (_ms, callback) => {
    end = callback;
    return () => undefined;
  };
  const { receive } = joined("accept", clock);
  let isPassedOn = false;
  const judged = receive(digest, 2_000).then(() => {
    isPassedOn = true;
  });
  await new Promise(setImmediate);
  end();
  // Node.js reads what has arrived after all timers and promises, and before immediates.
  await new Promise(process.nextTick);
  for (let turn = 0; turn < 20; turn++) await undefined;
  expect(isPassedOn).toBe(false);
  await judged;
});

test.each<[string, Verdict, bytes: number, tookMs: number, waitMs: number[]]>([
  ["a large message", "accept", 1_024, 0, [forwardAfterMs]],
  ["less after a check", "accept", 1_024, 2, [forwardAfterMs - 2]],
  ["nothing after a long check", "accept", 1_024, forwardAfterMs, []],
  ["as long if the clock was set back", "accept", 1_024, -1_000, [forwardAfterMs]],
  ["no small message", "accept", 1_023, 0, []],
  ["none that is not passed on", "reject", 1_024, 0, []],
])(
  "others may say that they have it, before it is passed on: %s",
  async (_, verdict, bytes, tookMs, waitMs) => {
    const clock = new ManualClock();
    const start = clock.now();
    const waits: number[] = [];
    clock.after = (ms, callback) => {
      waits.push(ms);
      queueMicrotask(callback);
      return () => undefined;
    };
    const judge = () => {
      clock.now = () => start + tookMs;
    };
    await joined(verdict, clock, judge).receive(digest, bytes);
    expect(waits).toEqual(waitMs);
  },
);
