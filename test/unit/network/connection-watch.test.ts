import { expect, test } from "vitest";
import { pongTimeoutMs, watchConnections } from "../../../src/network/connection-watch.ts";
import type { Host } from "../../../src/network/host.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

interface Peer {
  status: string;
  pings: number;
  aborted: boolean;
}

function setUp() {
  const clock = new ManualClock();
  const connections: Peer[] = [];
  /** `answersMs`: undefined for a peer that is gone. */
  const connect = (answersMs?: number) => {
    const connection = {
      status: "open",
      pings: 0,
      aborted: false,
      remotePeer: "peer",
      muxer: {
        ping: ({ signal }: { signal: AbortSignal }) => {
          connection.pings++;
          return new Promise<void>((resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
            if (answersMs !== undefined) clock.after(answersMs, resolve);
          });
        },
      },
      abort: () => {
        connection.aborted = true;
        connection.status = "aborted";
      },
    };
    connections.push(connection);
    return connection;
  };
  const host = { getConnections: () => connections } as unknown as Host;
  const stop = watchConnections(host, { clock, logger: silentLogger });
  return { clock, connect, stop };
}

test("aborts a connection whose peer answers no ping, and no other, however slow", async () => {
  const { clock, connect } = setUp();
  const [gone, quick, slow] = [connect(), connect(10), connect(pongTimeoutMs - 1)];
  await clock.advance(12_900);
  expect(gone.aborted).toBe(false);
  await clock.advance(400);
  expect(gone.aborted).toBe(true);
  await clock.advance(60_000);
  expect([quick.aborted, slow.aborted]).toEqual([false, false]);
  expect(gone.pings).toBe(1);
  expect(quick.pings).toBe(14);
});

test("an answer that this node reads late, since it was itself busy, counts", async () => {
  const { clock, connect } = setUp();
  const late = connect(pongTimeoutMs + 100);
  await clock.advance(20_000);
  expect(late.aborted).toBe(false);
});

test("stops", async () => {
  const { clock, connect, stop } = setUp();
  const gone = connect();
  await clock.advance(6_000);
  stop();
  await clock.advance(60_000);
  expect(gone.aborted).toBe(false);
  expect(clock.pending).toBe(0);
});
