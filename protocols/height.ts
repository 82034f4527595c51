import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, Count, Uint32 } from "../src/types/index.ts";
import { Bytes4 } from "./digest.ts";
import type { Protocol } from "./reqresp/types.ts";

/**
 * A node's status. `genesisId`, the other ids, `digest` and `rules` are zero while it has no genesis block. `rules` is
 * the version after its head, to which `digest` belongs; `knownRules` is the newest version that its program knows;
 * `timeMs` is its clock when it answered.
 */
export const ChainStatus = new ContainerType(
  {
    genesisId: Bytes32,
    digest: Bytes4,
    rules: Uint32,
    knownRules: Uint32,
    height: Count,
    headId: Bytes32,
    totalDifficulty: Count,
    justifiedRound: Count,
    finalizedHeight: Count,
    finalizedId: Bytes32,
    timeMs: Count,
  },
  { typeName: "ChainStatus" },
);
export type ChainStatus = ValueOf<typeof ChainStatus>;

/** `timeMs` is the requester's clock when it asked. */
export const HeightRequest = new ContainerType({ timeMs: Count }, { typeName: "HeightRequest" });
export type HeightRequest = ValueOf<typeof HeightRequest>;

/**
 * Exchanges statuses. The requester acknowledges the answer with its own status, so that both know after one exchange.
 */
export const height: Protocol<HeightRequest, ChainStatus, ChainStatus> = {
  id: "/ccoin/height/1",
  request: HeightRequest,
  response: ChainStatus,
  ack: ChainStatus,
  maxRequestBytes: HeightRequest.maxSize,
  maxResponseBytes: ChainStatus.maxSize,
  maxChunks: 1,
  maxTotalBytes: ChainStatus.maxSize,
  timeoutMs: 5_000,
  // A node asks on connecting, every few seconds, and when it hears of a better head.
  quota: { requests: 20, perMs: 10_000 },
};
