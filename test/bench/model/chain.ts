import { quorum } from "../../../src/consensus/index.ts";
import { GossipModel, type Message } from "./gossip.ts";
import type { Links } from "./links.ts";
import type { Topology } from "./topology.ts";

/** The value of the node in src/sync/block-inbox.ts. */
const gossipGraceMs = 15;

/** The costs of a chain: bytes of the real SSZ types, and times measured on this machine. */
export interface ChainCosts {
  transactionBytes: number;
  shortIdBytes: number;
  headerBytes: number;
  voteBytes: number;
  verifyMs: number;
  /** The time to check a header's rules and signature. */
  headerMs: number;
  /** The time of an import for each transaction. */
  importMsPerTransaction: number;
}

export interface ChainLoad {
  periodMs: number;
  transactionsPerSecond: number;
  /** The number of transactions in a message. */
  perMessage: number;
  /** The number of nodes that accept transactions. */
  gateways: number;
  authorities: number;
}

interface ModelBlock {
  sealedMs: number;
  transactions: readonly Message[];
  importedMs: Float64Array;
  /** When the block was final for each node. */
  finalMs: Float64Array;
  /** The number of votes of the first and of the second round that each node has. */
  votes: readonly [Uint16Array, Uint16Array];
  /** Authorities that have voted in the second round. */
  voters: Set<number>;
  fetched: number;
}

/**
 * A model of transfers, blocks and votes over modelled gossip. The first nodes are authorities; all nodes are honest
 * and online.
 */
export class ChainModel {
  readonly gossip: GossipModel;
  readonly blocks: ModelBlock[] = [];
  readonly #load: ChainLoad;
  readonly #costs: ChainCosts;
  /** Published messages that are in no block yet. */
  #waiting: Message[] = [];
  #turn = 0;

  constructor(links: Links, topology: Topology, load: ChainLoad, costs: ChainCosts) {
    this.gossip = new GossipModel(links, topology);
    this.#load = load;
    this.#costs = costs;
    const everyMs = (1_000 * load.perMessage * load.gateways) / load.transactionsPerSecond;
    for (let gateway = 0; gateway < load.gateways; gateway++)
      this.gossip.after((everyMs * gateway) / load.gateways, () =>
        this.#publishTransactions(gateway, everyMs),
      );
    this.gossip.after(load.periodMs, () => this.#seal());
  }

  /** Publishes transactions at gateways that are spread over all nodes, not only authorities. */
  #publishTransactions(gateway: number, everyMs: number): void {
    const { perMessage, gateways } = this.#load;
    const { transactionBytes, verifyMs } = this.#costs;
    const node = Math.floor(((gateway + 0.5) * this.gossip.nodes) / gateways);
    this.#waiting.push(this.gossip.publish(node, perMessage * transactionBytes, perMessage * verifyMs));
    this.gossip.after(everyMs, () => this.#publishTransactions(gateway, everyMs));
  }

  #seal(): void {
    const { periodMs, authorities, perMessage } = this.#load;
    const { headerBytes, shortIdBytes, headerMs } = this.#costs;
    const { gossip } = this;
    const proposer = this.#turn++ % authorities;
    const has = (message: Message) => message.arrivedMs[proposer]! + message.validateMs <= gossip.nowMs;
    const transactions = this.#waiting.filter(has);
    this.#waiting = this.#waiting.filter((message) => !has(message));
    const never = () => new Float64Array(gossip.nodes).fill(Number.POSITIVE_INFINITY);
    const block: ModelBlock = {
      sealedMs: gossip.nowMs,
      transactions,
      importedMs: never(),
      finalMs: never(),
      votes: [new Uint16Array(gossip.nodes), new Uint16Array(gossip.nodes)],
      voters: new Set(),
      fetched: 0,
    };
    this.blocks.push(block);
    const bytes = headerBytes + transactions.length * perMessage * shortIdBytes;
    gossip.publish(proposer, bytes, headerMs, (node) => {
      if (node === proposer) this.#import(block, node, 0);
      else this.#complete(block, node, proposer);
    });
    gossip.after(periodMs, () => this.#seal());
  }

  /** Waits a little for transactions under way, then requests the missing ones. */
  #complete(block: ModelBlock, node: number, proposer: number): void {
    const { gossip } = this;
    const missing = () => block.transactions.filter(({ arrivedMs }) => arrivedMs[node]! > gossip.nowMs);
    if (missing().length === 0) {
      this.#import(block, node);
      return;
    }
    gossip.after(gossipGraceMs, () => {
      const count = missing().length;
      if (count === 0) {
        this.#import(block, node);
        return;
      }
      const { transactionBytes, verifyMs } = this.#costs;
      const transactions = count * this.#load.perMessage;
      block.fetched += transactions;
      gossip.transmit(node, proposer, 100 + 4 * transactions, () =>
        gossip.transmit(proposer, node, transactions * transactionBytes, () =>
          gossip.after(transactions * verifyMs, () => this.#import(block, node)),
        ),
      );
    });
  }

  #import(block: ModelBlock, node: number, workMs?: number): void {
    const { gossip } = this;
    const { importMsPerTransaction, headerMs } = this.#costs;
    const transactions = block.transactions.length * this.#load.perMessage;
    gossip.after(workMs ?? headerMs + transactions * importMsPerTransaction, () => {
      block.importedMs[node] = gossip.nowMs;
      if (node < this.#load.authorities) this.#vote(block, node, 0);
      this.#count(block, node);
    });
  }

  #vote(block: ModelBlock, node: number, round: 0 | 1): void {
    const { voteBytes, verifyMs } = this.#costs;
    this.gossip.publish(node, voteBytes, verifyMs, (other) => {
      block.votes[round][other]!++;
      this.#count(block, other);
    });
  }

  /**
   * Counts votes: a quorum of first votes justifies the block, and the authorities vote again; a quorum of second votes
   * makes it final.
   */
  #count(block: ModelBlock, node: number): void {
    const { votes, voters, importedMs, finalMs } = block;
    const { authorities } = this.#load;
    const needed = quorum(authorities);
    if (importedMs[node] === Number.POSITIVE_INFINITY) return;
    if (node < authorities && votes[0][node]! >= needed && !voters.has(node)) {
      voters.add(node);
      this.#vote(block, node, 1);
    }
    if (votes[1][node]! >= needed) finalMs[node] = Math.min(finalMs[node]!, this.gossip.nowMs);
  }
}
