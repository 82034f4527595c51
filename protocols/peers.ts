import { ByteListType, ContainerType, ListBasicType, type ValueOf } from "@chainsafe/ssz";
import { Count, Uint8 } from "../src/types/index.ts";
import type { Protocol } from "./reqresp/types.ts";

export const maxPeersPerRequest = 16;
/** Fits the record of a host with dozens of interfaces. */
export const maxRecordBytes = 2_048;
const maxPositions = 8;

/** `limit` is 1 to 16. */
export const PeersRequest = new ContainerType({ limit: Count }, { typeName: "PeersRequest" });
export type PeersRequest = ValueOf<typeof PeersRequest>;

/**
 * A peer of the answerer. `record` is its peer record as it has signed it (libp2p RFC 3), in its envelope (RFC 2).
 * `addresses` are positions in the record, ascending from 0, of addresses that worked for the answerer.
 */
export const ToldPeer = new ContainerType(
  {
    record: new ByteListType(maxRecordBytes),
    addresses: new ListBasicType(Uint8, maxPositions),
  },
  { typeName: "ToldPeer" },
);
export type ToldPeer = ValueOf<typeof ToldPeer>;

/** Some of the peers that the answerer is connected with and that follow its chain, one chunk each. */
export const peers: Protocol<PeersRequest, ToldPeer> = {
  id: "/ccoin/peers/1",
  request: PeersRequest,
  response: ToldPeer,
  maxRequestBytes: PeersRequest.maxSize,
  maxResponseBytes: ToldPeer.maxSize,
  maxChunks: maxPeersPerRequest,
  maxTotalBytes: maxPeersPerRequest * ToldPeer.maxSize,
  timeoutMs: 5_000,
  // A node asks every few seconds at first, then once a minute.
  quota: { requests: 10, perMs: 30_000 },
};
