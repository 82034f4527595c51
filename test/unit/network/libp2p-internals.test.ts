import { readdirSync, readFileSync } from "node:fs";
import { StreamState, YamuxStream } from "@chainsafe/libp2p-yamux/stream";
import { LengthPrefixedDecoder } from "@libp2p/utils";
import { Uint8ArrayList } from "uint8arraylist";
import { expect, test } from "vitest";
import {
  sendFewerWindowUpdates,
  sendInOnePiece,
  watchMessages,
} from "../../../src/network/libp2p-internals.ts";

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

test("what comes together is sent in one piece, and what is too long for one is left", () => {
  const sent: Uint8Array[][] = [];
  const raw = {
    sendData(data: Uint8ArrayList) {
      sent.push([...data]);
      return { sentBytes: data.byteLength, canSendMore: sent.length > 1 };
    },
  };
  sendInOnePiece(raw as never);
  const short = new Uint8ArrayList(Uint8Array.of(0, 3), Uint8Array.of(1, 2, 3));
  expect(raw.sendData(short)).toEqual({ sentBytes: 5, canSendMore: false });
  const long = new Uint8ArrayList(new Uint8Array(65_000), new Uint8Array(65_000));
  expect(raw.sendData(long)).toEqual({ sentBytes: 65_537, canSendMore: true });
  expect(sent).toEqual([[Uint8Array.of(0, 3, 1, 2, 3)], [new Uint8Array(65_537)]]);
});

test("messages in pieces are read whole, and the end of what has arrived is no error", () => {
  const lengths: number[] = [];
  let errors = 0;
  const decoder = new LengthPrefixedDecoder({
    encodingLength: () => 2,
    // As Noise does it.
    lengthDecoder: (bytes) => {
      const [high, low] = bytes.subarray(0, 2);
      if (low !== undefined) return (high! << 8) | low;
      errors++;
      throw new RangeError("too short");
    },
  });
  watchMessages({ decoder } as never, (length) => lengths.push(length));
  const read = (...bytes: number[]) =>
    [...decoder.decode(new Uint8ArrayList(Uint8Array.from(bytes)))].map((each) => [...each.subarray()]);
  expect(read(0, 1, 7, 0, 2, 8, 9)).toEqual([[7], [8, 9]]);
  expect([read(0), read(2), read(1), read(3, 0)]).toEqual([[], [], [], [[1, 3]]]);
  expect(read(1, 4)).toEqual([[4]]);
  expect(new Set(lengths)).toEqual(new Set([1, 2]));
  expect(errors).toBe(0);
});

test("no other file of the network reaches into private members", () => {
  const folder = new URL("../../../src/network/", import.meta.url);
  const casting = readdirSync(folder).filter((file) =>
    readFileSync(new URL(file, folder), "utf8").includes("as unknown as"),
  );
  expect(casting).toEqual(["libp2p-internals.ts"]);
});
