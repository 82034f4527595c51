import {
  blockIds,
  blocks,
  blocksById,
  type ChainStatus,
  finality,
  headers,
  height,
} from "../../protocols/index.ts";
import type { Chain } from "../../src/chain/chain.ts";
import { type CheckedGenesis, checkGenesis, createGenesis } from "../../src/chain/genesis.ts";
import { hasSignedRecently, requiredDifficulty } from "../../src/consensus/index.ts";
import type { PeerId } from "../../src/network/types.ts";
import { ownStatus } from "../../src/sync/claimed-status.ts";
import { Header, noVote, rootOf, type SignedHeader } from "../../src/types/index.ts";
import { sleep } from "../../src/util/clock.ts";
import { testChainConfig } from "../chain-config.ts";
import { line } from "../own-line.ts";
import { signHeader } from "../sign-header.ts";
import { SimDisk } from "./disk.ts";
import { Endpoint } from "./endpoint.ts";
import { accounts, verify } from "./keys.ts";
import { drained, runUntil } from "./loop.ts";
import { SimNetwork } from "./network.ts";
import { SimNode } from "./node.ts";
import { Random } from "./random.ts";
import { epochMs, NodeClock, Timeline } from "./timeline.ts";
import { Trace } from "./trace.ts";

const authorities = 4;
const conditions = {
  leastDelayMs: 1,
  mostDelayMs: 5,
  lossShare: 0,
  duplicateShare: 0,
  slowShare: 0,
  slowMs: 0,
};
const clockError = () => ({ offsetMs: 0, drift: 0, jitterMs: 1 });

/**
 * `claims`: claims of heights, rounds and heads that do not exist; answers about the honest chain come just before
 * their time-out. `withholds`: the same, and a header on the head that the attacker's authority has signed and whose
 * body is withheld. `silent`: claims without any answer.
 */
export type Lie = "claims" | "withholds" | "silent";

export interface AttackOptions {
  lie: Lie;
  strangers: number;
  fromMs: number;
  untilMs: number;
  /** When a fifth node starts without data. */
  joinAtMs?: number;
  /** True if the honest nodes have dialled no peer by their own choice. */
  allInbound?: boolean;
}

export interface AttackResult {
  /** Modes of honest nodes after their first `ready`, each with its node. */
  left: string[];
  /** The longest time between two heads of the first node during the attack, in ms. */
  longestGapMs: number;
  height: number;
  finalizedHeight: number;
  /** The time that the fifth node took to reach the head of the first, in ms. */
  joinedAfterMs: number | undefined;
  /** Penalties of honest nodes for honest nodes. */
  blamed: string[];
  errors: string[];
}

/** Runs four authorities, and strangers who lie to them. */
export async function attack(options: AttackOptions): Promise<AttackResult> {
  const run = new Attack(options);
  await run.build();
  return run.run();
}

class Attack {
  readonly #options: AttackOptions;
  readonly #timeline = new Timeline();
  readonly #random = new Random(1);
  readonly #network = new SimNetwork(this.#timeline, this.#random.fork("network"), conditions);
  readonly #trace = new Trace(this.#timeline, false);
  readonly #nodes: SimNode[] = [];
  readonly #result: AttackResult = {
    ...{ left: [], longestGapMs: 0, height: 0, finalizedHeight: 0, joinedAfterMs: undefined },
    ...{ blamed: [], errors: [] },
  };
  #genesis!: CheckedGenesis;
  /** The header whose body is withheld. */
  #withheld: { header: SignedHeader; id: Uint8Array; totalDifficulty: number } | undefined;
  #lastHeadMs = 0;

  constructor(options: AttackOptions) {
    this.#options = options;
    const { strangers, allInbound = false } = options;
    const numbers = new Map(Array.from({ length: strangers }, (_, number) => [`s${number}`, number]));
    this.#network.hasDialled = (_, other) => !allInbound && !numbers.has(other);
    // Any number of ids connect from four addresses.
    this.#network.addressOf = (peer) =>
      numbers.has(peer) ? `/ip4/192.0.${numbers.get(peer)! % 4}.1/tcp/1` : peer;
  }

  async build(): Promise<void> {
    const { lie, strangers, joinAtMs } = this.#options;
    const config = testChainConfig({
      ...{ maxBlockTransactions: 100, maxBlockBytes: 100_000, blockReward: 0n, minFee: 0n },
      authorities: accounts.slice(0, authorities).map(({ publicKey }) => publicKey),
    });
    const balances = [{ address: accounts[30]!.publicKey, balance: 10n }];
    this.#genesis = await checkGenesis(
      await createGenesis(config, { balances }, accounts[0]!, epochMs - 60_000),
      verify,
    );
    for (let index = 0; index < authorities; index++)
      this.#add(`a${index}`, lie === "withholds" && index === authorities - 1 ? undefined : accounts[index]);
    if (joinAtMs !== undefined) this.#add("late", undefined);
    const stored = Promise.all(this.#nodes.map((node) => node.init()));
    await drained();
    while (this.#timeline.step()) await drained();
    await stored;
    for (const node of this.#nodes)
      this.#timeline.after(node.name === "late" ? joinAtMs! : 0, () => void node.start());
    for (let number = 0; number < strangers; number++) this.#addStranger(`s${number}`);
    this.#watch();
  }

  async run(): Promise<AttackResult> {
    await runUntil(this.#timeline, this.#options.untilMs, () => false);
    const { head, finalized } = this.#chain;
    return { ...this.#result, height: head.height, finalizedHeight: finalized.height };
  }

  get #chain(): Chain {
    return this.#nodes[0]!.services!.chain;
  }

  get #isOn(): boolean {
    return this.#timeline.nowMs >= this.#options.fromMs;
  }

  #add(name: string, signer: (typeof accounts)[number] | undefined): void {
    const { left, blamed, errors } = this.#result;
    const disk = { leastMs: 1, mostMs: 3, slowShare: 0, slowMs: 0 };
    const node = new SimNode({
      ...{ name, signer, genesis: this.#genesis, clockError: clockError(), network: this.#network },
      disk: new SimDisk(this.#timeline, this.#random.fork(name), disk),
      ...{
        timeline: this.#timeline,
        random: this.#random.fork(`r ${name}`),
        trace: this.#trace,
        alone: false,
      },
      onStarted: (started, { chain }) => {
        let wasReady = false;
        const look = () => {
          this.#timeline.after(50, look);
          if (wasReady && started.mode !== "ready")
            left.push(`${name} ${started.mode} at ${this.#timeline.nowMs}`);
          wasReady ||= started.mode === "ready";
        };
        look();
        if (name === "a0") chain.events.on("head", () => this.#onHead());
      },
      onPenalty: ({ name: from }, peer, offence, detail) => {
        if (this.#nodes.some((other) => other.name === peer))
          blamed.push(`${from} ${peer} ${offence} ${detail}`);
      },
      onError: (_, message) => errors.push(message),
      ...{ onPublish: () => undefined, onVotes: () => undefined, onRestored: () => undefined },
      ...{ onGossip: () => undefined, onMode: () => undefined },
    });
    this.#nodes.push(node);
  }

  #onHead(): void {
    const { nowMs } = this.#timeline;
    if (this.#isOn) this.#result.longestGapMs = Math.max(this.#result.longestGapMs, nowMs - this.#lastHeadMs);
    this.#lastHeadMs = nowMs;
    if (this.#options.lie === "withholds") void this.#withhold();
  }

  #watch(): void {
    this.#timeline.after(100, () => this.#watch());
    const { joinAtMs } = this.#options;
    const late = this.#nodes.find(({ name }) => name === "late")?.services?.chain;
    if (!late || joinAtMs === undefined || this.#result.joinedAfterMs !== undefined) return;
    if (late.head.height >= this.#chain.head.height - 1)
      this.#result.joinedAfterMs = this.#timeline.nowMs - joinAtMs;
  }

  async #withhold(): Promise<void> {
    const evil = accounts[authorities - 1]!;
    const { head, snapshot } = this.#chain;
    const at = head.height + 1;
    this.#withheld = undefined;
    if (hasSignedRecently(snapshot, at, evil.publicKey)) return;
    const difficulty = requiredDifficulty(snapshot, at, evil.publicKey);
    const message = {
      ...{ height: at, parent: head.id, timestamp: head.header.message.timestamp + 1000 },
      ...{ proposer: evil.publicKey, difficulty, vote: noVote },
      ...{ transactionsRoot: this.#random.bytes(32), stateRoot: this.#random.bytes(32) },
    };
    const header = await signHeader(evil, message, this.#genesis.id);
    const totalDifficulty = head.totalDifficulty + difficulty;
    this.#withheld = { header, id: rootOf(Header, message), totalDifficulty };
  }

  #addStranger(peerId: PeerId): void {
    const { lie } = this.#options;
    const clock = new NodeClock(this.#timeline, this.#random.fork(peerId), clockError(), () => true);
    const endpoint = new Endpoint({
      ...{ network: this.#network, peerId, clock, logger: this.#trace.logger(peerId) },
      ...{ onPenalty: () => undefined, onPublish: () => undefined, onVotes: () => undefined },
    });
    const headId = this.#random.bytes(32);
    const stall = async () => {
      if (this.#isOn && lie !== "withholds") await sleep(clock, lie === "silent" ? 60_000 : 4_800);
    };
    endpoint.serve(height, async function* (this: void) {
      yield status();
    });
    const status = () => this.#claim(headId, clock.now());
    const chainOf = () => this.#chain;
    const withheld = () => (this.#isOn ? this.#withheld : undefined);
    endpoint.serve(blockIds, async function* (request) {
      await stall();
      const { reader } = chainOf();
      const own = withheld();
      const top = own && own.header.message.height <= request.height ? [own.id] : [];
      const from = own ? Math.min(request.height, own.header.message.height - 1) : request.height;
      const refs = await reader.refsDown(from, request.count - top.length);
      yield { height: (refs[0]?.height ?? 0) + top.length, ids: [...top, ...refs.map(({ id }) => id)] };
    });
    endpoint.serve(headers, async function* (request) {
      await stall();
      const { reader, tree } = chainOf();
      const page: SignedHeader[] = [];
      for (const id of await reader.idsUp(request.start, request.count))
        page.push((await tree.require(id)).header);
      const own = withheld();
      if (!own) return yield page;
      yield [...page.filter(({ message }) => message.height < own.header.message.height), own.header].filter(
        ({ message }) => message.height >= request.start,
      );
    });
    for (const protocol of [blocks, blocksById])
      endpoint.serve(protocol, async function* () {
        await stall();
        yield* [];
      });
    endpoint.serve(finality, async function* () {
      await stall();
      yield { certificates: [], votes: [] };
    });
    this.#network.add(endpoint);
    this.#push(endpoint, status);
  }

  /** Sends the status to all peers, unasked. */
  #push(endpoint: Endpoint, status: () => ChainStatus): void {
    this.#timeline.after(500, () => this.#push(endpoint, status));
    if (!this.#isOn) return;
    for (const { name } of this.#nodes) void tell(endpoint, name, status).catch(() => undefined);
  }

  #claim(headId: Uint8Array, timeMs: number): ChainStatus {
    const honest = ownStatus(this.#genesis.id, this.#nodes[0]!.services?.chain, timeMs, line);
    if (!this.#isOn) return honest;
    const own = this.#withheld;
    if (own)
      return {
        ...honest,
        height: own.header.message.height,
        headId: own.id,
        totalDifficulty: own.totalDifficulty,
      };
    if (this.#options.lie === "withholds") return honest;
    const { height: at, totalDifficulty } = honest;
    return {
      ...{
        ...honest,
        headId,
        height: at + 1000,
        totalDifficulty: totalDifficulty + 2000,
        justifiedRound: 2 ** 40,
      },
      // The strangers claim that another block is final.
      ...(honest.finalizedHeight > 0 && { finalizedId: headId }),
    };
  }
}

async function tell(endpoint: Endpoint, peer: PeerId, status: () => ChainStatus): Promise<void> {
  for await (const _ of endpoint.request(peer, height, { timeMs: 0 }, { ack: status }));
}
