import type { Stream } from "@libp2p/interface";
import { expect, test } from "vitest";
import type { RequestError, RequestErrorCode } from "../../../protocols/index.ts";
import { ManualClock } from "../../unit/support/clock.ts";
import { advanceUntil, startNode, until } from "../network/nodes.ts";
import { hasty, many } from "./protocol.ts";
import { connect, rawFrame, rawPeer } from "./raw-peer.ts";

const chunk = (index: number) => rawFrame(new Uint8Array([0, index, 0, 0, 0, 8, 0, 0, 0]));
const end = rawFrame(new Uint8Array([5]));
const bytes = (...values: number[]) => new Uint8Array(values);

interface Case {
  name: string;
  send(stream: Stream): void;
  code?: RequestErrorCode;
  chunks?: number | undefined;
  costs?: boolean;
}

const cases: Case[] = [
  { name: "A: honest", send: (s) => s.send(cat(chunk(0), end)), chunks: 1 },
  { name: "B: FIN at once", send: (s) => finish(s, cat(chunk(0), end)), chunks: 1 },
  {
    name: "C: byte by byte",
    send: (s) => [...cat(chunk(0), end)].forEach((byte) => void s.send(bytes(byte))),
    chunks: 1,
  },
  { name: "D: reset after the end", send: (s) => reset(s, cat(chunk(0), end)), chunks: 1 },
  { name: "E: unknown result", send: (s) => s.send(rawFrame(bytes(99))), code: "malformed", costs: true },
  { name: "F: empty frame", send: (s) => s.send(cat(bytes(0), chunk(0))), code: "malformed", costs: true },
  {
    name: "G: bytes after the end code",
    send: (s) => s.send(rawFrame(bytes(5, 5))),
    code: "malformed",
    costs: true,
  },
  { name: "H: wrong SSZ", send: (s) => s.send(rawFrame(bytes(0, 1, 2))), code: "malformed", costs: true },
  {
    name: "I: endless length",
    send: (s) => s.send(new Uint8Array(20).fill(0x80)),
    code: "malformed",
    costs: true,
  },
  {
    name: "J: a chunk over its cap",
    send: (s) => s.send(bytes(0x80, 0x80, 0x80, 0x08)),
    code: "tooLarge",
    costs: true,
  },
  {
    name: "K: too many chunks",
    send: (s) => s.send(cat(...Array.from({ length: 17 }, (_, index) => chunk(index)), end)),
    code: "tooLarge",
    chunks: 16,
    costs: true,
  },
  { name: "L: FIN within a frame", send: (s) => finish(s, chunk(0).subarray(0, 5)), code: "connection" },
  { name: "M: FIN without the end", send: (s) => finish(s, chunk(0)), code: "connection", chunks: 1 },
  { name: "N: reset", send: (s) => reset(s, bytes()), code: "connection" },
  { name: "O: silence", send: () => undefined, code: "timeout", costs: true },
  {
    name: "P: silence after a chunk",
    send: (s) => s.send(chunk(0)),
    code: "timeout",
    chunks: 1,
    costs: true,
  },
  { name: "Q: a trickle", send: trickle, code: "timeout", costs: true },
  {
    name: "R: an error with a long reason",
    send: (s) => s.send(rawFrame(bytes(2, ...new Array(5_000).fill(65)))),
    code: "serverError",
  },
  { name: "S: a flood", send: flood, code: "tooLarge", chunks: undefined, costs: true },
];

test.each(cases)("an answer, $name", async (options) => {
  const { send, code, chunks, costs } = { chunks: 0, costs: false, ...options };
  const protocol = code === "timeout" ? hasty : many;
  const raw = await rawPeer();
  let answers = false;
  await raw.handle(protocol.id, (stream) => {
    const answer = () => {
      answers = true;
      send(stream);
    };
    stream.addEventListener("message", answer, { once: true });
  });
  const clock = new ManualClock();
  const node = await startNode(1, { clock, bootstrap: raw.getMultiaddrs().map(String) });
  await advanceUntil(clock, 300, () => node.peers().length === 1);
  let count = 0;
  let error: RequestError | undefined;
  const ask = async () => {
    for await (const _ of node.request(raw.peerId.toString(), protocol, { count: 1, bytes: 0 })) count++;
  };
  const over = ask().catch((thrown: RequestError) => {
    error = thrown;
  });
  if (code === "timeout") {
    await until(() => answers && count === chunks);
    expect(error).toBe(undefined);
    await clock.advance(1.5 * protocol.timeoutMs);
  }
  await over;
  expect(error?.code).toBe(code);
  expect(error?.message.length ?? 0).toBeLessThan(400);
  if (chunks !== undefined) expect(count).toBe(chunks);
  expect((node.peers()[0]?.score ?? 0) < 0).toBe(costs);
});

function cat(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function finish(stream: Stream, data: Uint8Array): void {
  stream.send(data);
  void stream.close();
}

function reset(stream: Stream, data: Uint8Array): void {
  if (data.length > 0) stream.send(data);
  stream.abort(new Error("reset by the test"));
}

function trickle(stream: Stream): void {
  stream.send(bytes(0x40));
  const timer = setInterval(() => {
    if (stream.status === "open") stream.send(bytes(0));
    else clearInterval(timer);
  }, 100);
}

/** Sends without regard to back-pressure, in frames that are each allowed. */
function flood(stream: Stream): void {
  const data = rawFrame(cat(bytes(0, 0, 0, 0, 0, 8, 0, 0, 0), new Uint8Array(2 ** 19)));
  const more = () => {
    if (stream.status === "open") stream.send(data);
  };
  stream.addEventListener("drain", more);
  for (let n = 0; n < 64; n++) more();
}

test("almost whole answers of a crowd that never ends them take a bounded part of the memory, and cost nobody score", async () => {
  const node = await startNode(1, { answerBytes: 2 ** 20 });
  const size = 400_000;
  const frame = rawFrame(cat(bytes(0, 0, 0, 0, 0, 8, 0, 0, 0), new Uint8Array(size)));
  const crowd = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const peer = await rawPeer();
      await peer.handle(many.id, (stream) => void stream.send(frame.subarray(0, size)));
      await connect(peer, node.addresses());
      return peer;
    }),
  );
  const ask = async (peer: string) => {
    try {
      for await (const _ of node.request(peer, many, { count: 1, bytes: size }));
      return "answered";
    } catch (error) {
      return (error as RequestError).code;
    }
  };
  await until(() => node.peers().length === crowd.length);
  const asked = crowd.map((peer) => ask(peer.peerId.toString()));
  expect(await Promise.race(asked)).toBe("aborted");
  const honest = await startNode(2, { bootstrap: node.addresses() });
  honest.serve(many, async function* () {
    yield { index: 0, data: new Uint8Array(1_000) };
  });
  await until(() => node.peers().length === 5);
  expect(await ask(honest.peerId)).toBe("answered");
  expect(node.peers().map(({ score }) => score)).toEqual([0, 0, 0, 0, 0]);
});
