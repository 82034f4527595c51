import type { Signer } from "../accounts/index.ts";
import { checkGenesis, createGenesis, genesisOf, storeGenesis } from "../chain/genesis.ts";
import { chainStores } from "../chain/stores.ts";
import { commandLine, type NodePaths } from "../config/index.ts";
import { verifySignatures } from "../crypto/ed25519.ts";
import type { ChainConfig, Coinbase } from "../types/genesis.ts";
import type { Hex } from "../util/bytes.ts";
import { UserError } from "../util/errors.ts";
import { withDatabase } from "./open.ts";

/**
 * Makes the signed genesis block in an empty database. @throws {UserError} `GENESIS_EXISTS`; the existing chain stays.
 */
export function initGenesis(options: {
  paths: NodePaths;
  config: ChainConfig;
  coinbase: Coinbase;
  signer: Signer;
  /** Milliseconds since the Unix epoch. */
  now: number;
}): Promise<{ genesisId: Hex }> {
  const { paths, config, coinbase, signer, now } = options;
  return withDatabase(paths, async (database) => {
    const stores = chainStores(database);
    const existing = await stores.meta.genesisHead();
    if (existing) {
      throw new UserError(
        `${paths.db} holds the chain ${genesisOf(existing).idHex} already: start it with "${commandLine(`start --nodeid=${paths.nodeId}`)}", or move that folder away to begin a new chain`,
        "GENESIS_EXISTS",
      );
    }
    const genesis = await checkGenesis(await createGenesis(config, coinbase, signer, now), verifySignatures);
    await storeGenesis(stores, genesis);
    return { genesisId: genesis.idHex };
  });
}
