import { readdirSync, readFileSync } from "node:fs";
import { StreamState, YamuxStream } from "@chainsafe/libp2p-yamux/stream";
import { expect, test } from "vitest";
import { sendFewerWindowUpdates } from "../../../src/network/libp2p-internals.ts";

type Frame = Parameters<YamuxStream["handleData"]>[0];

const log = Object.assign(() => undefined, { error: () => undefined, trace: () => undefined }) as never;
const windowBytes = 256 * 1024;
const frameTypes = { data: 0, windowUpdate: 1 };

test("a stream's window is made whole again when half of it is used, and the first time at once", () => {
  sendFewerWindowUpdates();
  const updates: number[] = [];
  const stream = new YamuxStream({
    id: "1",
    streamId: 1,
    state: StreamState.SYNReceived,
    direction: "inbound",
    protocol: "/test/1",
    log,
    getRTT: () => -1,
    sendFrame: ({ type, length }) => {
      if (type === frameTypes.windowUpdate) updates.push(length);
      return true;
    },
  });
  let received = 0;
  stream.addEventListener("message", ({ data }) => {
    received += data.byteLength;
  });
  const data = new Uint8Array(1024);
  const header = { type: frameTypes.data, flag: 0, streamID: 1, length: data.length };
  const receive = (kilobytes: number) => {
    for (let count = 0; count < kilobytes; count++) stream.handleData({ header, data } as unknown as Frame);
  };
  receive(1);
  expect(updates).toEqual([1024]);
  receive(127);
  expect(updates).toEqual([1024]);
  receive(1);
  expect(updates).toEqual([1024, windowBytes / 2]);
  receive(1024);
  expect(received).toBe((1 + 127 + 1 + 1024) * 1024);
  expect(updates).toEqual([1024, ...new Array(9).fill(windowBytes / 2)]);
});

test("no other file of the network reaches into private members", () => {
  const folder = new URL("../../../src/network/", import.meta.url);
  const casting = readdirSync(folder).filter((file) =>
    readFileSync(new URL(file, folder), "utf8").includes("as unknown as"),
  );
  expect(casting).toEqual(["libp2p-internals.ts"]);
});
