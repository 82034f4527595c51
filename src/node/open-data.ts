import { openOrCreateAccount, type Signer } from "../accounts/index.ts";
import { acceptRecoveries } from "../chain/accept-recoveries.ts";
import { type Genesis, genesisOf } from "../chain/genesis.ts";
import { chainStores } from "../chain/stores.ts";
import { recoveryId } from "../consensus/index.ts";
import type { Database } from "../storage/database.ts";
import { EventLog } from "../storage/event-log.ts";
import { equalBytes } from "../util/bytes.ts";
import { UserError } from "../util/errors.ts";
import type { NodeCore } from "./core.ts";
import { ModeMachine } from "./mode.ts";
import { openDatabase } from "./open.ts";

/** Opens the account of this node, or makes one. @throws {UserError} `WRONG_PASSPHRASE` and the like */
export async function openNodeAccount({ options, logger }: NodeCore): Promise<Signer> {
  const { dataDir: paths, passphraseFile, passphrase } = options;
  const { signer, created, madePassphraseFile } = await openOrCreateAccount({
    paths,
    passphraseFile,
    passphrase,
  });
  if (created) {
    const passphraseKeptIn = madePassphraseFile;
    logger.info({ address: signer.address, passphraseKeptIn }, "made an account for this node");
  }
  return signer;
}

/** Opens the database of a locked folder, and loads its genesis block if there is one. @throws {UserError} */
export async function openNodeDatabase(core: NodeCore, signer: Signer): Promise<Database> {
  const { options, metrics, closers, logger } = core;
  const { dataDir: paths, genesisPin: pin } = options;
  const opened = await openDatabase(paths, (error) => {
    core.writeFailure ??= error.message;
    core.fail(error);
  });
  closers.push("database", () => opened.close());
  const database = metrics.work.database(opened);
  closers.push("imports", () => core.services?.chain.close());
  const { publicKey } = signer;
  const stored = await loadStoredGenesis({ database, pin, publicKey, place: paths.db });
  if (stored) await acceptGivenRecoveries(core, database, stored.genesis);
  core.genesis = stored?.genesis;
  if (stored?.isNew) core.modes = new ModeMachine("genesis", logger);
  return database;
}

/** @throws {UserError} if they are not this chain's, or if this node's final block is not on the recovered chain. */
export async function acceptGivenRecoveries(
  { line, logger, givenRecoveries }: NodeCore,
  database: Database,
  genesis: Genesis,
): Promise<void> {
  const stores = chainStores(database);
  const { added, endedProposals } = await acceptRecoveries(stores, genesis, givenRecoveries);
  line.recoveries = (await stores.recoveries.all()).map(recoveryId);
  for (const recovery of added)
    logger.warn({ recovery }, `follows the recovery ${recovery} from now on, also after later starts`);
  if (endedProposals > 0)
    logger.warn(
      { proposals: endedProposals },
      "dropped the proposals from before the recovery: propose again what is still wanted",
    );
}

/** Opens the event log, which records the node's mode from now on. */
export async function openEventLog({ modes, logger }: NodeCore, database: Database): Promise<EventLog> {
  const eventLog = await EventLog.open({ database, logger });
  const logMode = (mode: string) => {
    logger.info({ mode }, `mode: ${mode}`);
    // A failed write ends the node.
    eventLog.append([{ name: "mode", mode }]).catch(() => undefined);
  };
  logMode(modes.mode);
  modes.events.on("mode", logMode);
  return eventLog;
}

/**
 * The genesis block in a database, if there is one. It was checked before it was stored. `isNew`: it is the head, too,
 * and `publicKey` has made it.
 * @throws {UserError} `WRONG_CHAIN` if it is not the pinned one; `place` helps to find it.
 */
async function loadStoredGenesis(options: {
  database: Database;
  pin: string | undefined;
  publicKey: Uint8Array;
  place: string;
}): Promise<{ genesis: Genesis; isNew: boolean } | undefined> {
  const { database, pin, publicKey, place } = options;
  const { meta } = chainStores(database);
  const stored = await meta.genesisHead();
  if (!stored) return undefined;
  const genesis = genesisOf(stored);
  if (pin && pin !== genesis.idHex) {
    throw new UserError(
      `${place} holds the chain ${genesis.idHex}, but --genesis asks for ${pin}: use another --nodeid or --datadir, or leave --genesis out`,
      "WRONG_CHAIN",
    );
  }
  const head = await meta.head();
  const isHead = head !== undefined && equalBytes(head, genesis.id);
  return { genesis, isNew: isHead && equalBytes(stored.header.message.proposer, publicKey) };
}
