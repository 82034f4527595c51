import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, Recovery } from "../src/types/index.ts";
import type { Protocol } from "./reqresp/types.ts";

/** `known`: id of the requester's newest recovery, zero for none. */
export const RecoveryRequest = new ContainerType({ known: Bytes32 }, { typeName: "RecoveryRequest" });
export type RecoveryRequest = ValueOf<typeof RecoveryRequest>;

/**
 * The newest recovery that the answerer follows. Asked where the digests differ, so that a node can tell its operator what others were given. No node follows a recovery that it was told of by this.
 */
export const recovery: Protocol<RecoveryRequest, Recovery> = {
  id: "/ccoin/recovery/1",
  request: RecoveryRequest,
  response: Recovery,
  maxRequestBytes: RecoveryRequest.maxSize,
  maxResponseBytes: Recovery.maxSize,
  maxChunks: 1,
  maxTotalBytes: Recovery.maxSize,
  timeoutMs: 5_000,
  quota: { requests: 5, perMs: 10_000 },
};
