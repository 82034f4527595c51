import { randomBytes } from "node:crypto";
import type { MessageStream, Stream } from "@libp2p/interface";
import { frame } from "../../e2e/harness/rogue.ts";
import { payloads } from "../../frame-payloads.ts";

/** Encodes a protobuf field that holds bytes. */
export function field(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of((number << 3) | 2), frame(bytes)]);
}

/** The fields of gossipsub's `RPC` that attacks use, by their numbers. */
export const rpcFields = { subscriptions: 1, messages: 2, control: 3 } as const;
export const controlFields = { ihave: 1, iwant: 2, graft: 3, prune: 4, idontwant: 5 } as const;

/** Encodes a framed RPC with these fields. */
export function rpc(...fields: Uint8Array[]): Uint8Array {
  return frame(Buffer.concat(fields));
}

export function control(name: keyof typeof controlFields, entries: readonly Uint8Array[]): Uint8Array {
  return field(rpcFields.control, Buffer.concat(entries.map((entry) => field(controlFields[name], entry))));
}

/** Encodes an RPC that publishes these bytes. */
export function publication(topic: string, data: Uint8Array): Uint8Array {
  const message = Buffer.concat([field(2, data), field(4, Buffer.from(topic))]);
  return rpc(field(rpcFields.messages, message));
}

/** Resolves when there is room again, or after a limited time. */
export function drained(target: Pick<MessageStream, "addEventListener">, patienceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, patienceMs);
    const go = () => {
      clearTimeout(timer);
      resolve();
    };
    target.addEventListener("drain", go, { once: true });
  });
}

/** Sends bytes, and waits for a limited time if the stream is full. @throws if it is closed */
export async function give(stream: Stream, bytes: Uint8Array, patienceMs = 1_000): Promise<void> {
  for (let at = 0; at < bytes.length; at += 65_536) {
    if (stream.send(bytes.subarray(at, at + 65_536))) continue;
    await drained(stream, patienceMs);
    if (stream.status !== "open") throw new Error("the stream is closed");
  }
}

/** Makes a handler that reads a request and answers with chunks, or with silence if there are none. */
export function answering(
  chunksFor: (request: Uint8Array) => Uint8Array[] | undefined | Promise<Uint8Array[] | undefined>,
): (stream: Stream) => void {
  return (stream) => {
    const parts: Uint8Array[] = [];
    let answered = false;
    const take = async () => {
      const bytes = Buffer.concat(parts);
      if (answered || bytes.length === 0 || bytes.length < 1 + bytes[0]!) return;
      answered = true;
      const [request] = payloads(bytes);
      const chunks = await chunksFor(Uint8Array.from(request ?? []));
      if (!chunks || stream.status !== "open") return;
      for (const chunk of chunks) stream.send(frame(Buffer.concat([Uint8Array.of(0), chunk])));
      stream.send(frame(Uint8Array.of(5)));
      await stream.close();
    };
    stream.addEventListener("message", (event) => {
      parts.push(event.data.subarray());
      void take().catch(() => undefined);
    });
  };
}

/** A handler that never answers. */
export function silent(_stream: Stream): void {}

/** A handler that answers `resourceUnavailable`. */
export function unavailable(stream: Stream): void {
  const answer = () => {
    if (stream.status !== "open") return;
    stream.send(frame(Uint8Array.of(3)));
    void stream.close().catch(() => undefined);
  };
  stream.addEventListener("message", answer, { once: true });
}

export function bytes32(): Uint8Array {
  return Uint8Array.from(randomBytes(32));
}
