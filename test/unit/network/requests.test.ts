import type { Connection } from "@libp2p/interface";
import { expect, test } from "vitest";
import { height } from "../../../protocols/index.ts";
import { Requests } from "../../../src/network/requests.ts";
import { PeerScores } from "../../../src/network/scores.ts";
import { Usefulness } from "../../../src/network/usefulness.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

test("a peer that is gone before a stream is open costs it no score", async () => {
  const clock = new ManualClock();
  const scores = new PeerScores({
    clock,
    logger: silentLogger,
    onBlocked: () => expect.fail("it is banned"),
  });
  const gone = Object.assign(new Error("stream closed while reading 0/1 bytes"), {
    name: "UnexpectedEOFError",
  });
  const connection = { newStream: () => Promise.reject(gone) } as unknown as Connection;
  const requests = new Requests({
    libp2p: undefined as never,
    connection: () => connection,
    scores,
    usefulness: new Usefulness(clock),
    clock,
    logger: silentLogger,
    isExempt: () => false,
    hostOf: (peer) => peer,
  });
  for (let times = 0; times < 5; times++) {
    const answer = requests.request("peer", height, { timeMs: 0 });
    await expect(answer.next()).rejects.toMatchObject({ code: "connection" });
  }
  expect(scores.score("peer")).toBe(0);
});
