import type { Peer, PeerData } from "@libp2p/interface";
import { expect, test } from "vitest";
import type { Host } from "../../../src/network/host.ts";
import { freshMs, writeFewerRecords } from "../../../src/network/peer-store.ts";
import { ManualClock } from "../support/clock.ts";

function setUp() {
  const clock = new ManualClock();
  const written: string[] = [];
  const connected = new Set<string>();
  let onDisconnect: (event: { detail: string }) => void = () => undefined;
  let fails = false;
  const host = {
    peerStore: {
      merge: async (id: string, data: PeerData) => {
        if (fails) throw new Error("the store is closed");
        written.push(`${id}: ${Object.keys(data).join()} ${data.protocols?.join()}`);
        return {} as Peer;
      },
    },
    getConnections: (id: string) => (connected.has(id) ? [{}] : []),
    addEventListener: (_name: string, listener: typeof onDisconnect) => {
      onDisconnect = listener;
    },
  };
  writeFewerRecords(host as unknown as Host, { clock });
  return {
    ...{ clock, written, connected },
    merge: (id: string, data: PeerData) => host.peerStore.merge(id, data),
    disconnect: (id: string) => onDisconnect({ detail: id }),
    fail: (failing: boolean) => {
      fails = failing;
    },
  };
}

test("notes a protocol of a connected peer once a minute, however many streams it opens", async () => {
  const { clock, written, connected, merge } = setUp();
  connected.add("a").add("b");
  for (let stream = 0; stream < 100; stream++) await merge("a", { protocols: ["height"] });
  expect(written).toEqual(["a: protocols height"]);
  await merge("a", { protocols: ["blocks"] });
  await merge("b", { protocols: ["height"] });
  expect(written.slice(1)).toEqual(["a: protocols blocks", "b: protocols height"]);
  await clock.advance(freshMs);
  await merge("a", { protocols: ["height"] });
  await merge("a", { protocols: ["height"] });
  expect(written).toHaveLength(4);
  clock.setBack(2 * freshMs);
  await merge("a", { protocols: ["height"] });
  expect(written).toHaveLength(5);
});

test("writes everything else that is said of a peer, and all of peers that are not connected", async () => {
  const { written, connected, merge, disconnect } = setUp();
  await merge("self", { protocols: ["height"] });
  await merge("self", { protocols: ["height"] });
  expect(written).toHaveLength(2);
  connected.add("a");
  await merge("a", { protocols: ["height", "blocks"] });
  await merge("a", { protocols: ["height"], tags: {} });
  await merge("a", { tags: {} });
  await merge("a", { tags: {} });
  expect(written).toHaveLength(6);
  await merge("a", { protocols: ["height"] });
  disconnect("a");
  await merge("a", { protocols: ["height"] });
  expect(written).toHaveLength(8);
});

test("tries again where a record could not be written", async () => {
  const { written, connected, merge, fail } = setUp();
  connected.add("a");
  fail(true);
  await expect(merge("a", { protocols: ["height"] })).rejects.toThrow("closed");
  fail(false);
  await merge("a", { protocols: ["height"] });
  expect(written).toHaveLength(1);
});
