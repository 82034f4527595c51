import { randomBytes } from "node:crypto";
import { checkDataIdentity, loadAdminToken, openOrCreateAccount, type Signer } from "../accounts/index.ts";
import { defaultHttpLimits, startHttpServer } from "../api/index.ts";
import { acceptRecoveries } from "../chain/accept-recoveries.ts";
import { type Genesis, storeGenesis } from "../chain/genesis.ts";
import { type KnownRules, productRules } from "../chain/rules.ts";
import { chainStores } from "../chain/stores.ts";
import { minFaultTolerantAuthorities, type NodeOptions, readRecoveryFile } from "../config/index.ts";
import { recoveryId } from "../consensus/index.ts";
import type { Verify } from "../crypto/ed25519.ts";
import type { VerifyPool } from "../crypto/verify-pool.ts";
import { Metrics } from "../metrics/index.ts";
import type { AddressBookEntry, LibP2pNetwork } from "../network/index.ts";
import { AddressBookStore } from "../storage/address-book.ts";
import type { Database } from "../storage/database.ts";
import { EventLog } from "../storage/event-log.ts";
import { type OwnLine, ownStatus } from "../sync/claimed-status.ts";
import { PeerStatuses } from "../sync/peer-statuses.ts";
import { serveGenesis } from "../sync/serve.ts";
import type { Recovery } from "../types/index.ts";
import { inBackground } from "../util/background.ts";
import { toHex } from "../util/bytes.ts";
import { systemClock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { systemPause } from "../util/slices.ts";
import { type ChainServices, startChainServices } from "./chain-services.ts";
import { Closers } from "./closers.ts";
import { createNodeNetwork } from "./create-network.ts";
import type { DiagnosisInputs } from "./diagnosis-input.ts";
import { freeBytes } from "./disk.ts";
import { finalityInput } from "./finality-views.ts";
import { searchGenesis } from "./genesis-search.ts";
import { joinLine } from "./join-line.ts";
import { keepRunning } from "./keep-running.ts";
import { metricSources } from "./metric-sources.ts";
import { ModeMachine } from "./mode.ts";
import { lockFolder, openDatabase } from "./open.ts";
import type { RunningNode } from "./running-node.ts";
import { startDiagnosis } from "./start-diagnosis.ts";
import { loadStoredGenesis } from "./stored-genesis.ts";
import { createVerifyPool } from "./verify-threads.ts";
import { apiServices } from "./views.ts";

const clock = systemClock;

/**
 * Starts a node, and restarts it after a full disk. `rules` are those that it knows. @throws {CodedError} after closing
 * what was opened.
 */
export function runNode(
  options: NodeOptions,
  logger: Logger,
  rules: KnownRules = productRules,
): Promise<RunningNode> {
  return keepRunning(options, {
    start: (given) => startNode(given, logger, rules),
    freeBytes: () => freeBytes(options.dataDir.folder),
    clock,
    logger,
  });
}

/** The only place that knows all parts of a node. */
async function startNode(options: NodeOptions, logger: Logger, rules: KnownRules): Promise<RunningNode> {
  const node = new Node(options, logger, rules);
  try {
    await node.start();
  } catch (error) {
    await node.end();
    throw error;
  }
  return node;
}

class Node implements RunningNode {
  readonly #options: NodeOptions;
  readonly #logger: Logger;
  readonly #rules: KnownRules;
  readonly #line: OwnLine;
  readonly #closers: Closers;
  readonly #searching = new AbortController();
  readonly #exit = Promise.withResolvers<number>();
  readonly #signatures: VerifyPool;
  readonly #verify: Verify;
  readonly #metrics = new Metrics();
  #modes: ModeMachine;
  #genesis: Genesis | undefined;
  #services: ChainServices | undefined;
  #url = "";
  #joinLine: string | undefined;
  #writeFailure: string | undefined;
  /** The recoveries that came with this start. */
  #given: readonly Recovery[] = [];
  #ending: Promise<void> | undefined;

  constructor(options: NodeOptions, logger: Logger, rules: KnownRules) {
    this.#options = options;
    this.#rules = rules;
    this.#line = { recoveries: [], knownRules: rules.newest };
    this.#logger = logger;
    this.#modes = new ModeMachine("boot", logger);
    this.#closers = new Closers(logger);
    this.#signatures = createVerifyPool((error) =>
      logger.warn({ error: messageOf(error) }, "a verification thread has ended"),
    );
    this.#verify = this.#metrics.work.verify(this.#signatures.verify);
    this.#exit.promise.catch(() => undefined);
  }

  get exitCode(): Promise<number> {
    return this.#exit.promise;
  }

  get url(): string {
    return this.#url;
  }

  get joinLine(): string | undefined {
    return this.#joinLine;
  }

  async stop(reason: string): Promise<void> {
    this.#logger.info({ reason }, "stopping");
    await this.end();
    this.#exit.resolve(0);
  }

  /** Closes everything, once. */
  end(): Promise<void> {
    this.#ending ??= (async () => {
      this.#searching.abort();
      this.#modes.enter("dead");
      await this.#closers.close();
    })();
    return this.#ending;
  }

  async start(): Promise<void> {
    const { dataDir: paths, nodeId, passphraseFile, passphrase, recoveryFile } = this.#options;
    // This comes before anything is created.
    this.#given = recoveryFile === undefined ? [] : readRecoveryFile(recoveryFile);
    this.#closers.push("lock", await lockFolder(paths));
    this.#closers.push("verification threads", () => this.#signatures.close());
    const { signer, created, madePassphraseFile } = await openOrCreateAccount({
      paths,
      passphraseFile,
      passphrase,
    });
    if (created) {
      const passphraseKeptIn = madePassphraseFile;
      this.#logger.info({ address: signer.address, passphraseKeptIn }, "made an account for this node");
    }
    const opened = await openDatabase(paths, (error) => this.#onWriteFailed(error));
    this.#closers.push("database", () => opened.close());
    const database = this.#metrics.work.database(opened);
    this.#closers.push("imports", () => this.#services?.chain.idle());
    const stored = await loadStoredGenesis({
      database,
      pin: this.#options.genesisPin,
      publicKey: signer.publicKey,
      place: paths.db,
    });
    if (stored) await this.#acceptRecoveries(database, stored.genesis);
    this.#genesis = stored?.genesis;
    if (stored?.isNew) this.#modes = new ModeMachine("genesis", this.#logger);
    const eventLog = await EventLog.open({ database, logger: this.#logger });
    const logMode = (mode: string) => {
      this.#logger.info({ mode }, `mode: ${mode}`);
      // A failed write ends the node.
      eventLog.append([{ name: "mode", mode }]).catch(() => undefined);
    };
    logMode(this.#modes.mode);
    this.#modes.events.on("mode", logMode);
    const peers = await new AddressBookStore<AddressBookEntry>(database).load();
    const network = await createNodeNetwork(this.#options, {
      database,
      clock,
      logger: this.#logger,
      observer: this.#metrics.network,
    });
    const statuses = new PeerStatuses({
      network,
      clock,
      logger: this.#logger,
      recoveries: () => this.#line.recoveries,
      status: () => ownStatus(this.#genesis?.id, this.#services?.chain, clock.now(), this.#line),
    });
    statuses.start();
    this.#closers.push("peer statuses", () => statuses.stop());
    const { meta } = chainStores(database);
    serveGenesis(
      network,
      () => this.#genesis,
      () => meta.genesis(),
    );

    const diagnosis = startDiagnosis(
      {
        clock,
        modes: this.#modes,
        network,
        statuses,
        own: { publicKey: signer.publicKey, mines: this.#options.mine },
        hasGenesis: () => this.#genesis !== undefined,
        signingLock: () => this.#services?.signer?.doubt,
        writeFailure: () => this.#writeFailure,
        freeDiskBytes: () => freeBytes(paths.folder),
      },
      this.#logger,
      this.#closers,
    );

    const http = await startHttpServer({
      host: this.#options.httpHost,
      port: this.#options.httpPort,
      limits: defaultHttpLimits,
      services: apiServices({
        options: this.#options,
        signer,
        network,
        statuses,
        line: this.#line,
        clock,
        logger: this.#logger,
        eventLog,
        mode: () => this.#modes.mode,
        services: () => this.#services,
        adminToken: await loadAdminToken(paths.adminToken),
        diagnosis: diagnosis.inputs,
        metrics: this.#metrics,
      }),
    });
    this.#metrics.follow(
      metricSources({
        mode: () => this.#modes.mode,
        diagnose: diagnosis.diagnose,
        services: () => this.#services,
        network,
        statuses,
        eventStreams: () => http.eventStreams,
        folder: paths.db,
      }),
    );
    this.#url = http.url;
    this.#closers.push("http", () => http.close());
    await network.start();
    this.#closers.push("network", () => network.stop());
    this.#logger.info(
      {
        node: nodeId,
        address: signer.address,
        http: http.url,
        p2p: network.addresses(),
        mode: this.#modes.mode,
      },
      "node started",
    );

    const parts = { database, eventLog, network, statuses, signer, diagnosis: diagnosis.inputs };
    if (this.#genesis) await this.#startChain(parts, this.#genesis, peers.length === 0);
    else this.#awaitGenesis(parts).catch((error) => this.#fail(error));
  }

  async #awaitGenesis(parts: Parts): Promise<void> {
    const { network, statuses, database } = parts;
    const found = await searchGenesis({
      network,
      statuses,
      verify: this.#verify,
      clock,
      logger: this.#logger,
      pin: this.#options.genesisPin ?? (this.#given[0] && toHex(this.#given[0].genesisId)),
      timeoutMs: this.#options.genesisTimeoutMs,
      signal: this.#searching.signal,
      onTimeout: () => this.#modes.enter("dying"),
    });
    if (!found || this.#ending) return;
    await storeGenesis(chainStores(database), found);
    const { block: _, ...genesis } = found;
    await this.#acceptRecoveries(database, genesis);
    this.#genesis = genesis;
    statuses.reset();
    const name = new TextDecoder().decode(genesis.config.name);
    this.#logger.warn(
      { genesis: genesis.idHex, name },
      `ADOPTED THE GENESIS BLOCK OF THIS NETWORK: "${name}", ${genesis.idHex}. Pin it with --genesis=${genesis.idHex}`,
    );
    await this.#startChain(parts, genesis, false);
  }

  /** @throws {UserError} if they are not this chain's, or if this node's final block is not on the recovered chain. */
  async #acceptRecoveries(database: Database, genesis: Genesis): Promise<void> {
    const stores = chainStores(database);
    const { added } = await acceptRecoveries(stores, genesis.id, this.#given);
    const recoveries = (await stores.recoveries.all()).map(recoveryId);
    this.#line.recoveries = recoveries;
    for (const recovery of added)
      this.#logger.warn({ recovery }, `follows the recovery ${recovery} from now on, also in later starts`);
  }

  async #startChain(
    { database, eventLog, network, statuses, signer, diagnosis }: Parts,
    genesis: Genesis,
    alone: boolean,
  ): Promise<void> {
    const modes = this.#modes;
    const { dataDir: paths } = this.#options;
    const addresses = network.addresses();
    this.#joinLine = joinLine({ nodeId: this.#options.nodeId, addresses, genesisId: genesis.idHex });
    this.#logger.info({ join: this.#joinLine }, "other machines join with this, also without multicast");
    const authorities = genesis.config.authorities.length;
    if (authorities < minFaultTolerantAuthorities) {
      this.#logger.warn(
        { authorities },
        "fewer than four authorities: the chain tolerates no fault among them",
      );
    }
    const services = await startChainServices(
      {
        genesis,
        database,
        eventLog,
        network,
        statuses,
        line: this.#line,
        rules: this.#rules,
        verify: this.#verify,
        clock,
        pause: systemPause,
        logger: this.#logger,
        startTimer: this.#metrics.chain.startTimer,
        modes,
        account: this.#options.mine
          ? { signer, identify: (store) => checkDataIdentity({ paths, store }) }
          : undefined,
        alone: alone && this.#options.bootstrap.length === 0,
        hashSeed: new Uint8Array(randomBytes(8)),
      },
      this.#closers,
    );
    // This comes before anything is awaited: from now on the node may be ready, and reports it.
    this.#services = services;
    this.#metrics.chain.follow(services.chain, services.mempool, {
      clock,
      inStep: () => modes.mode === "ready",
    });
    // Streams that were opened before can continue.
    eventLog.announce();
    await diagnosis.follow({
      ...services,
      recoveries: services.otherRecoveries,
      finality: () => finalityInput(services),
    });
    services.finalizer.events.on("seen", ({ voter }) => diagnosis.onFinalityVote(voter));
    // Asks the peers that were connected before there was a chain to compare.
    for (const { id } of network.peers()) inBackground(statuses.ask(id));
  }

  #onWriteFailed(error: Error): void {
    this.#writeFailure ??= error.message;
    this.#fail(error);
  }

  /** The node cannot continue: it closes everything and reports the reason. */
  #fail(error: unknown): void {
    if (this.#ending) return;
    this.#logger.debug({ error: messageOf(error) }, "the node ends");
    const ended = () => this.#exit.reject(error);
    this.end().then(ended, ended);
  }
}

interface Parts {
  database: Database;
  eventLog: EventLog;
  network: LibP2pNetwork;
  statuses: PeerStatuses;
  signer: Signer;
  diagnosis: DiagnosisInputs;
}
