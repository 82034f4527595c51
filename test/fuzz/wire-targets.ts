import type { Type } from "@chainsafe/ssz";
import * as protocols from "../../protocols/index.ts";
import { type AnyProtocol, RequestError } from "../../protocols/index.ts";
import { decodeMessage, frames, successFrame } from "../../protocols/reqresp/frames.ts";
import {
  CompactBlock,
  computeDomain,
  decodeRecords,
  Evidence,
  encodeRecords,
  SignedFinalityVote,
  Transactions,
  zero32,
} from "../../src/types/index.ts";
import { equalBytes } from "../../src/util/bytes.ts";
import { messageOf } from "../../src/util/errors.ts";
import type { Target } from "./target.ts";

/** Makes targets of every message of every request/response protocol and topic, and of the frames that carry them. */
export function wireTargets(): Target[] {
  const all = Object.values(protocols).filter(isProtocol);
  const types = new Map<string, Type<unknown>>();
  for (const { request, response, ack } of all) {
    for (const type of [request, response, ack]) if (type) types.set(type.typeName, type);
  }
  for (const type of [CompactBlock, SignedFinalityVote, Evidence, Transactions] as Type<unknown>[])
    types.set(type.typeName, type);
  return [...[...types.values()].map(typeTarget), recordsTarget(), framesTarget()];
}

function isProtocol(value: unknown): value is AnyProtocol {
  return typeof value === "object" && value !== null && "request" in value && "response" in value;
}

/**
 * Checks that accepted bytes are a value that has a root, and encodes to bytes of the same length that decode to it
 * again.
 */
function typeTarget(type: Type<unknown>): Target {
  return {
    name: `SSZ ${type.typeName}`,
    form: "binary",
    seeds: [type.serialize(type.defaultValue()), ...filled(type)],
    run(input) {
      let value: unknown;
      try {
        value = decodeMessage(type, input);
      } catch (error) {
        if (error instanceof RequestError) return error.message;
        throw error;
      }
      type.hashTreeRoot(value);
      const encoded = type.serialize(value);
      if (encoded.length !== input.length)
        throw new Error(`taken with ${input.length} bytes, given with ${encoded.length}`);
      if (!equalBytes(type.serialize(type.deserialize(encoded)), encoded))
        throw new Error("not the same twice");
      return "taken";
    },
  };
}

/** Returns encodings of values whose lists have elements, unlike the default values. */
function filled(type: Type<unknown>): Uint8Array[] {
  return [1, 3].map((elements) => type.serialize(fill(type, elements)));
}

interface Composite {
  fields?: Record<string, Type<unknown>>;
  elementType?: Type<unknown>;
  limit?: number;
}

function fill(type: Type<unknown>, elements: number): unknown {
  const { fields, elementType, limit } = type as Composite;
  if (fields) {
    return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fill(field, elements)]));
  }
  if (elementType && limit !== undefined && !(type.defaultValue() instanceof Uint8Array)) {
    return Array.from({ length: Math.min(elements, limit) }, () => fill(elementType, elements));
  }
  return type.defaultValue();
}

function recordsTarget(): Target {
  const domain = computeDomain("transaction", zero32);
  return {
    name: "transaction records",
    form: "binary",
    seeds: filled(Transactions as Type<unknown>),
    run(input) {
      let records: ReturnType<typeof decodeRecords>;
      try {
        records = decodeRecords(input, domain);
      } catch (error) {
        if (error instanceof RangeError) return error.message;
        throw error;
      }
      if (!equalBytes(encodeRecords(records), input)) throw new Error("other bytes than came");
      return `${records.length} records`;
    },
  };
}

function framesTarget(): Target {
  const most = 4096;
  const seed = (...lengths: number[]) =>
    Buffer.concat(lengths.map((length) => successFrame(new Uint8Array(length)).subarray()));
  return {
    name: "frames",
    form: "binary",
    seeds: [seed(0), seed(1, 200, 4000), seed(130, 130)].map((bytes) => new Uint8Array(bytes)),
    async run(input) {
      const source = async function* () {
        // The input comes in two parts, so that a frame may be cut anywhere.
        yield input.subarray(0, input.length >> 1);
        yield input.subarray(input.length >> 1);
      };
      try {
        for await (const payload of frames(source(), most)) {
          if (payload.length > most) throw new RangeError(`a payload of ${payload.length} bytes`);
        }
        return "taken";
      } catch (error) {
        if (error instanceof RangeError) throw error;
        return messageOf(error);
      }
    },
  };
}
