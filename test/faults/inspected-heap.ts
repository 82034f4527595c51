import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { TestNode } from "../e2e/harness/node.ts";
import { nodeFlags } from "../e2e/harness/process.ts";

const firstPort = 9301;

interface Answer {
  id?: number;
  method?: string;
  params?: { chunk?: string };
  result?: Record<string, number>;
  error?: { message: string };
}

/** Access to the heap of a node by its inspector. */
export class InspectedHeap {
  readonly #url: string;

  private constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}/json/list`;
  }

  /** Enables the inspector of a node that is not running yet. `index` must differ for each node of a network. */
  static of(node: TestNode, index: number): InspectedHeap {
    const port = firstPort + index;
    node.flags = [...nodeFlags, `--inspect=127.0.0.1:${port}`];
    return new InspectedHeap(port);
  }

  /** Resolves to the bytes of heap and buffers in use after a full garbage collection. */
  async usedBytes(): Promise<number> {
    return this.#session(async (call) => {
      await call("HeapProfiler.collectGarbage");
      const { usedSize = 0, backingStorageSize = 0 } = await call("Runtime.getHeapUsage");
      return usedSize + backingStorageSize;
    });
  }

  /** Writes a snapshot for the memory tab of a browser's developer tools. */
  async writeSnapshot(file: string): Promise<void> {
    const out = createWriteStream(file);
    await this.#session(
      (call) => call("HeapProfiler.takeHeapSnapshot"),
      (chunk) => out.write(chunk),
    );
    await new Promise((resolve) => out.end(resolve));
  }

  async #session<T>(
    use: (call: (method: string) => Promise<Record<string, number>>) => Promise<T>,
    onChunk: (chunk: string) => void = () => undefined,
  ): Promise<T> {
    const [target] = (await (await fetch(this.#url)).json()) as [{ webSocketDebuggerUrl: string }];
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await once(socket, "open");
    const waiting = new Map<number, (answer: Answer) => void>();
    socket.addEventListener("message", ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
      else if (answer.params?.chunk) onChunk(answer.params.chunk);
    });
    try {
      return await use(async (method) => {
        const id = waiting.size + 1;
        const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
        socket.send(JSON.stringify({ id, method }));
        const { result, error } = await answered;
        if (error) throw new Error(`${method}: ${error.message}`);
        return result ?? {};
      });
    } finally {
      socket.close();
    }
  }
}
