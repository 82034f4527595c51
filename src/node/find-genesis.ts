import { textOf } from "../api/index.ts";
import { type Genesis, storeGenesis } from "../chain/genesis.ts";
import { chainStores } from "../chain/stores.ts";
import type { Database } from "../storage/database.ts";
import type { NodeCore } from "./core.ts";
import type { Peers } from "./create-peers.ts";
import { genesisPinOf } from "./genesis-pin.ts";
import { searchGenesis } from "./genesis-search.ts";
import { acceptGivenRecoveries } from "./open-data.ts";

/** Searches the network for a genesis block and keeps it; `undefined` if the signal aborts. @throws {UserError} */
export async function adoptGenesis(
  core: NodeCore,
  { network, statuses }: Peers,
  database: Database,
  signal: AbortSignal,
): Promise<Genesis | undefined> {
  const { options, verify, clock, logger, peerLog, modes } = core;
  const found = await searchGenesis({
    network,
    statuses,
    verify,
    clock,
    logger: peerLog,
    pin: genesisPinOf(core),
    timeoutMs: options.genesisTimeoutMs,
    signal,
    onTimeout: () => modes.enter("dying"),
  });
  if (!found || signal.aborted) return undefined;
  await storeGenesis(chainStores(database), found);
  const { block: _, ...genesis } = found;
  await acceptGivenRecoveries(core, database, genesis);
  core.genesis = genesis;
  statuses.reset();
  const name = textOf(genesis.config.name);
  logger.warn(
    { genesis: genesis.idHex, name },
    `ADOPTED THE GENESIS BLOCK OF THIS NETWORK: "${name}", ${genesis.idHex}. Pin it with --genesis=${genesis.idHex}`,
  );
  return genesis;
}
