import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Count, SignedHeader } from "../src/types/index.ts";
import type { Protocol } from "./reqresp/types.ts";

export const maxHeadersPerPage = 512;

/** Requests headers of the answerer's canonical chain from height `start` upwards; `count` is 1 to 512. */
export const HeadersRequest = new ContainerType(
  { start: Count, count: Count },
  { typeName: "HeadersRequest" },
);
export type HeadersRequest = ValueOf<typeof HeadersRequest>;

/** The page ends early at the head. */
export const HeadersPage = new ListCompositeType(SignedHeader, maxHeadersPerPage);

export const headers: Protocol<HeadersRequest, SignedHeader[]> = {
  id: "/ccoin/headers/1",
  request: HeadersRequest,
  response: HeadersPage,
  maxRequestBytes: HeadersRequest.maxSize,
  maxResponseBytes: HeadersPage.maxSize,
  maxChunks: 1,
  maxTotalBytes: HeadersPage.maxSize,
  timeoutMs: 10_000,
  // 200 pages are 100,000 headers: a fast sync imports fewer in this time.
  quota: { requests: 200, perMs: 10_000 },
};
