import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, Recovery } from "../src/types/index.ts";
import type { Protocol } from "./reqresp/types.ts";

/** `known` is the id of the requester's newest recovery, zero for none. */
export const RecoveryRequest = new ContainerType({ known: Bytes32 }, { typeName: "RecoveryRequest" });
export type RecoveryRequest = ValueOf<typeof RecoveryRequest>;

/**
 * The newest recovery that the answerer follows. A node asks if the digests differ, so that it can tell its operator
 * what others were given. No node follows a recovery that it received in this way.
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
