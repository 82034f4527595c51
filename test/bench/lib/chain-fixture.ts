import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { buildChain } from "../../e2e/harness/build-chain.ts";
import type { Context } from "../figure.ts";
import { type BenchNetwork, benchNetwork } from "./bench-network.ts";
import { presign, recordsOf } from "./presign.ts";
import { transferBytes } from "./senders.ts";

const periodMs = 1_000;

export interface ChainShape {
  blocks: number;
  transactionsPerBlock: number;
  senders: number;
}

/** Writes a chain of one authority, with blocks in the past, into the database of node 1, which does not run. */
export async function chainFixture(
  context: Context,
  { blocks, transactionsPerBlock, senders }: ChainShape,
): Promise<BenchNetwork> {
  const now = Date.now() - (blocks + 60) * periodMs;
  const network = await benchNetwork(context, { authorities: 1, senders, periodMs, now });
  const presigned = await presign(network.genesis, senders, blocks * transactionsPerBlock);
  await buildChain(network, blocks, (height) => {
    const first = (height - 1) * transactionsPerBlock;
    return recordsOf(presigned, network.genesis, first, first + transactionsPerBlock);
  });
  return network;
}

/** Returns the bytes of the encoded transactions of such a chain. */
export function bodyBytes({ blocks, transactionsPerBlock }: ChainShape): number {
  return blocks * transactionsPerBlock * (transferBytes + 4);
}

/** Returns the bytes of all files in a folder. */
export function folderBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
