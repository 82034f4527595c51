import type { Type } from "@chainsafe/ssz";
import { decode, encode } from "it-length-prefixed";
import { decode as decodeVarint, encodingLength } from "uint8-varint";
import { Uint8ArrayList } from "uint8arraylist";
import { messageOf } from "../../src/util/errors.ts";
import { RequestError } from "./errors.ts";
import { resultCodes } from "./types.ts";

/** UTF-8 bytes of the reason in an error frame; longer reasons are truncated. */
export const maxReasonBytes = 256;
/** The longest length of a frame as an unsigned varint: enough for 2^28 - 1. */
export const maxLengthBytes = 4;

/** A frame: the payload after its length as an unsigned varint (LEB128). */
export function frame(payload: Uint8Array | Uint8ArrayList): Uint8ArrayList {
  return encode.single(payload, { maxDataLength: 2 ** (7 * maxLengthBytes) - 1 });
}

export function successFrame(chunk: Uint8Array): Uint8ArrayList {
  return frame(new Uint8ArrayList(new Uint8Array([resultCodes.success]), chunk));
}

export function endFrame(): Uint8ArrayList {
  return frame(new Uint8Array([resultCodes.end]));
}

export type ErrorResult = "invalidRequest" | "serverError" | "resourceUnavailable" | "rateLimited";

export function errorFrame(result: ErrorResult, reason: string): Uint8ArrayList {
  const text = new TextEncoder().encode(reason).subarray(0, maxReasonBytes);
  return frame(new Uint8ArrayList(new Uint8Array([resultCodes[result]]), text));
}

/** Reads a length; `bytes` is the number of bytes that it took. @throws {RangeError} if it is incomplete */
const readLength = Object.assign(
  (bytes: Uint8Array | Uint8ArrayList): number => {
    const length = decodeVarint(bytes);
    readLength.bytes = encodingLength(length);
    // A longer form of the same number ends in a zero byte. Reading it as the shorter one would leave that byte to the
    // payload.
    const last = bytes instanceof Uint8Array ? bytes[readLength.bytes - 1]! : bytes.get(readLength.bytes - 1);
    if (last >= 0x80) throw new RequestError("malformed", "a length that is not in its shortest form");
    return length;
  },
  { bytes: 0 },
);

/**
 * The payloads in a stream of bytes. @throws if a length is above `maxPayloadBytes` or badly coded, or the bytes end
 * within a frame.
 */
export function frames(
  source: AsyncIterable<Uint8ArrayList | Uint8Array>,
  maxPayloadBytes: number,
): AsyncGenerator<Uint8ArrayList> {
  return decode(source, {
    maxDataLength: maxPayloadBytes,
    maxLengthLength: maxLengthBytes,
    lengthDecoder: readLength,
  });
}

/** @throws {RequestError} `malformed` if the bytes are not the SSZ encoding of one value. */
export function decodeMessage<T>(type: Type<T>, bytes: Uint8Array): T {
  try {
    // Noise returns Buffers, whose slices are Buffers too. Decoded values always hold plain arrays.
    return type.deserialize(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    throw new RequestError("malformed", `${type.typeName}: ${messageOf(cause)}`, { cause });
  }
}
