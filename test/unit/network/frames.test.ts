import { expect, test } from "vitest";
import { type FrameHeader, FrameReader, frameFlags, frameTypes } from "../../../src/network/frames.ts";

const { syn, ack, fin, rst } = frameFlags;

function header({ type, flag, streamID, length }: FrameHeader): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(12));
  bytes.setUint8(1, type);
  bytes.setUint16(2, flag);
  bytes.setUint32(4, streamID);
  bytes.setUint32(8, length);
  return new Uint8Array(bytes.buffer);
}

function reader() {
  const seen: FrameHeader[] = [];
  const state = { mayRead: true };
  const frames = new FrameReader({ mayRead: () => state.mayRead, onFrame: (frame) => seen.push(frame) });
  const read = (...parts: Uint8Array[]) =>
    [...frames.emitFrames(Buffer.concat(parts))].map(({ header, data }) => ({
      ...header,
      data: data && Buffer.from(data.subarray()).toString(),
    }));
  return { read, seen, state };
}

const hello = { type: frameTypes.data, flag: syn | fin, streamID: 3, length: 5 };
const text = (value: string) => Buffer.from(value);

test("reads whole frames", () => {
  const { read, seen } = reader();
  const update = { type: frameTypes.windowUpdate, flag: ack, streamID: 3, length: 2 ** 32 - 1 };
  const ping = { type: frameTypes.ping, flag: syn, streamID: 0, length: 7 };
  const empty = { type: frameTypes.data, flag: fin, streamID: 3, length: 0 };
  const frames = read(header(hello), text("hello"), header(update), header(ping), header(empty));
  expect(frames).toEqual([{ ...hello, data: "hello" }, update, ping, { ...empty, data: "" }]);
  expect(seen).toEqual([hello, update, ping, empty]);
});

test("reads frames that arrive byte by byte", () => {
  const { read } = reader();
  const bytes = Buffer.concat([
    header(hello),
    text("hello"),
    header({ ...hello, streamID: 5 }),
    text("other"),
  ]);
  const parts = [...bytes].flatMap((byte) => read(Uint8Array.of(byte)));
  expect(parts.map(({ data }) => data).join("")).toBe("helloother");
  expect(parts.map(({ streamID }) => streamID)).toEqual([3, 3, 3, 3, 3, 5, 5, 5, 5, 5]);
});

test("keeps no part of a frame of any length: each part that arrives becomes a frame", () => {
  const { read } = reader();
  const endless = { ...hello, length: 2 ** 32 - 1 };
  expect(read(header(endless))).toEqual([]);
  expect(read(text("ab"))).toEqual([{ ...hello, flag: syn, length: 2, data: "ab" }]);
  expect(read(text("c"))).toEqual([{ ...hello, flag: 0, length: 1, data: "c" }]);
});

test("the first part of a frame opens its stream, and the last one ends it", () => {
  const { read } = reader();
  const flags = (flag: number) => {
    const first = read(header({ ...hello, flag }), text("he"));
    return [...first, ...read(text("l")), ...read(text("lo"))].map((part) => part.flag);
  };
  expect(flags(syn | fin)).toEqual([syn, 0, fin]);
  expect(flags(ack | rst)).toEqual([ack, 0, rst]);
});

test("stops reading when it may not read, and continues later with the received bytes", () => {
  const { read, state } = reader();
  state.mayRead = false;
  expect(read(header(hello), text("hello"))).toEqual([]);
  state.mayRead = true;
  expect(read()).toHaveLength(1);
});

test("refuses bytes of another version", () => {
  expect(() => reader().read(new Uint8Array(12).fill(1))).toThrow("unknown version of yamux");
});
