import { setTimeout as sleep } from "node:timers/promises";
import type { TestNetwork } from "./network.ts";
import type { TestNode } from "./node.ts";
import { until } from "./until.ts";

/** Sends a transfer to the HTTP API of `by`; resolves to the times in ms until each of `nodes` reports it as final. */
export async function timeToFinal(
  { wallets }: TestNetwork,
  { from, by, nodes }: { from: number; by: TestNode; nodes: readonly TestNode[] },
  timeoutMs = 20_000,
): Promise<number[]> {
  const wallet = wallets[from]!;
  const { id, body } = await wallet.transfer(wallets[(from + 1) % wallets.length]!.address, 1n, 1n);
  const sentAt = performance.now();
  await by.post("/v1/transactions", body);
  return Promise.all(
    nodes.map(async (node) => {
      await until(
        `${id} is final on node ${node.id}`,
        async () => {
          const { status } = await node.transaction(id);
          if (status !== "finalized") throw new Error(`it is ${status}`);
          return true;
        },
        { timeoutMs, everyMs: 10 },
      );
      return performance.now() - sentAt;
    }),
  );
}

/** Polls the final blocks of nodes: none may ever retract a final block, and no two may differ. */
export class FinalityWatch {
  /** Final blocks by height, as the first node reported them. */
  readonly #blocks = new Map<number, { id: string; node: number }>();
  readonly #heights = new Map<TestNode, number>();
  readonly #nodes: readonly TestNode[];
  readonly #loop: Promise<void>;
  #problem: string | undefined;
  #stopped = false;

  constructor(nodes: readonly TestNode[], everyMs = 100) {
    this.#nodes = nodes;
    this.#loop = this.#watch(everyMs);
  }

  /**
   * Compares all blocks that were ever final with the chains of the nodes, which must all run. @throws the first fault
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    for (const node of this.#nodes) {
      await this.#look(node);
      const { finalized } = await node.status();
      for (const [height, { id, node: by }] of this.#blocks) {
        if (height > finalized!.height) continue;
        const block = await node.block(height);
        if (block.id !== id)
          this.#fail(`block ${height} was final on node ${by} as ${id}, node ${node.id} has ${block.id}`);
      }
    }
    if (this.#problem) throw new Error(this.#problem);
  }

  get count(): number {
    return this.#blocks.size;
  }

  async #watch(everyMs: number): Promise<void> {
    while (!this.#stopped) {
      // A node that is down reports nothing.
      await Promise.all(this.#nodes.map((node) => this.#look(node).catch(() => undefined)));
      await sleep(everyMs);
    }
  }

  async #look(node: TestNode): Promise<void> {
    const { finalized } = await node.status();
    if (!finalized) return;
    const { height, id } = finalized;
    const before = this.#heights.get(node) ?? 0;
    if (height < before) this.#fail(`node ${node.id} went back from final height ${before} to ${height}`);
    this.#heights.set(node, height);
    const known = this.#blocks.get(height);
    if (!known) this.#blocks.set(height, { id, node: node.id });
    else if (known.id !== id)
      this.#fail(
        `block ${height} is final as ${known.id} on node ${known.node} and as ${id} on node ${node.id}`,
      );
  }

  #fail(problem: string): void {
    this.#problem ??= problem;
  }
}

/** Checks that no node knows of contradicting signatures. @throws the first evidence */
export async function noEvidence(nodes: readonly TestNode[]): Promise<void> {
  for (const node of nodes) {
    const { evidence } = await node.authorities();
    if (evidence.length > 0) throw new Error(`node ${node.id} has evidence: ${JSON.stringify(evidence[0])}`);
  }
}
