import { once } from "node:events";
import { createWriteStream } from "node:fs";

interface Answer {
  id?: number;
  method?: string;
  params?: { chunk?: string };
  result?: Record<string, number>;
  error?: { message: string };
}

/** The heap of a node that runs with `--inspect=127.0.0.1:<port>`, through its inspector. */
export class InspectedHeap {
  readonly #url: string;

  constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}/json/list`;
  }

  /** Bytes that are in use after a full garbage collection. */
  async usedBytes(): Promise<{ heap: number; buffers: number }> {
    return this.#session(async (call) => {
      await call("HeapProfiler.collectGarbage");
      const { usedSize = 0, backingStorageSize = 0 } = await call("Runtime.getHeapUsage");
      return { heap: usedSize, buffers: backingStorageSize };
    });
  }

  /** For the memory tab of a browser's developer tools. */
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
