import { defaultHttpPort, defaultP2pPort, nodePaths } from "../../../src/config/index.ts";
import type { World } from "./open-world.ts";
import { cliPath, type Ended, nodeFlags, type Process } from "./process.ts";
import { patience, until } from "./until.ts";

/** `GET /v1/status`. */
export interface Status {
  peerId: string;
  address: string;
  mode: string;
  genesisId: string | null;
  head: { height: number; id: string; timestamp: number } | null;
  finalized: { height: number; id: string } | null;
  knownRules: number;
  parameters: { rules: number } | null;
  peers: number;
  mempool: { count: number; minFee: string };
}

/** `GET /v1/blocks/{…}`. */
export interface BlockAnswer {
  id: string;
  height: number;
  parent: string;
  timestamp: number;
  proposer: string;
  stateRoot: string;
  transactions: { id: string; from: string; to: string; amount: string; nonce: number }[];
}

export interface PeerAnswer {
  id: string;
  authority: string | null;
  score: number;
  knownRules: number | null;
  followed: boolean;
  height: number | null;
  /** Milliseconds that the last request took. */
  latency: number | null;
}

/** `GET /v1/transactions/{id}`. */
export interface TransactionAnswer {
  status: "pending" | "included" | "finalized";
  block: { height: number; id: string } | null;
}

/** `GET /v1/authorities`. */
export interface AuthoritiesAnswer {
  authorities: { address: string; maySign: boolean }[];
  openVotes: { voter: string; candidate: string; kind: string }[];
  proposals: { candidate: string; kind: string; votes: number; needed: number; enacted: boolean }[];
  evidence: { offender: string; offence: string }[];
}

interface CheckpointAnswer {
  round: number;
  height: number;
  id: string;
}

/** `GET /v1/finality`. */
export interface FinalityAnswer {
  justified: CheckpointAnswer;
  finalized: CheckpointAnswer;
  proof?: {
    justification: { voters: string[] } | null;
    finalization: { source: CheckpointAnswer; target: CheckpointAnswer; voters: string[] };
    ssz: string;
  };
  votes: {
    round: number;
    quorum: number;
    heard: { voter: string; source: CheckpointAnswer; target: CheckpointAnswer }[];
  };
}

/** `GET /v1/diagnosis`. */
export interface DiagnosisAnswer {
  state: string;
  summary: string;
  findings: { code: string; detail: string; remedy: string }[];
}

/** A line of a node's log. */
export interface LogLine {
  level: number;
  msg: string;
  [field: string]: unknown;
}

/** The place of a node: loopback of this namespace, or a machine of the lab. */
export interface Machine {
  address: string;
  enter: readonly string[];
}

const loopback: Machine = { address: "127.0.0.1", enter: [] };

/** The error of an HTTP answer whose status is not 2xx. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string | undefined;

  constructor(status: number, code: string | undefined, detail: string) {
    super(`HTTP ${status} ${code}: ${detail}`);
    this.status = status;
    this.code = code;
  }
}

/** A node of a test, driven by its command line and its HTTP API. It can be started many times. */
export class TestNode {
  readonly id: number;
  readonly world: World;
  readonly machine: Machine;
  requestTimeoutMs = 10_000;
  /** The options of Node.js. */
  flags = nodeFlags;
  /** The entry point that is started. */
  program = cliPath;
  /** True if it was told to serve HTTPS, by a certificate that this process trusts. */
  isSecure = false;
  #process: Process | undefined;

  constructor(world: World, id: number, machine = loopback) {
    this.world = world;
    this.id = id;
    this.machine = machine;
  }

  get httpPort(): number {
    return defaultHttpPort(this.id);
  }

  get url(): string {
    return `${this.isSecure ? "https" : "http"}://${this.machine.address}:${this.httpPort}`;
  }

  get p2pPort(): number {
    return defaultP2pPort(this.id);
  }

  get multiaddr(): string {
    return `/ip4/${this.machine.address}/tcp/${this.p2pPort}`;
  }

  get paths() {
    return nodePaths(this.world.dataDir, this.id);
  }

  /** The process that was started last. */
  get process(): Process {
    if (!this.#process) throw new Error(`node ${this.id} was never started`);
    return this.#process;
  }

  get isRunning(): boolean {
    return this.#process?.running === true;
  }

  start(...args: string[]): this {
    const { address, enter } = this.machine;
    const command = [process.execPath, ...this.flags, this.program, "start", `--nodeid=${this.id}`];
    const all = [...command, "--datadir", this.world.dataDir, `--host=${address}`, ...args];
    this.#process = this.world.start(`node ${this.id}`, all, { enter });
    return this;
  }

  /** Starts the node through npm, as a person does. */
  startByNpm(cwd: string, ...args: string[]): this {
    const command = ["npm", "start", "--", `--nodeid=${this.id}`, "--datadir", this.world.dataDir, ...args];
    this.#process = this.world.start(`node ${this.id} by npm`, command, { cwd });
    return this;
  }

  /** Sends a signal and resolves when the process has ended. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended & { stopMs: number }> {
    const startedAt = performance.now();
    this.process.signal(signal);
    const ended = await this.process.ended;
    return { ...ended, stopMs: performance.now() - startedAt };
  }

  /** Kills the process with SIGKILL. */
  async kill(): Promise<void> {
    this.process.signalGroup("SIGKILL");
    await this.process.ended;
  }

  async ready(timeoutMs = 60_000): Promise<Status> {
    return this.until(`node ${this.id} is ready`, ({ mode }) => mode === "ready", timeoutMs);
  }

  /** Resolves to the first status that fits. @throws at once if the process has ended */
  async until(what: string, fits: (status: Status) => boolean, timeoutMs = 60_000): Promise<Status> {
    const answer = await until(
      what,
      async () => {
        if (this.process.end) return this.process.end;
        const status = await this.status();
        return fits(status) && status;
      },
      { timeoutMs },
    );
    if (answer && "peerId" in answer) return answer;
    throw new Error(`${what}: but it ended with ${this.process.end?.code ?? this.process.end?.signal}`);
  }

  height(above: number, timeoutMs?: number): Promise<Status> {
    return this.until(
      `node ${this.id} is above block ${above}`,
      ({ head }) => head !== null && head.height > above,
      timeoutMs,
    );
  }

  status(): Promise<Status> {
    return this.get("/v1/status");
  }

  block(name: string | number): Promise<BlockAnswer> {
    return this.get(`/v1/blocks/${name}`);
  }

  transaction(id: string): Promise<TransactionAnswer> {
    return this.get(`/v1/transactions/${id}`);
  }

  authorities(): Promise<AuthoritiesAnswer> {
    return this.get("/v1/authorities");
  }

  finality(): Promise<FinalityAnswer> {
    return this.get("/v1/finality");
  }

  /** Waits for the proof of the final block: the votes that finalized it can precede those that justified it. */
  provenFinality(): Promise<FinalityAnswer & { proof: NonNullable<FinalityAnswer["proof"]> }> {
    return until(`node ${this.id} has a proof of what is final`, async () => {
      const { proof, ...rest } = await this.finality();
      return proof && { ...rest, proof };
    });
  }

  diagnosis(): Promise<DiagnosisAnswer> {
    return this.get("/v1/diagnosis");
  }

  /** Waits until a block above this height is final, and returns the status that reports it. */
  finalizes(above: number, timeoutMs?: number): Promise<Status> {
    return this.until(
      `node ${this.id} has finalized a block above ${above}`,
      ({ finalized }) => finalized !== null && finalized.height > above,
      timeoutMs,
    );
  }

  async peers(): Promise<PeerAnswer[]> {
    return (await this.get<{ peers: PeerAnswer[] }>("/v1/peers")).peers;
  }

  get<T>(path: string): Promise<T> {
    return this.request<T>(path);
  }

  post<T>(path: string, body: object): Promise<T> {
    const headers = { "content-type": "application/json" };
    return this.request<T>(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async request<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await fetch(this.url + path, {
      ...init,
      signal: AbortSignal.timeout(this.requestTimeoutMs * patience.factor),
    });
    const body = (await response.json()) as T & { code?: string; detail?: string };
    if (!response.ok) throw new HttpError(response.status, body.code, String(body.detail));
    return body;
  }

  /** Returns the log lines of the process that was started last. */
  log(): LogLine[] {
    const lines = this.process.stderr.split("\n").filter((line) => line.startsWith("{"));
    return lines.flatMap((line) => {
      try {
        return [JSON.parse(line) as LogLine];
      } catch {
        return [];
      }
    });
  }

  /** The number of times that a message was logged, or summed up because it was logged too often. */
  timesLogged(msg: string): number {
    const lines = this.log().filter((line) => line.msg.startsWith(msg));
    return lines.reduce((sum, { omitted }) => sum + Number(omitted ?? 1), 0);
  }

  /** Waits for a log line that begins with `msg`, since a line may follow its event with a delay. */
  logs(msg: string, fields: Record<string, unknown> = {}): Promise<LogLine> {
    const isIt = (line: LogLine) =>
      line.msg.startsWith(msg) && Object.entries(fields).every(([name, value]) => line[name] === value);
    return until(`node ${this.id} logs "${msg}"`, () => this.log().find(isIt));
  }
}
