import { afterEach, beforeEach, expect, it, vi } from "vitest";

interface Listener {
  opened(): void;
  lost(): void;
  event(type: string, data: string): void;
}
interface Stream {
  start(): void;
  stop(): void;
}

/** The requests for the lock that the browser has not answered. */
let refusals: ((reason: Error) => void)[] = [];
let connections: Source[] = [];

class Source {
  static readonly OPEN = 1;
  readyState = 0;
  onopen = () => {};
  constructor() {
    connections.push(this);
  }
  addEventListener(): void {}
  close(): void {
    this.readyState = 2;
  }
}

beforeEach(() => {
  [refusals, connections] = [[], []];
  vi.stubGlobal("EventSource", Source);
  const request = (_: string, { signal }: { signal: AbortSignal }) =>
    new Promise((_, reject) => {
      refusals.push(reject);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  vi.stubGlobal("navigator", { locks: { request } });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** Imports by a variable name, which the compiler does not follow: that code is checked with browsers' types. */
async function streamFor(listener: Listener): Promise<Stream> {
  const file = "../../../src/explorer/event-stream.ts";
  const { SharedStream } = await import(/* @vite-ignore */ file);
  return new SharedStream("http://127.0.0.1:1/v1/events", ["block"], listener);
}

it("opens a connection of its own where the browser refuses locks, and none after it was left", async () => {
  let opened = 0;
  const stream = await streamFor({ opened: () => opened++, lost: () => {}, event: () => {} });
  stream.start();
  expect(connections).toEqual([]);
  refusals[0]!(new DOMException("Access to the Locks API is denied in this context.", "SecurityError"));
  await new Promise(setImmediate);
  expect(connections).toHaveLength(1);
  connections[0]!.onopen();
  expect(opened).toBe(1);
  stream.stop();
  expect(connections[0]!.readyState).toBe(2);

  stream.start();
  stream.stop();
  await new Promise(setImmediate);
  expect(connections).toHaveLength(1);
});
