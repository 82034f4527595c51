import { expect, test } from "vitest";
import type { Host } from "../../../src/network/host.ts";
import { sweepPeerStore } from "../../../src/network/peer-store.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

function setUp(...ids: string[]) {
  const clock = new ManualClock();
  const stored = new Set(ids);
  const connected = new Set<string>();
  const host = {
    peerStore: {
      all: async () => [...stored].map((id) => ({ id })),
      delete: async (id: string) => void stored.delete(id),
    },
    getConnections: (id: string) => (connected.has(id) ? [{}] : []),
  } as unknown as Host;
  const stop = sweepPeerStore(host, { clock, logger: silentLogger });
  return { clock, stored, connected, stop };
}

test("deletes peers that are not connected, at the second look", async () => {
  const { clock, stored, connected } = setUp("here", "gone");
  connected.add("here");
  await clock.advance(10_000);
  expect([...stored]).toEqual(["here", "gone"]);
  await clock.advance(20_000);
  expect([...stored]).toEqual(["here"]);
  connected.clear();
  await clock.advance(10_000);
  connected.add("here");
  await clock.advance(10_000);
  connected.clear();
  await clock.advance(10_000);
  expect([...stored]).toEqual(["here"]);
});

test("stops", async () => {
  const { clock, stored, stop } = setUp("gone");
  stop();
  await clock.advance(60_000);
  expect([...stored]).toEqual(["gone"]);
  expect(clock.pending).toBe(0);
});
