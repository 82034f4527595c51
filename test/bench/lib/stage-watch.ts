import type { TestNode } from "../../e2e/harness/node.ts";

/** Seconds of all so far, and how many there were. */
interface Times {
  sum: number;
  count: number;
}

const line = /^ccoin_block_stage_seconds_(sum|count)\{operation="(\w+)",stage="(\w+)"\} (\S+)$/gm;

/** How long a node takes for the stages of its work on blocks, by its own metrics. */
export class StageWatch {
  readonly #node: TestNode;
  readonly #operation: string;
  readonly #before: Map<string, Times>;

  private constructor(node: TestNode, operation: string, before: Map<string, Times>) {
    this.#node = node;
    this.#operation = operation;
    this.#before = before;
  }

  /** From now on. */
  static async begin(node: TestNode, operation: "import" | "produce"): Promise<StageWatch> {
    return new StageWatch(node, operation, await read(node, operation));
  }

  /** The mean of each stage, in ms; none where there was no such work. */
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
