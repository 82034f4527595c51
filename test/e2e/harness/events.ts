import type { TestNode } from "./node.ts";

export interface NodeEvent {
  event: string;
  data: Record<string, unknown>;
}

/** What `GET /v1/events` tells from now on, for as long as the node runs. */
export async function watchEvents(node: TestNode): Promise<readonly NodeEvent[]> {
  const events: NodeEvent[] = [];
  const stop = new AbortController();
  node.world.onEnd(() => stop.abort());
  const response = await fetch(`${node.url}/v1/events`, { signal: stop.signal });
  void read(response, events).catch(() => undefined);
  return events;
}

async function read(response: Response, events: NodeEvent[]): Promise<void> {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const parts = text.split("\n\n");
    text = parts.pop()!;
    for (const part of parts) {
      const fields = new Map(part.split("\n").map((line) => line.split(/: (.*)/s, 2) as [string, string]));
      const [event, data] = [fields.get("event"), fields.get("data")];
      if (event && data) events.push({ event, data: JSON.parse(data) as Record<string, unknown> });
    }
  }
}
