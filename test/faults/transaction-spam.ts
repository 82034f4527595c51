import { setTimeout as sleep } from "node:timers/promises";
import { fromHex } from "../../src/util/bytes.ts";
import { type Presigned, presign } from "../bench/lib/presign.ts";
import { senderAddresses } from "../bench/lib/senders.ts";
import { sszList } from "../bench/lib/ssz-list.ts";
import { mean } from "../bench/lib/statistics.ts";
import { createNetwork, startAll } from "../e2e/harness/network.ts";
import { HttpError, type TestNode } from "../e2e/harness/node.ts";
import { createRandom } from "../e2e/harness/random.ts";
import { patience, until } from "../e2e/harness/until.ts";
import type { Transfer, Wallet } from "../e2e/harness/wallet.ts";
import { InspectedHeap } from "./inspected-heap.ts";
import { checkPromises } from "./promises.ts";
import type { Scenario } from "./scenario.ts";

const periodMs = 1_000;
/** Less than arrives, so that the mempool is soon full, but enough for the transactions that wait at the end. */
const maxBlockTransactions = 500;
/** Enough senders to fill the cheap half of the mempool, where 5,000 transactions of each may wait. */
const senders = 40;
const balance = 10_000_000_000n;
const perRequest = 1_000;
/** Above the least fee, which doubles from half of the mempool on. */
const honestFee = 50n;
/** Shares of the time for which the mempool is full. */
const windows = { before: [0.2, 0.4], after: [0.8, 1] } as const;
const memoryGrowth = 1.1;
const sampleMs = 5_000;

/**
 * Sends one of two authorities a thousand transactions of all kinds each round, most of them useless, while both get
 * honest ones.
 */
export const transactionSpam: Scenario = {
  name: "transaction-spam",
  short: 0,
  full: 1_000,
  async run(world, { rounds, seed, onRound }) {
    const random = createRandom(seed);
    const spammers = senderAddresses(senders);
    const network = await createNetwork(world, {
      nodes: 2,
      periodMs,
      maxBlockTransactions,
      balances: spammers.map((address) => ({ address, balance: balance.toString() })),
    });
    const heaps = network.nodes.map((node, index) => InspectedHeap.of(node, index));
    await startAll(network);
    const [target] = network.nodes as [TestNode, TestNode];
    const signed = await presign(fromHex(network.genesisId), senders, Math.ceil(rounds * perRequest * 0.7));
    const spam = new Spam(target, signed, random);
    const honest = network.nodes.map(
      (node, index) => new Honest(node, network.wallets[index]!, network.wallets[1 - index]!.address),
    );
    const memory = heaps.map((heap) => new Memory(heap));
    for (let round = 1; round <= rounds; round++) {
      await spam.post();
      onRound(round);
    }
    const kept = await target.status();
    const reports = await Promise.all(honest.map((each) => each.stop()));
    const growth = await Promise.all(memory.map((each) => each.stop(spam.fullAt)));
    if (rounds >= transactionSpam.full && !growth.every((share) => share <= memoryGrowth))
      throw new Error(`heap and buffers, after by before: ${growth.map((share) => share.toFixed(3))}`);
    const accepted = new Set([...reports.flatMap(({ accepted: ids }) => ids), ...spam.accepted]);
    const wallets = [...network.wallets, ...spammers.map((address) => ({ address }) as Wallet)];
    const { height, transactions } = await checkPromises({ ...network, wallets }, accepted, 30 * 60_000);
    return (
      `${rounds * perRequest} transactions of spam: ${spam.text()}; ${kept.mempool.count} waiting at the end; ` +
      `honest ones, on the node with the spam and the other: ${reports.map(({ text }) => text).join("; ")}; ` +
      `${transactions} in ${height} blocks, each acknowledged one once; heap and buffers after by before ${growth.map((share) => share.toFixed(3)).join(", ")}`
    );
  },
};

interface SubmitAnswer {
  accepted: string[];
  rejected: { index: number; code: string }[];
}

/** Sends lists of valid and invalid transfers of some accounts. */
class Spam {
  readonly accepted: string[] = [];
  /** When the mempool was first full (`performance.now`). */
  fullAt = Number.POSITIVE_INFINITY;
  readonly #node: TestNode;
  readonly #signed: Presigned;
  readonly #random: () => number;
  /** The next nonce of each sender that was not accepted yet. */
  readonly #next = new Array<number>(senders).fill(0);
  readonly #codes = new Map<string, number>();
  #turn = 0;

  constructor(node: TestNode, signed: Presigned, random: () => number) {
    this.#node = node;
    this.#signed = signed;
    this.#random = random;
  }

  /**
   * Sends one request: six of ten transactions have the next nonce, one is far ahead, one known, one badly signed, and
   * one replaces another at the same fee.
   */
  async post(): Promise<void> {
    const ahead = [...this.#next];
    const list = Array.from({ length: perRequest }, () => {
      const turn = this.#turn++;
      const from = turn % senders;
      const kind = Math.floor(turn / senders) % 10;
      const nonce =
        kind < 6 ? ahead[from]!++ : kind === 6 ? ahead[from]! + 1_000 : Math.max(0, ahead[from]! - 1);
      const bytes = this.#encoded(from, nonce);
      return { from, nonce, bytes: kind > 7 ? broken(bytes, this.#random) : bytes };
    });
    const answer = await this.#send(sszList(list.map(({ bytes }) => bytes)));
    const rejected = new Set(answer.rejected.map(({ index }) => index));
    for (const { code } of answer.rejected) this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1);
    if (this.#codes.has("MEMPOOL_FULL")) this.fullAt = Math.min(this.fullAt, performance.now());
    this.accepted.push(...answer.accepted);
    for (const [index, { from, nonce }] of list.entries()) {
      if (!rejected.has(index) && nonce === this.#next[from]) this.#next[from] = nonce + 1;
    }
    // The mempool is full and stays so: there is nothing left to sign.
    if (answer.accepted.length === 0) await sleep(10);
  }

  text(): string {
    const codes = [...this.#codes].map(([code, count]) => `${count} ${code}`).join(", ");
    return `${this.accepted.length} taken, ${codes}`;
  }

  #encoded(from: number, nonce: number): Uint8Array {
    const index = nonce * senders + from;
    // At the end none is sent that far ahead, because it would wait forever and count as lost; a known one takes its
    // place.
    return this.#signed.encoded(index < this.#signed.count ? index : from);
  }

  async #send(body: Uint8Array): Promise<SubmitAnswer> {
    const headers = { "content-type": "application/octet-stream" };
    const response = await fetch(`${this.#node.url}/v1/transactions`, {
      method: "POST",
      headers,
      body: Buffer.from(body),
      signal: AbortSignal.timeout(60_000 * patience.factor),
    });
    const answer = (await response.json()) as SubmitAnswer;
    if (!answer.rejected) throw new Error(`HTTP ${response.status}: ${JSON.stringify(answer).slice(0, 300)}`);
    return answer;
  }
}

/** Changes the amount or the signature. */
function broken(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[4 + Math.floor(random() * 64)]! ^= 1;
  return copy;
}

/**
 * Sends well-paid transfers one after another: repeats each until it is accepted, and waits until a block includes it.
 */
class Honest {
  readonly accepted: string[] = [];
  readonly #loop: Promise<void>;
  readonly #waits: number[] = [];
  #refusals = 0;
  #stopped = false;

  constructor(node: TestNode, wallet: Wallet, to: string) {
    this.#loop = this.#run(node, wallet, to);
    this.#loop.catch(() => undefined);
  }

  async stop(): Promise<{ accepted: string[]; text: string }> {
    this.#stopped = true;
    await this.#loop;
    const longest = Math.round(Math.max(0, ...this.#waits));
    return {
      accepted: this.accepted,
      text: `${this.accepted.length} mined, the slowest ${longest} ms after it was first sent (${this.#refusals} tries refused: MEMPOOL_FULL)`,
    };
  }

  async #run(node: TestNode, wallet: Wallet, to: string): Promise<void> {
    while (!this.#stopped) {
      const transfer = await wallet.transfer(to, 1n, honestFee);
      const sentAt = performance.now();
      while (!(await this.#send(node, transfer))) {
        this.#refusals++;
        await sleep(50);
      }
      this.accepted.push(transfer.id);
      await until(
        `${transfer.id} is mined`,
        async () => (await node.transaction(transfer.id)).status !== "pending",
        {
          timeoutMs: 60_000,
        },
      );
      this.#waits.push(performance.now() - sentAt);
    }
  }

  async #send(node: TestNode, { body }: Transfer): Promise<boolean> {
    try {
      await node.post("/v1/transactions", body);
      return true;
    } catch (error) {
      if (error instanceof HttpError && error.code === "MEMPOOL_FULL") return false;
      throw error;
    }
  }
}

/** Samples the bytes that a node holds after a garbage collection. */
class Memory {
  readonly #heap: InspectedHeap;
  readonly #samples: { at: number; bytes: number }[] = [];
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;

  constructor(heap: InspectedHeap) {
    this.#heap = heap;
    this.#loop = this.#run();
    this.#loop.catch(() => undefined);
  }

  /** Resolves to the ratio of the late mean to the early mean since `from`; NaN without samples. */
  async stop(from: number): Promise<number> {
    this.#stop.abort();
    await this.#loop;
    const samples = this.#samples.filter(({ at }) => at >= from).map(({ bytes }) => bytes);
    const { length } = samples;
    if (length === 0) return Number.NaN;
    const within = ([start, end]: readonly [number, number]) =>
      mean(samples.slice(Math.floor(start * length), Math.ceil(end * length)));
    return within(windows.after) / within(windows.before);
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await sleep(sampleMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      this.#samples.push({ bytes: await this.#heap.usedBytes(), at: performance.now() });
    }
  }
}
