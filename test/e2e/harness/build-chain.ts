import type { Signer } from "../../../src/accounts/index.ts";
import { Chain } from "../../../src/chain/chain.ts";
import { checkGenesis } from "../../../src/chain/genesis.ts";
import { chainStores } from "../../../src/chain/stores.ts";
import type { CanonicalBlock } from "../../../src/chain/types.ts";
import { productionTime } from "../../../src/consensus/index.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { offlineChainOptions } from "../../../src/node/offline-chain.ts";
import { withDatabase } from "../../../src/node/open.ts";
import type { TransactionRecord } from "../../../src/types/index.ts";
import { unprotected } from "../../unprotected-signer.ts";
import type { TestNetwork } from "./network.ts";

/**
 * Writes blocks on the genesis block into the first node's database, each by the authority in turn; their times are in
 * the past if that of the genesis block is. `transactionsOf` gives the transactions of the block at a height, none by
 * default.
 */
export function buildChain(
  { nodes, wallets }: Pick<TestNetwork, "nodes" | "wallets">,
  blocks: number,
  transactionsOf: (height: number) => readonly TransactionRecord[] = () => [],
): Promise<void> {
  return withDatabase(nodes[0]!.paths, async (database) => {
    const stores = chainStores(database);
    const genesis = await checkGenesis((await stores.meta.genesis())!, verifySignatures);
    const chain = await Chain.open(offlineChainOptions(genesis, stores, verifySignatures), []);
    const signers = wallets.map(({ signer }) => signer);
    for (let height = 1; height <= blocks; height++)
      await produceInTurn(chain, signers, transactionsOf(height));
    if (chain.head.height !== blocks) throw new Error(`${chain.head.height} blocks instead of ${blocks}`);
  });
}

/** Produces a block on the head by the authority in turn, `laterMs` after the earliest possible time. */
export async function produceInTurn(
  chain: Chain,
  signers: readonly Signer[],
  transactions: Iterable<TransactionRecord>,
  laterMs = 0,
): Promise<CanonicalBlock> {
  const { head, snapshot } = chain;
  for (const signer of signers) {
    const time = productionTime(snapshot, head.header.message, signer.publicKey);
    if (!time?.inTurn) continue;
    const block = await chain.produce({
      signer: unprotected(signer),
      parentId: head.id,
      timestampMs: time.timestampMs + laterMs,
      difficulty: 2,
      allowEmpty: true,
      select: () => transactions,
    });
    if (block) return block;
  }
  throw new Error(`no block on block ${head.height}`);
}
