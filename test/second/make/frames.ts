import { frame, frames } from "../../../protocols/reqresp/frames.ts";
import { hex } from "./text.ts";

/** The cap on the length of a payload in these vectors. */
const cap = 300;

async function* stream(bytes: Uint8Array) {
  yield bytes;
}

/** Resolves to the payloads of a stream of frames; null if one is malformed. */
async function payloadsOf(bytes: Uint8Array): Promise<string[] | null> {
  const payloads: string[] = [];
  try {
    for await (const payload of frames(stream(bytes), cap)) payloads.push(hex(payload.subarray()));
    return payloads;
  } catch {
    return null;
  }
}

/** Streams of frames whose lengths are in their shortest form or not, within the cap or not, whole or not. */
export function makeFrames() {
  const long = frame(new Uint8Array(cap).fill(7)).subarray();
  const body = new Uint8Array(8).fill(1);
  const cases: [string, Uint8Array][] = [
    ["nothing", new Uint8Array()],
    ["one frame of 8 bytes", Uint8Array.of(8, ...body)],
    ["two frames", Uint8Array.of(2, 0, 9, 1, 5)],
    ["an empty payload", Uint8Array.of(0)],
    ["a length of two bytes", long],
    ["8 in two bytes (88 00)", Uint8Array.of(0x88, 0, ...body)],
    ["8 in three bytes", Uint8Array.of(0x88, 0x80, 0, ...body)],
    ["0 in two bytes", Uint8Array.of(0x80, 0)],
    ["300 in three bytes", Uint8Array.of(0xac, 0x82, 0, ...long.subarray(2))],
    ["a length of five bytes", Uint8Array.of(0x88, 0x80, 0x80, 0x80, 0, ...body)],
    ["a length above the cap", frame(new Uint8Array(cap + 1)).subarray()],
    ["the end within a length", Uint8Array.of(0x88)],
    ["the end within a payload", Uint8Array.of(8, 1)],
  ];
  return Promise.all(
    cases.map(async ([about, bytes]) => ({
      about,
      cap,
      bytes: hex(bytes),
      payloads: await payloadsOf(bytes),
    })),
  );
}
