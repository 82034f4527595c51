import { availableParallelism } from "node:os";
import {
  checkDataIdentity,
  loadAdminToken,
  loadPeerKey,
  openOrCreateAccount,
  type Signer,
} from "../accounts/index.ts";
import { defaultHttpLimits, startHttpServer } from "../api/index.ts";
import { type Genesis, storeGenesis } from "../chain/genesis.ts";
import { chainStores } from "../chain/stores.ts";
import { minFaultTolerantAuthorities, type NodeOptions } from "../config/index.ts";
import { VerifyPool } from "../crypto/verify-pool.ts";
import { type AddressBookEntry, createNetwork, type LibP2pNetwork } from "../network/index.ts";
import { AddressBookStore } from "../storage/address-book.ts";
import { EventLog } from "../storage/event-log.ts";
import type { LevelDatabase } from "../storage/level-database.ts";
import { PeerStatuses } from "../sync/peer-statuses.ts";
import { serveGenesis } from "../sync/serve.ts";
import { systemClock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { systemPause } from "../util/slices.ts";
import { type ChainServices, startChainServices } from "./chain-services.ts";
import { Closers } from "./closers.ts";
import { diagnose } from "./diagnosis.ts";
import { DiagnosisInputs, freeBytes } from "./diagnosis-input.ts";
import { DiagnosisLog } from "./diagnosis-log.ts";
import { finalityInput } from "./finality-views.ts";
import { searchGenesis } from "./genesis-search.ts";
import { joinLine } from "./join-line.ts";
import { ModeMachine } from "./mode.ts";
import { lockFolder, openDatabase } from "./open.ts";
import { loadStoredGenesis } from "./stored-genesis.ts";
import { apiServices, chainStatus } from "./views.ts";

const clock = systemClock;
/** For signatures: beyond this the main thread is the limit. */
const maxVerifyThreads = 4;

export interface RunningNode {
  /** Of the HTTP interface. */
  readonly url: string;
  /** The command that lets another machine join, once there is a genesis block. */
  readonly joinLine: string | undefined;
  /** Resolves once every port and file is closed: 0 after `stop`. Rejects, then too, with the reason where the node ended by itself. */
  exitCode: Promise<number>;
  /** Resolves once every port and file is closed. */
  stop(reason: string): Promise<void>;
}

/** Starts a node: the only place that knows all of its parts. @throws {CodedError} after closing what was opened. */
export async function runNode(options: NodeOptions, logger: Logger): Promise<RunningNode> {
  const node = new Node(options, logger);
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
  readonly #closers: Closers;
  readonly #searching = new AbortController();
  readonly #exit = Promise.withResolvers<number>();
  readonly #signatures: VerifyPool;
  #modes = new ModeMachine("boot");
  #genesis: Genesis | undefined;
  #services: ChainServices | undefined;
  #url = "";
  #joinLine: string | undefined;
  #ending: Promise<void> | undefined;

  constructor(options: NodeOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
    this.#closers = new Closers(logger);
    this.#signatures = new VerifyPool({
      threads: Math.min(availableParallelism(), maxVerifyThreads),
      onThreadEnd: (error) => logger.warn({ error: messageOf(error) }, "a verification thread has ended"),
    });
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
    const { dataDir: paths, nodeId, passphraseFile } = this.#options;
    this.#closers.push("lock", await lockFolder(paths));
    this.#closers.push("verification threads", () => this.#signatures.close());
    const { signer, created, madePassphraseFile } = await openOrCreateAccount({ paths, passphraseFile });
    if (created) {
      const passphraseKeptIn = madePassphraseFile;
      this.#logger.info({ address: signer.address, passphraseKeptIn }, "made an account for this node");
    }
    const database = await openDatabase(paths, (error) => this.#fail(error));
    this.#closers.push("database", () => database.close());
    this.#closers.push("imports", () => this.#services?.chain.idle());
    const stored = await loadStoredGenesis({
      database,
      verify: this.#signatures.verify,
      pin: this.#options.genesisPin,
      publicKey: signer.publicKey,
      place: paths.db,
    });
    this.#genesis = stored?.genesis;
    if (stored?.isNew) this.#modes = new ModeMachine("genesis");
    const eventLog = await EventLog.open(database);
    const logMode = (mode: string) => {
      this.#logger.info({ mode }, `mode: ${mode}`);
      // One that fails ends the node.
      void eventLog.append([{ name: "mode", mode }]).catch(() => undefined);
    };
    logMode(this.#modes.mode);
    this.#modes.events.on("mode", logMode);
    const peers = await new AddressBookStore<AddressBookEntry>(database).load();
    const network = await this.#createNetwork(database);
    const statuses = new PeerStatuses({
      network,
      clock,
      logger: this.#logger,
      status: () => chainStatus(this.#genesis, this.#services?.chain, clock.now()),
    });
    statuses.start();
    this.#closers.push("peer statuses", () => statuses.stop());
    serveGenesis(network, () => this.#genesis);

    const diagnosis = new DiagnosisInputs({
      clock,
      modes: this.#modes,
      network,
      statuses,
      own: { publicKey: signer.publicKey, mines: this.#options.mine },
      signingLock: () => this.#services?.signer?.doubt,
      freeDiskBytes: () => freeBytes(paths.folder),
    });
    const diagnosisLog = new DiagnosisLog({
      diagnose: () => diagnose(diagnosis.gather()),
      clock,
      logger: this.#logger,
    });
    diagnosisLog.start();
    this.#closers.push("diagnosis", () => {
      diagnosisLog.stop();
      diagnosis.stop();
    });

    const http = await startHttpServer({
      host: this.#options.httpHost,
      port: this.#options.httpPort,
      limits: defaultHttpLimits,
      services: apiServices({
        options: this.#options,
        signer,
        network,
        statuses,
        clock,
        logger: this.#logger,
        eventLog,
        mode: () => this.#modes.mode,
        services: () => this.#services,
        adminToken: await loadAdminToken(paths.adminToken),
        diagnosis,
      }),
    });
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

    const parts = { database, eventLog, network, statuses, signer, diagnosis };
    if (this.#genesis) await this.#startChain(parts, this.#genesis, peers.length === 0);
    else void this.#awaitGenesis(parts).catch((error) => this.#fail(error));
  }

  #createNetwork(database: LevelDatabase): Promise<LibP2pNetwork> {
    const { dataDir, p2pHost, p2pPort, bootstrap, mdns } = this.#options;
    return loadPeerKey(dataDir.peerKey).then((privateKey) =>
      createNetwork({
        privateKey,
        listen: [`/${p2pHost.includes(":") ? "ip6" : "ip4"}/${p2pHost}/tcp/${p2pPort}`],
        bootstrap,
        mdns,
        clock,
        logger: this.#logger,
        addressBook: new AddressBookStore(database),
        random: Math.random,
      }),
    );
  }

  async #awaitGenesis(parts: Parts): Promise<void> {
    const { network, statuses, database } = parts;
    const genesis = await searchGenesis({
      network,
      statuses,
      verify: this.#signatures.verify,
      clock,
      logger: this.#logger,
      pin: this.#options.genesisPin,
      timeoutMs: this.#options.genesisTimeoutMs,
      signal: this.#searching.signal,
      onTimeout: () => this.#modes.enter("dying"),
    });
    if (!genesis || this.#ending) return;
    await storeGenesis(chainStores(database), genesis);
    this.#genesis = genesis;
    statuses.reset();
    const name = new TextDecoder().decode(genesis.config.name);
    this.#logger.warn(
      { genesis: genesis.idHex, name },
      `ADOPTED THE GENESIS BLOCK OF THIS NETWORK: "${name}", ${genesis.idHex}. Pin it with --genesis=${genesis.idHex}`,
    );
    await this.#startChain(parts, genesis, false);
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
        verify: this.#signatures.verify,
        clock,
        pause: systemPause,
        logger: this.#logger,
        modes,
        account: this.#options.mine
          ? { signer, identify: (store) => checkDataIdentity({ paths, store }) }
          : undefined,
        alone: alone && this.#options.bootstrap.length === 0,
      },
      this.#closers,
    );
    // Before anything is waited for: from now on the node may be ready, and says so.
    this.#services = services;
    // Streams that were opened before can go on.
    eventLog.announce();
    await diagnosis.follow({ ...services, finality: () => finalityInput(services) });
    services.finalizer.events.on("seen", ({ voter }) => diagnosis.onFinalityVote(voter));
    // Those that were connected before there was a chain to compare.
    for (const { id } of network.peers()) void statuses.ask(id);
  }

  /** The node cannot go on: it closes everything and says why. */
  #fail(error: unknown): void {
    if (this.#ending) return;
    this.#logger.debug({ error: messageOf(error) }, "the node ends");
    void this.end().then(() => this.#exit.reject(error));
  }
}

interface Parts {
  database: LevelDatabase;
  eventLog: EventLog;
  network: LibP2pNetwork;
  statuses: PeerStatuses;
  signer: Signer;
  diagnosis: DiagnosisInputs;
}
