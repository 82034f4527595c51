import { randomBytes } from "node:crypto";
import { checkDataIdentity, type Signer } from "../accounts/index.ts";
import type { CoinGiver } from "../api/index.ts";
import type { Genesis } from "../chain/genesis.ts";
import type { KnownRules } from "../chain/rules.ts";
import { minFaultTolerantAuthorities, type NodeOptions, readRecoveryFile } from "../config/index.ts";
import type { VerifyPool } from "../crypto/verify-pool.ts";
import { Metrics } from "../metrics/metrics.ts";
import type { LibP2pNetwork } from "../network/network.ts";
import type { Database } from "../storage/database.ts";
import type { EventLog } from "../storage/event-log.ts";
import { inBackground } from "../util/background.ts";
import { systemClock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { systemPause } from "../util/slices.ts";
import { adoptGenesis } from "./adopt-genesis.ts";
import { type ChainServices, startChainServices } from "./chain-services.ts";
import { Closers } from "./closers.ts";
import type { NodeCore } from "./core.ts";
import { createPeers, type Peers } from "./create-peers.ts";
import { finalityInput } from "./finality-views.ts";
import { adviseToJoin } from "./join-line.ts";
import { ModeMachine } from "./mode.ts";
import { lockFolder } from "./open.ts";
import { openEventLog, openNodeAccount, openNodeDatabase } from "./open-data.ts";
import { PeerLog } from "./peer-log.ts";
import type { HttpsPlace, RunningNode } from "./running-node.ts";
import { startAuthorityNodes } from "./start-authority-nodes.ts";
import { type NodeDiagnosis, startNodeDiagnosis } from "./start-diagnosis.ts";
import { type StartedHttp, startHttp } from "./start-http.ts";
import { createVerifyPool } from "./verify-threads.ts";

/** One run of a node, from its start to its end. The only place that knows all parts. */
export class Node implements RunningNode {
  readonly #core: NodeCore;
  readonly #signatures: VerifyPool;
  readonly #searching = new AbortController();
  readonly #exit = Promise.withResolvers<number>();
  #http: StartedHttp | undefined;
  #joinLine: (() => string) | undefined;
  #ending: Promise<void> | undefined;

  /** @throws {UserError} if the recovery file cannot be read; nothing has been created then. */
  constructor(options: NodeOptions, logger: Logger, rules: KnownRules, coins?: CoinGiver) {
    const { recoveryFile } = options;
    const givenRecoveries = recoveryFile === undefined ? [] : readRecoveryFile(recoveryFile);
    const metrics = new Metrics();
    const closers = new Closers(logger);
    const peerLog = new PeerLog(logger, systemClock);
    closers.push("log of peers", () => peerLog.stop());
    this.#signatures = createVerifyPool((error) =>
      logger.warn({ error: messageOf(error) }, "a thread that checks signatures has ended"),
    );
    this.#core = {
      options,
      logger,
      peerLog: peerLog.logger,
      clock: systemClock,
      rules,
      line: { recoveries: [], knownRules: rules.newest },
      metrics,
      verify: metrics.work.verify(this.#signatures.verify),
      closers,
      givenRecoveries,
      coins,
      fail: (error) => this.#fail(error),
      modes: new ModeMachine("boot", logger),
      genesis: undefined,
      services: undefined,
      authorityNodes: undefined,
      writeFailure: undefined,
    };
    // The reason of an end that nobody awaits is in the log; the process must not end by it.
    this.#exit.promise.catch(() => undefined);
  }

  get exitCode(): Promise<number> {
    return this.#exit.promise;
  }

  get url(): string {
    return this.#http?.url ?? "";
  }

  get https(): HttpsPlace | undefined {
    return this.#http?.https();
  }

  get joinLine(): string | undefined {
    return this.#joinLine?.();
  }

  async start(): Promise<void> {
    const core = this.#core;
    await this.#lock();
    const signer = await openNodeAccount(core);
    const database = await openNodeDatabase(core, signer);
    const eventLog = await openEventLog(core, database);
    const peers = await createPeers(core, database);
    const diagnosis = startNodeDiagnosis(core, peers, signer);
    this.#http = await startHttp(core, peers, { signer, eventLog, diagnosis });
    await this.#connect(peers.network, signer);
    const parts = { database, eventLog, peers, signer, diagnosis };
    if (core.genesis) await this.#startChain(parts, core.genesis, peers.isNewcomer);
    else this.#awaitGenesis(parts).catch((error) => this.#fail(error));
  }

  async reload(): Promise<void> {
    await this.#http?.reload();
  }

  async stop(reason: string): Promise<void> {
    this.#core.logger.info({ reason }, "stopping");
    await this.end();
    this.#exit.resolve(0);
  }

  /** Closes everything, once. */
  end(): Promise<void> {
    this.#ending ??= (async () => {
      this.#searching.abort();
      this.#core.modes.enter("dead");
      await this.#core.closers.close();
    })();
    return this.#ending;
  }

  async #lock(): Promise<void> {
    const { closers, options } = this.#core;
    closers.push("lock", await lockFolder(options.dataDir));
    closers.push("verification threads", () => this.#signatures.close());
  }

  async #connect(network: LibP2pNetwork, { address }: Signer): Promise<void> {
    const { closers, logger, options, modes } = this.#core;
    await network.start();
    closers.push("network", () => network.stop());
    const p2p = network.addresses();
    logger.info({ node: options.nodeId, address, http: this.url, p2p, mode: modes.mode }, "node started");
  }

  async #awaitGenesis(parts: Parts): Promise<void> {
    const genesis = await adoptGenesis(this.#core, parts.peers, parts.database, this.#searching.signal);
    if (genesis) await this.#startChain(parts, genesis, false);
  }

  async #startChain(parts: Parts, genesis: Genesis, isNewcomer: boolean): Promise<void> {
    const core = this.#core;
    const { database, eventLog, signer, peers } = parts;
    const { dataDir: paths, mine, bootstrap, mdns } = core.options;
    const alone = isNewcomer && bootstrap.length === 0;
    const isSolitary = alone && !mdns;
    this.#sayHowToJoin(peers.network, genesis);
    const services = await startChainServices({
      ...core,
      genesis,
      database,
      eventLog,
      network: peers.network,
      statuses: peers.statuses,
      pause: systemPause,
      startTimer: core.metrics.chain.startTimer,
      account: mine
        ? { signer, isSolitary, identify: (store) => checkDataIdentity({ paths, store }) }
        : undefined,
      alone,
      hashSeed: new Uint8Array(randomBytes(8)),
    });
    // This comes before anything is awaited: from now on the node may be ready, and reports it.
    core.services = services;
    core.authorityNodes = startAuthorityNodes(core, peers, services.chain, signer);
    await this.#watch(services, parts);
    peers.network.exchangePeers((id) => peers.statuses.get(id)?.isFollowed === true);
    // Asks the peers that were connected before there was a chain to compare.
    for (const { id } of peers.network.peers()) inBackground(peers.statuses.ask(id));
  }

  #sayHowToJoin(network: LibP2pNetwork, { idHex, config }: Genesis): void {
    const { logger, coins } = this.#core;
    this.#joinLine = adviseToJoin(this.#core, network, idHex);
    const authorities = config.authorities.length;
    // A development chain is meant to have one.
    if (coins || authorities >= minFaultTolerantAuthorities) return;
    logger.warn({ authorities }, "fewer than four authorities: the chain tolerates no faulty one");
  }

  /** Metrics, event streams and the diagnosis follow the chain from now on. */
  async #watch(services: ChainServices, { eventLog, diagnosis }: Parts): Promise<void> {
    const { metrics, clock, modes } = this.#core;
    metrics.chain.follow(services.chain, services.mempool, { clock, inStep: () => modes.mode === "ready" });
    // Streams that were opened before can continue.
    eventLog.announce();
    await diagnosis.inputs.follow({
      ...services,
      recoveries: services.otherRecoveries,
      finality: () => finalityInput(services),
    });
    services.finalizer.events.on("seen", ({ voter }) => diagnosis.inputs.onFinalityVote(voter));
  }

  /** The node cannot continue: it closes everything and reports the reason. */
  #fail(error: unknown): void {
    if (this.#ending) return;
    this.#core.logger.debug({ error: messageOf(error) }, "the node ends");
    const ended = () => this.#exit.reject(error);
    this.end().then(ended, ended);
  }
}

/** The parts that exist before the chain. */
interface Parts {
  database: Database;
  eventLog: EventLog;
  peers: Peers;
  signer: Signer;
  diagnosis: NodeDiagnosis;
}
