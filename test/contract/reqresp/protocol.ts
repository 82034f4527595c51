import { ByteListType, ContainerType, type ValueOf } from "@chainsafe/ssz";
import type { Protocol } from "../../../protocols/index.ts";
import { Uint32 } from "../../../src/types/index.ts";

export const Ask = new ContainerType({ count: Uint32, bytes: Uint32 }, { typeName: "Ask" });
export type Ask = ValueOf<typeof Ask>;

export const Chunk = new ContainerType(
  { index: Uint32, data: new ByteListType(2 ** 24) },
  { typeName: "Chunk" },
);
export type Chunk = ValueOf<typeof Chunk>;

export const Thanks = new ContainerType({ count: Uint32 }, { typeName: "Thanks" });
export type Thanks = ValueOf<typeof Thanks>;

/** A protocol that answers with `count` chunks of `bytes` bytes, acknowledged by their count. */
export const many: Protocol<Ask, Chunk, Thanks> = {
  id: "/test/many/1",
  request: Ask,
  response: Chunk,
  ack: Thanks,
  maxRequestBytes: 64,
  maxResponseBytes: 2 ** 23,
  maxChunks: 16,
  maxTotalBytes: 2 ** 24,
  timeoutMs: 10_000,
  quota: { requests: 100, perMs: 1_000 },
};

/** A variant with a short time-out, for requests that shall time out. */
export const hasty: typeof many = { ...many, timeoutMs: 500 };
