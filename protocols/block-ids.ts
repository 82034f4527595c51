import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, Count } from "../src/types/index.ts";
import type { Protocol } from "./reqresp/types.ts";

export const maxIdsPerPage = 100;

/** Requests ids of the answerer's canonical chain from `height` downwards; `count` is 1 to 100. */
export const BlockIdsRequest = new ContainerType(
  { height: Count, count: Count },
  { typeName: "BlockIdsRequest" },
);
export type BlockIdsRequest = ValueOf<typeof BlockIdsRequest>;

/** `height` is that of the first id: the requested one or the head's, whichever is lower. */
export const BlockIdsPage = new ContainerType(
  { height: Count, ids: new ListCompositeType(Bytes32, maxIdsPerPage) },
  { typeName: "BlockIdsPage" },
);
export type BlockIdsPage = ValueOf<typeof BlockIdsPage>;

/** Pages of ids, for the search for the last common ancestor. */
export const blockIds: Protocol<BlockIdsRequest, BlockIdsPage> = {
  id: "/ccoin/block-ids/1",
  request: BlockIdsRequest,
  response: BlockIdsPage,
  maxRequestBytes: BlockIdsRequest.maxSize,
  maxResponseBytes: BlockIdsPage.maxSize,
  maxChunks: 1,
  maxTotalBytes: BlockIdsPage.maxSize,
  timeoutMs: 5_000,
  // A galloping search over 100,000 blocks requests about 20 pages.
  quota: { requests: 100, perMs: 10_000 },
};
