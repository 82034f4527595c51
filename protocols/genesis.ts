import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { GenesisBlock } from "../src/types/genesis.ts";
import { Bytes32 } from "../src/types/index.ts";
import type { Protocol } from "./reqresp/types.ts";

/** `id` is the wanted genesis block, or zero for the answerer's. */
export const GenesisRequest = new ContainerType({ id: Bytes32 }, { typeName: "GenesisRequest" });
export type GenesisRequest = ValueOf<typeof GenesisRequest>;

/** 2^20 balances of 40 bytes, and the rest. */
const maxGenesisBytes = 44 * 2 ** 20;

export const genesis: Protocol<GenesisRequest, GenesisBlock> = {
  id: "/ccoin/genesis/1",
  request: GenesisRequest,
  response: GenesisBlock,
  maxRequestBytes: GenesisRequest.maxSize,
  maxResponseBytes: maxGenesisBytes,
  maxChunks: 1,
  maxTotalBytes: maxGenesisBytes,
  timeoutMs: 30_000,
  quota: { requests: 5, perMs: 10_000 },
};
