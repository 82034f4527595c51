import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, Count, EncodedBlock } from "../src/types/index.ts";
import type { Protocol } from "./reqresp/types.ts";

export const maxBlocksPerRequest = 128;
export const maxBlocksByIdRequest = 16;
/** No chain may allow larger blocks (`maxBlockBytes` of the configuration). */
export const blockBytesLimit = 16 * 2 ** 20;
/** A block with its header, offsets and as many transactions as the limit allows. */
const maxEncodedBlockBytes = blockBytesLimit + 2 ** 20;
/** An answer ends early, after at least one block, once it contains this many bytes. */
export const blocksAnswerBytes = 8 * 2 ** 20;

const caps = {
  maxResponseBytes: maxEncodedBlockBytes,
  maxTotalBytes: blocksAnswerBytes + maxEncodedBlockBytes,
  timeoutMs: 15_000,
};

/** Requests blocks of the answerer's canonical chain from height `start` (at least 1) upwards; `count` is 1 to 128. */
export const BlocksRequest = new ContainerType({ start: Count, count: Count }, { typeName: "BlocksRequest" });
export type BlocksRequest = ValueOf<typeof BlocksRequest>;

/** One chunk per block, ascending. The answer ends early at the head or at the byte cap. */
export const blocks: Protocol<BlocksRequest, EncodedBlock> = {
  id: "/ccoin/blocks/1",
  request: BlocksRequest,
  response: EncodedBlock,
  maxRequestBytes: BlocksRequest.maxSize,
  maxChunks: maxBlocksPerRequest,
  ...caps,
  // 60 answers of 8 MiB in 10 s are about 50 MB/s to one peer.
  quota: { requests: 60, perMs: 10_000 },
};

/** Requests blocks by id, canonical or not; at most 16. Used for the parents of orphans. */
export const BlocksByIdRequest = new ContainerType(
  { ids: new ListCompositeType(Bytes32, maxBlocksByIdRequest) },
  { typeName: "BlocksByIdRequest" },
);
export type BlocksByIdRequest = ValueOf<typeof BlocksByIdRequest>;

/** One chunk per block that the answerer has, in the requested order. */
export const blocksById: Protocol<BlocksByIdRequest, EncodedBlock> = {
  id: "/ccoin/blocks-by-id/1",
  request: BlocksByIdRequest,
  response: EncodedBlock,
  maxRequestBytes: BlocksByIdRequest.maxSize,
  maxChunks: maxBlocksByIdRequest,
  ...caps,
  quota: { requests: 60, perMs: 10_000 },
};
