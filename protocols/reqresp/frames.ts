import type { Type } from "@chainsafe/ssz";
import { decode, encode } from "it-length-prefixed";
import { decode as decodeVarint, encodingLength } from "uint8-varint";
import { Uint8ArrayList } from "uint8arraylist";
import { messageOf } from "../../src/util/errors.ts";
import { RequestError } from "./errors.ts";
import { resultCodes } from "./types.ts";

/** UTF-8 bytes of the reason in an error frame; longer ones are cut. */
export const maxReasonBytes = 256;
/** Longest unsigned varint length of a frame: enough for 2^28 - 1. */
export const maxLengthBytes = 4;

/** A frame: the payload behind its length as an unsigned varint (LEB128). */
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

/** Reads a length; the bytes that it took are in `bytes`. @throws {RangeError} where its end has not come yet */
const readLength = Object.assign(
  (bytes: Uint8Array | Uint8ArrayList): number => {
    const length = decodeVarint(bytes);
    readLength.bytes = encodingLength(length);
    // A longer form of the same number ends in a zero byte; one that is read as shorter would leave it to the payload.
    const last = bytes instanceof Uint8Array ? bytes[readLength.bytes - 1]! : bytes.get(readLength.bytes - 1);
    if (last >= 0x80) throw new RequestError("malformed", "a length that is not in its shortest form");
    return length;
  },
  { bytes: 0 },
);

/** Payloads from a stream of bytes. @throws where a length is over `maxPayloadBytes`, badly coded, or the bytes end within a frame. */
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

/** @throws {RequestError} `malformed` unless the bytes are the SSZ encoding of one value. */
export function decodeMessage<T>(type: Type<T>, bytes: Uint8Array): T {
  try {
    // Noise hands out Buffers, whose slices are Buffers too: values hold plain arrays, whatever carried them.
    return type.deserialize(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    throw new RequestError("malformed", `${type.typeName}: ${messageOf(cause)}`, { cause });
  }
}
