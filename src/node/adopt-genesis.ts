import { type CheckedGenesis, type Genesis, storeGenesis } from "../chain/genesis.ts";
import { chainStores } from "../chain/stores.ts";
import { commandLine } from "../config/index.ts";
import type { Database } from "../storage/database.ts";
import { findGenesis } from "../sync/genesis-finder.ts";
import { textOf } from "../util/bytes.ts";
import { UserError } from "../util/errors.ts";
import { genesisPinOf, type NodeCore } from "./core.ts";
import type { Peers } from "./create-peers.ts";
import { acceptGivenRecoveries } from "./open-data.ts";

/** Searches the network for a genesis block and keeps it; `undefined` if the signal aborts. @throws {UserError} */
export async function adoptGenesis(
  core: NodeCore,
  peers: Peers,
  database: Database,
  signal: AbortSignal,
): Promise<Genesis | undefined> {
  const found = await searchInTime(core, peers, signal);
  if (!found || signal.aborted) return undefined;
  await storeGenesis(chainStores(database), found);
  const { block: _, ...genesis } = found;
  await acceptGivenRecoveries(core, database, genesis);
  core.genesis = genesis;
  peers.statuses.reset();
  const name = textOf(genesis.config.name);
  core.logger.warn(
    { genesis: genesis.idHex, name },
    `ADOPTED THE GENESIS BLOCK OF THIS NETWORK: "${name}", ${genesis.idHex}. Pin it with --genesis=${genesis.idHex}`,
  );
  return genesis;
}

/** @throws {UserError} `NO_GENESIS` with what to do; `AMBIGUOUS_GENESIS` */
async function searchInTime(
  core: NodeCore,
  { network, statuses }: Peers,
  signal: AbortSignal,
): Promise<CheckedGenesis | undefined> {
  const { options, verify, clock, peerLog: logger, modes } = core;
  const { genesisTimeoutMs: timeoutMs } = options;
  const pin = genesisPinOf(core);
  logger.info({ genesis: pin, timeoutMs }, "no genesis block yet: looking for one on the network");
  const timeout = new AbortController();
  const cancel = clock.after(timeoutMs, () => timeout.abort());
  const either = AbortSignal.any([signal, timeout.signal]);
  try {
    const parts = { network, statuses, verify, clock, logger, pin, signal: either };
    const genesis = await findGenesis(parts);
    if (genesis || signal.aborted) return genesis;
  } finally {
    cancel();
  }
  modes.enter("dying");
  const wanted = pin ? `genesis block ${pin}` : "genesis block";
  throw new UserError(
    `no ${wanted} here and none offered by a peer within ${timeoutMs / 1000} s: make one with "${commandLine("init")}", or check that a node that has it is on this network (--bootstrap=<multiaddr> where multicast does not work)`,
    "NO_GENESIS",
  );
}
