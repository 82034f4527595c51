import type { TopicName } from "../../protocols/index.ts";
import type { Signer } from "../../src/accounts/signer.ts";
import { acceptRecoveries } from "../../src/chain/accept-recoveries.ts";
import { untimed } from "../../src/chain/assemble.ts";
import type { CheckedGenesis } from "../../src/chain/genesis.ts";
import { storeGenesis } from "../../src/chain/genesis.ts";
import { productRules } from "../../src/chain/rules.ts";
import { chainStores } from "../../src/chain/stores.ts";
import { recoveryId } from "../../src/consensus/index.ts";
import type { Network, PeerId, PeerOffence } from "../../src/network/types.ts";
import { type ChainServices, startChainServices } from "../../src/node/chain-services.ts";
import { Closers } from "../../src/node/closers.ts";
import { type Mode, ModeMachine } from "../../src/node/mode.ts";
import type { Database, Write } from "../../src/storage/database.ts";
import { EventLog } from "../../src/storage/event-log.ts";
import { type OwnLine, ownStatus } from "../../src/sync/claimed-status.ts";
import { PeerStatuses } from "../../src/sync/peer-statuses.ts";
import { serveGenesis } from "../../src/sync/serve.ts";
import type { Recovery, SignedFinalityVote } from "../../src/types/index.ts";
import { silentLogger } from "../../src/util/logger.ts";
import { line } from "../own-line.ts";
import type { SimDisk } from "./disk.ts";
import { Endpoint } from "./endpoint.ts";
import { verify } from "./keys.ts";
import type { SimNetwork } from "./network.ts";
import type { Random } from "./random.ts";
import { type ClockError, NodeClock, type Timeline } from "./timeline.ts";
import type { Trace } from "./trace.ts";

/** The changes that make a node faulty. */
export interface Behaviour {
  network(endpoint: Endpoint): Network;
  database(database: Database): Database;
}

export interface SimNodeOptions {
  name: PeerId;
  signer: Signer | undefined;
  genesis: CheckedGenesis;
  disk: SimDisk;
  clockError: ClockError;
  network: SimNetwork;
  timeline: Timeline;
  random: Random;
  trace: Trace;
  /** True if no other node is expected. */
  alone: boolean;
  behaviour?: Behaviour | undefined;
  onStarted(node: SimNode, services: ChainServices): void;
  onPenalty(node: SimNode, peer: PeerId, offence: PeerOffence, detail: string): void;
  onPublish(node: SimNode, topic: TopicName, message: Uint8Array): void;
  onVotes(votes: readonly SignedFinalityVote[]): void;
  onGossip(node: SimNode, topic: TopicName, message: Uint8Array): void;
  /** Called when the mode of the running process changes. */
  onMode(node: SimNode, mode: Mode): void;
  onRestored(node: SimNode): void;
  onError(node: SimNode, message: string, fields: object): void;
}

/** A run of a node's program from its start to a crash. */
interface Process {
  alive: boolean;
  endpoint: Endpoint;
  services: ChainServices | undefined;
  database: Database;
}

/**
 * A node with the real chain, mempool, finality and sync over a simulated clock, network and disk. It can crash and
 * restart.
 */
export class SimNode {
  readonly options: SimNodeOptions;
  #process: Process | undefined;
  #starts = 0;
  #backup: Write[] | undefined;
  /** True if the data is older than the last signature. */
  #restored = false;
  /** The number of times that older data was restored. */
  restores = 0;
  #line: OwnLine = line;
  /** The mode of the running process. */
  #modes = new ModeMachine("boot", silentLogger);

  constructor(options: SimNodeOptions) {
    this.options = options;
  }

  /** Writes the genesis block to the disk. */
  async init(): Promise<void> {
    await storeGenesis(chainStores(this.options.disk.open()), this.options.genesis);
  }

  get name(): PeerId {
    return this.options.name;
  }

  get alive(): boolean {
    return this.#process !== undefined;
  }

  get faulty(): boolean {
    return this.options.behaviour !== undefined;
  }

  get mode(): string {
    return this.#process ? this.#modes.mode : "dead";
  }

  /** The services of the running process, once it has opened its database. */
  get services(): ChainServices | undefined {
    return this.#process?.services;
  }

  /** The database of the running process. */
  get database(): Database | undefined {
    return this.#process?.database;
  }

  /** The public key, also of authorities that are never present. */
  get publicKey(): Uint8Array {
    return this.options.signer?.publicKey ?? new Uint8Array(32);
  }

  /** True if the node follows a recovery. */
  get recovered(): boolean {
    return this.#line.recoveries.length > 0;
  }

  /** Gives a stopped node a recovery like `--recovery=<file>`. @throws {UserError} if the recovery is refused */
  async giveRecovery(recovery: Recovery): Promise<void> {
    await acceptRecoveries(chainStores(this.options.disk.open()), this.options.genesis, [recovery]);
    this.#line = { ...line, recoveries: [recoveryId(recovery)] };
  }

  /** Reads the final height from the disk. */
  async finalHeight(): Promise<number> {
    return (await chainStores(this.options.disk.open()).finality.status())?.finalized.height ?? 0;
  }

  async start(): Promise<void> {
    if (this.#process) return;
    const { name, signer, genesis, disk, clockError, network, timeline, random, trace, alone, behaviour } =
      this.options;
    const logger = trace.logger(name, (message, fields) => this.options.onError(this, message, fields));
    trace.add(name, "starts");
    const opened = disk.open();
    const database = behaviour?.database(opened) ?? opened;
    const process: Process = { alive: true, endpoint: undefined as never, services: undefined, database };
    const clock = new NodeClock(
      timeline,
      random.fork(`clock ${this.#starts++}`),
      clockError,
      () => process.alive,
    );
    const endpoint = new Endpoint({
      network,
      peerId: name,
      clock,
      logger,
      onPenalty: (peer, offence, detail) => this.options.onPenalty(this, peer, offence, detail),
      onPublish: (topic, message) => this.options.onPublish(this, topic, message),
      onVotes: (votes) => this.options.onVotes(votes),
      onGossip: (topic, message) => this.options.onGossip(this, topic, message),
    });
    process.endpoint = endpoint;
    this.#process = process;
    const seenNetwork = behaviour?.network(endpoint) ?? endpoint;
    this.#modes = new ModeMachine("boot", logger);
    this.#modes.events.on("mode", (mode) => {
      trace.add(name, `mode ${mode}`);
      if (process.alive) this.options.onMode(this, mode);
    });
    const statuses = new PeerStatuses({
      network: seenNetwork,
      clock,
      logger,
      recoveries: () => this.#line.recoveries,
      status: () => ownStatus(genesis.id, process.services?.chain, clock.now(), this.#line),
    });
    statuses.start();
    serveGenesis(
      seenNetwork,
      () => genesis,
      async () => genesis.block,
    );
    network.add(endpoint);
    const services = await startChainServices({
      genesis,
      database,
      eventLog: await EventLog.open({ database, logger: logger }),
      network: seenNetwork,
      statuses,
      line: this.#line,
      rules: productRules,
      verify,
      clock,
      pause: () => new Promise((resolve) => clock.after(0, resolve)),
      logger,
      peerLog: logger,
      startTimer: untimed,
      modes: this.#modes,
      account: signer && { signer, isSolitary: alone, identify: async () => this.#identify() },
      alone,
      hashSeed: random.fork("hashes").bytes(8),
      closers: new Closers(logger),
    });
    if (!process.alive) return;
    process.services = services;
    this.options.onStarted(this, services);
    for (const { id } of seenNetwork.peers()) void statuses.ask(id);
  }

  /** Copies the data, to be restored later. */
  backUp(): void {
    this.#backup = this.options.disk.snapshot();
  }

  /** Restores the copy if there is one; the node detects that. */
  restoreBackup(): void {
    if (!this.#backup) {
      this.backUp();
      return;
    }
    this.options.trace.add(this.name, "an older copy of its data is put back");
    this.options.disk.restore(this.#backup);
    this.#restored = true;
    this.restores++;
    this.options.onRestored(this);
  }

  #identify() {
    const reasons = this.#restored ? ["the data is a copy"] : [];
    const note = async () => {
      this.#restored = false;
    };
    return { reasons, note };
  }

  /** Crashes the process like kill -9 or a power cut; the disk keeps what was synced. */
  crash(): void {
    if (!this.#process) return;
    this.options.trace.add(this.name, "crashes");
    this.#process.alive = false;
    this.#process.endpoint.kill();
    this.options.disk.crash();
    this.#process = undefined;
  }
}
