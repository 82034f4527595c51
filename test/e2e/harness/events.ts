import { setTimeout as sleep } from "node:timers/promises";
import type { TestNode } from "./node.ts";
import { until } from "./until.ts";

export interface NodeEvent {
  /** Undefined if the message tells only the position of the stream. */
  event: string | undefined;
  id: number;
  data: Record<string, unknown>;
}

/** Collects the events of `GET /v1/events` from now on; a connection that breaks, as on a busy machine, is resumed. */
export async function watchEvents(node: TestNode): Promise<readonly NodeEvent[]> {
  const reader = new EventReader(node);
  await until("the event stream is open", () => reader.connections > 0);
  return reader.events;
}

/** Passes on the events one by one; `query` is that of the URL. */
export async function followEvents(
  node: TestNode,
  query: string,
  onEvent: (event: NodeEvent) => void,
): Promise<void> {
  const stop = new AbortController();
  node.world.onEnd(() => stop.abort());
  const response = await fetch(`${node.url}/v1/events${query}`, { signal: stop.signal });
  const follow = async () => {
    for await (const event of read(response)) if (event.event) onEvent(event);
  };
  void follow().catch(() => undefined);
}

/** Reads like an EventSource, which resumes after the last id after each disconnection. */
export class EventReader {
  readonly events: NodeEvent[] = [];
  connections = 0;
  readonly #node: TestNode;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #lastId: number | undefined;

  constructor(node: TestNode) {
    this.#node = node;
    this.#ended = this.#run();
    this.#ended.catch(() => undefined);
    node.world.onEnd(() => this.#stop.abort());
  }

  /** @throws an error if a node answered with something other than an event stream */
  stop(): Promise<void> {
    this.#stop.abort();
    return this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const headers = this.#lastId === undefined ? {} : { "last-event-id": String(this.#lastId) };
      const response = await fetch(`${this.#node.url}/v1/events`, { signal, headers }).catch(() => undefined);
      if (!response) {
        await sleep(20);
        continue;
      }
      if (response.status !== 200) throw new Error(`HTTP ${response.status}: ${await response.text()}`);
      this.connections++;
      try {
        for await (const event of read(response)) {
          this.#lastId = event.id;
          if (event.event) this.events.push(event);
        }
      } catch {
        // The node was killed.
      }
    }
  }
}

async function* read(response: Response): AsyncGenerator<NodeEvent> {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const parts = text.split("\n\n");
    text = parts.pop()!;
    for (const part of parts) {
      const fields = new Map(part.split("\n").map((line) => line.split(/: (.*)/s, 2) as [string, string]));
      const [event, id, data] = ["event", "id", "data"].map((name) => fields.get(name));
      if (id) yield { event, id: Number(id), data: JSON.parse(data ?? "{}") as Record<string, unknown> };
    }
  }
}
