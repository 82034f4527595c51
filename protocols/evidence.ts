import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Count, Evidence } from "../src/types/index.ts";
import type { Protocol } from "./reqresp/types.ts";

export const maxEvidencePerRequest = 1024;

/** `limit` is 1 to 1024. */
export const EvidenceRequest = new ContainerType({ limit: Count }, { typeName: "EvidenceRequest" });
export type EvidenceRequest = ValueOf<typeof EvidenceRequest>;

/** Evidence of equivocation that the answerer has, one chunk each, newest first. A node asks on connecting. */
export const evidence: Protocol<EvidenceRequest, Evidence> = {
  id: "/ccoin/evidence/1",
  request: EvidenceRequest,
  response: Evidence,
  maxRequestBytes: EvidenceRequest.maxSize,
  maxResponseBytes: Evidence.maxSize,
  maxChunks: maxEvidencePerRequest,
  maxTotalBytes: maxEvidencePerRequest * Evidence.maxSize,
  timeoutMs: 10_000,
  quota: { requests: 5, perMs: 10_000 },
};
