import { setTimeout as sleep } from "node:timers/promises";
import type { TestNode } from "../../e2e/harness/node.ts";
import { TcpProxy } from "../../e2e/harness/tcp-proxy.ts";
import { type Context, defineFigure, type Goal, type Measured } from "../figure.ts";
import { benchNetwork, type Dial, directly, pidsOf, startNodes, stopNodes } from "../lib/bench-network.ts";
import { ChainFollower } from "../lib/chain-follower.ts";
import { postAll } from "../lib/poster.ts";
import { type Presigned, presign } from "../lib/presign.ts";
import { buildRequests } from "../lib/requests.ts";
import { roundTripMs } from "../lib/round-trip.ts";
import { transferBytes } from "../lib/senders.ts";
import { bytesSentBy } from "../lib/socket-bytes.ts";
import { StageWatch } from "../lib/stage-watch.ts";
import { mean, quantile } from "../lib/statistics.ts";
import { CpuWatch } from "../lib/usage.ts";

/** Four of the nodes are authorities. `delayMs` is the one-way delay of every link; 0 is plain loopback. */
type PropagationSettings = { nodes: number; transactions: number; delayMs: number; rounds: number };

const authorities = 4;
const senders = 1_000;
/** Transactions after which V8 has compiled the code of every block; rounds of small blocks take as long as others. */
const warmUp = { transactions: 10_000, maxRounds: 10 };
/** Time before a slot by which the mempools must be full. */
const marginMs = 150;
/** Time after the last import for messages under way. */
const settleMs = 300;

interface Round {
  /** The times from the seal until each other node reports that the block is on its disk. */
  importMs: number[];
  /** The times since the header's timestamp, at which the proposer begins to make the block. */
  sinceSlotMs: number[];
  /** The bytes that all nodes sent. */
  bytesSent: number;
}

class Propagation {
  readonly #nodes: readonly TestNode[];
  readonly #followers: readonly ChainFollower[];
  readonly #presigned: Presigned;
  readonly #periodMs: number;
  #posted = 0;

  constructor(
    nodes: readonly TestNode[],
    followers: readonly ChainFollower[],
    presigned: Presigned,
    periodMs: number,
  ) {
    this.#nodes = nodes;
    this.#followers = followers;
    this.#presigned = presigned;
    this.#periodMs = periodMs;
  }

  /** Sends one transaction, which a quiet chain includes at once; then the mempools can be filled. */
  async begin(): Promise<void> {
    await this.#post(1);
    await Promise.all(this.#followers.map((follower) => follower.hasCommitted(1)));
  }

  /**
   * Fills the mempools of all nodes and measures the block's propagation; resolves to undefined if they were not full
   * in time.
   */
  async round(transactions: number): Promise<Round | undefined> {
    const [first] = this.#followers;
    const parent = first!.last!;
    await this.#post(transactions);
    const isFull = async (node: TestNode) => (await node.status()).mempool.count === transactions;
    const slotAtMs = parent.timestamp + this.#periodMs;
    let full = false;
    while (!full && Date.now() < slotAtMs - marginMs) {
      full = (await Promise.all(this.#nodes.map(isFull))).every(Boolean);
      if (!full) await sleep(20);
    }
    const productions = await Promise.all(this.#nodes.map((node) => StageWatch.begin(node, "produce")));
    await sleep(Math.max(0, slotAtMs - marginMs / 2 - Date.now()));
    const sentBefore = this.#bytesSent();
    await Promise.all(this.#followers.map((follower) => follower.hasCommitted(this.#posted)));
    await sleep(settleMs);
    const bytesSent = this.#bytesSent() - sentBefore;
    const height = parent.height + 1;
    const blocks = this.#followers.map((follower) => follower.blocks.get(height)!);
    const made = await Promise.all(productions.map((each) => each.meansMs()));
    const proposer = made.findIndex(({ commit }) => commit !== undefined);
    const isWhole = blocks.every((block) => block.transactions === transactions);
    // On a busy machine the block may arrive before its proposer is watched.
    if (!full || !isWhole || proposer < 0) return undefined;
    const sealedAtMs = blocks[proposer]!.atMs - made[proposer]!["commit"]!;
    const others = blocks.flatMap(({ atMs }, index) => (index === proposer ? [] : [atMs]));
    const slotMs = slotAtMs - performance.timeOrigin;
    return {
      importMs: others.map((atMs) => atMs - sealedAtMs),
      sinceSlotMs: others.map((atMs) => atMs - slotMs),
      bytesSent,
    };
  }

  async #post(count: number): Promise<void> {
    const indexes = Array.from({ length: count }, (_, index) => this.#posted + index);
    this.#posted += count;
    const [node] = this.#nodes;
    await postAll({
      host: node!.machine.address,
      port: node!.httpPort,
      connections: 2,
      requests: buildRequests(this.#presigned, "ssz", indexes, 1_000),
      maxAhead: 2,
    });
  }

  #bytesSent(): number {
    return bytesSentBy(
      pidsOf(this.#nodes),
      this.#nodes.map(({ httpPort }) => httpPort),
    );
  }
}

function delayed({ world }: Context, delayMs: number): Dial {
  if (delayMs === 0) return directly;
  return async (_from, { machine, p2pPort }) => {
    const link = await TcpProxy.open({ host: machine.address, port: p2pPort }, { delayMs });
    world.onEnd(() => link.close());
    return `/ip4/127.0.0.1/tcp/${link.port}`;
  };
}

async function measure(context: Context, settings: PropagationSettings): Promise<Measured> {
  const { transactions, delayMs, rounds } = settings;
  // The period leaves time to fill all mempools, since every node checks every signature.
  const periodMs = Math.round((1_000 + transactions) * (settings.nodes / authorities)) + 4 * delayMs;
  const network = await benchNetwork(context, {
    authorities,
    followers: settings.nodes - authorities,
    senders,
    periodMs,
    emptyBlockPeriodMs: 0,
  });
  const warmUpRounds = Math.min(Math.ceil(warmUp.transactions / transactions), warmUp.maxRounds);
  const presigned = await presign(network.genesis, senders, 1 + transactions * (warmUpRounds + rounds));
  const { nodes } = network;
  await startNodes(nodes, [], delayed(context, delayMs));
  // Waits until the gossip meshes are built.
  await sleep(3_000);
  const followers = await Promise.all(nodes.map((node) => ChainFollower.follow(node)));
  const propagation = new Propagation(nodes, followers, presigned, periodMs);
  await propagation.begin();
  for (let round = 0; round < warmUpRounds; round++) await propagation.round(transactions);
  const imports = await Promise.all(nodes.map((node) => StageWatch.begin(node, "import")));
  const watch = new CpuWatch(pidsOf(nodes));
  const seen: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const one = await propagation.round(transactions);
    if (one) seen.push(one);
    else context.note(`round ${round}: the mempools were not full in time before the block`);
  }
  const usage = watch.read();
  const stages = await Promise.all(imports.map((each) => each.meansMs()));
  await stopNodes(nodes);
  const importMs = seen.flatMap((round) => round.importMs);
  const blockBytes = transactions * (transferBytes + 4);
  const sent = seen.map(({ bytesSent }) => bytesSent / (nodes.length - 1) / blockBytes);
  return {
    value: quantile(importMs, 0.95),
    unit: "ms",
    limit: { what: "ms one way over the link", value: (await roundTripMs(delayMs)) / 2 },
    ...usage,
    details: {
      importP50Ms: quantile(importMs, 0.5),
      sinceSlotP95Ms: quantile(
        seen.flatMap(({ sinceSlotMs }) => sinceSlotMs),
        0.95,
      ),
      sentPart: quantile(sent, 0.5),
      rounds: seen.length,
      ...Object.fromEntries(
        ["check", "execute", "hash", "commit"].map((stage) => [
          `${stage}Ms`,
          mean(stages.map((means) => means[stage]!)),
        ]),
      ),
    },
  };
}

function goals({ nodes, transactions, delayMs }: PropagationSettings): Goal[] {
  if (nodes !== 4 || transactions !== 1_000 || delayMs !== 0) return [];
  return [
    { of: "value", is: "<", bound: 60 },
    { of: "sentPart", is: "<=", bound: 0.15 },
  ];
}

const sizes = [10, 1_000, 10_000];

export const propagationFigure = defineFigure<PropagationSettings>({
  name: "propagation",
  measures:
    "p95 of the time from a block's seal to the block imported by each other node, all transactions being in the mempools",
  quick: [{ nodes: 4, transactions: 1_000, delayMs: 0, rounds: 20 }],
  full: [
    ...[0, 20, 100].flatMap((delayMs) =>
      sizes.map((transactions) => ({
        nodes: 4,
        transactions,
        delayMs,
        rounds: transactions > 1_000 ? 4 : 20,
      })),
    ),
    ...sizes.map((transactions) => ({
      nodes: 10,
      transactions,
      delayMs: 0,
      rounds: transactions > 1_000 ? 3 : 8,
    })),
  ],
  goals,
  run: measure,
});
