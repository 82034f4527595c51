import type { TestNode } from "../../e2e/harness/node.ts";

/** The sum of the times in seconds, and their number. */
interface Times {
  sum: number;
  count: number;
}

const line = /^ccoin_block_stage_seconds_(sum|count)\{operation="(\w+)",stage="(\w+)"\} (\S+)$/gm;

/** Measures by a node's metrics how long the stages of its work on blocks take. */
export class StageWatch {
  readonly #node: TestNode;
  readonly #operation: string;
  readonly #before: Map<string, Times>;

  private constructor(node: TestNode, operation: string, before: Map<string, Times>) {
    this.#node = node;
    this.#operation = operation;
    this.#before = before;
  }

  /** Starts a measurement. */
  static async begin(node: TestNode, operation: "import" | "produce"): Promise<StageWatch> {
    return new StageWatch(node, operation, await read(node, operation));
  }

  /** Resolves to the mean of each stage in ms; stages without work are missing. */
  async meansMs(): Promise<Record<string, number>> {
    const means: Record<string, number> = {};
    for (const [stage, { sum, count }] of await read(this.#node, this.#operation)) {
      const before = this.#before.get(stage) ?? { sum: 0, count: 0 };
      if (count > before.count) means[stage] = (1000 * (sum - before.sum)) / (count - before.count);
    }
    return means;
  }
}

async function read({ url }: TestNode, operation: string): Promise<Map<string, Times>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const stages = new Map<string, Times>();
  for (const [, what, of, stage, value] of text.matchAll(line)) {
    if (of !== operation) continue;
    stages.set(stage!, { sum: 0, count: 0, ...stages.get(stage!), [what!]: Number(value) });
  }
  return stages;
}
