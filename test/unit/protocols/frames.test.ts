import { Uint8ArrayList } from "uint8arraylist";
import { expect, test } from "vitest";
import { RequestError, requestError } from "../../../protocols/index.ts";
import {
  decodeMessage,
  endFrame,
  errorFrame,
  frame,
  frames,
  successFrame,
} from "../../../protocols/reqresp/frames.ts";
import { Bytes32, Header } from "../../../src/types/index.ts";
import { equalBytes } from "../../../src/util/bytes.ts";

async function* stream(...parts: Uint8Array[]) {
  yield* parts;
}

async function read(maxPayloadBytes: number, ...parts: Uint8Array[]): Promise<number[][]> {
  const all: number[][] = [];
  for await (const payload of frames(stream(...parts), maxPayloadBytes)) all.push([...payload.subarray()]);
  return all;
}

test("vectors", () => {
  expect([...frame(new Uint8Array([1, 2, 3])).subarray()]).toEqual([3, 1, 2, 3]);
  expect([...frame(new Uint8Array(300)).subarray(0, 3)]).toEqual([0xac, 0x02, 0]);
  expect([...successFrame(new Uint8Array([9])).subarray()]).toEqual([2, 0, 9]);
  expect([...endFrame().subarray()]).toEqual([1, 5]);
  expect([...errorFrame("invalidRequest", "no").subarray()]).toEqual([3, 1, 0x6e, 0x6f]);
  expect([...errorFrame("rateLimited", "").subarray()]).toEqual([1, 4]);
  expect(errorFrame("serverError", "x".repeat(1_000)).byteLength).toBe(2 + 1 + 256);
});

test("reads frames however they are split", async () => {
  const bytes = new Uint8ArrayList(
    frame(new Uint8Array([1])),
    frame(new Uint8Array(200).fill(7)),
    endFrame(),
  ).subarray();
  const whole = await read(200, bytes);
  expect(whole.map((payload) => payload.length)).toEqual([1, 200, 1]);
  expect(await read(200, ...[...bytes].map((byte) => new Uint8Array([byte])))).toEqual(whole);
});

test.each([
  ["over the cap", [0x80, 0x01], "tooLarge"],
  ["an endless length", [0x80, 0x80, 0x80, 0x80, 0x80, 0x80], "malformed"],
  ["the end within a length", [0x80], "malformed"],
  ["a length that is not in its shortest form", [0x88, 0x00, 1, 2, 3, 4, 5, 6, 7, 8], "malformed"],
  ["a zero in two bytes", [0x80, 0x00], "malformed"],
  ["a length of three bytes that two can hold", [0x80 | 0x7f, 0x80, 0x00], "malformed"],
  ["the end within a payload", [3, 1], "malformed"],
])("%s", async (_, bytes, code) => {
  const error = await read(127, new Uint8Array(bytes)).catch((thrown: unknown) => thrown);
  expect(requestError(error).code).toBe(code);
});

test("decoding copies into plain arrays, whatever carried the bytes", () => {
  const carrier = Buffer.alloc(40, 1);
  const value = decodeMessage(Bytes32, carrier.subarray(4, 36));
  expect(value.constructor).toBe(Uint8Array);
  carrier.fill(2);
  expect(equalBytes(value, new Uint8Array(32).fill(1))).toBe(true);
});

test("reports bytes that are not SSZ of the type as malformed", () => {
  for (const length of [0, 1, Header.minSize - 1, Header.maxSize + 1]) {
    expect(() => decodeMessage(Header, new Uint8Array(length))).toThrow(RequestError);
  }
});
