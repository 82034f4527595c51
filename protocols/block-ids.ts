import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, Count } from "../src/types/index.ts";
import type { Protocol } from "./reqresp/types.ts";

export const maxIdsPerPage = 100;

/** Ids of the answerer's canonical chain from `height` downwards; `count` is 1 to 100. */
export const BlockIdsRequest = new ContainerType(
  { height: Count, count: Count },
  { typeName: "BlockIdsRequest" },
);
export type BlockIdsRequest = ValueOf<typeof BlockIdsRequest>;

/** `height`: of the first id, the lower of the one asked for and the head's. */
export const BlockIdsPage = new ContainerType(
  { height: Count, ids: new ListCompositeType(Bytes32, maxIdsPerPage) },
  { typeName: "BlockIdsPage" },
);
export type BlockIdsPage = ValueOf<typeof BlockIdsPage>;

/** The search for the last common ancestor asks for these pages. */
export const blockIds: Protocol<BlockIdsRequest, BlockIdsPage> = {
  id: "/ccoin/block-ids/1",
  request: BlockIdsRequest,
  response: BlockIdsPage,
  maxRequestBytes: BlockIdsRequest.maxSize,
  maxResponseBytes: BlockIdsPage.maxSize,
  maxChunks: 1,
  maxTotalBytes: BlockIdsPage.maxSize,
  timeoutMs: 5_000,
  // A galloping search over 100,000 blocks asks for about 20 pages.
  quota: { requests: 100, perMs: 10_000 },
};
