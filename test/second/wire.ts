/**
 * Frames, exchanges and topics by protocols/README.md, whose tables say the types and caps. This second implementation
 * shares no code with src/.
 */
import { createHash } from "node:crypto";
import { decode, fixedSize, page, root, type Value } from "./ssz.ts";

const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.replaceAll("`", "").trim()),
  );

/** The rows of the table of protocols. */
export const protocols = rows.filter(([id]) => id!.startsWith("/ccoin/"));

/** Returns the payloads of the frames. @throws if one is malformed, or longer than `cap` */
export function framesOf(bytes: Buffer, cap: number): Buffer[] {
  const payloads: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    let length = 0;
    for (let size = 0; ; size++) {
      const byte = bytes[at++];
      if (byte === undefined || size === 4) throw new Error("no length");
      length += (byte & 0x7f) * 128 ** size;
      if (byte === 0 && size > 0) throw new Error("not the shortest form");
      if (byte < 0x80) break;
    }
    if (length > cap || at + length > bytes.length) throw new Error("no payload");
    payloads.push(bytes.subarray(at, at + length));
    at += length;
  }
  return payloads;
}

/** Returns the name of a result code. */
const resultOf = (code: number) => rows.find(([cell]) => cell === String(code))?.[1];

/** The most bytes of an error's reason. */
const reasonCap = 256;

interface Exchange {
  request: Value;
  chunks: Value[];
  /** `end`, or the name of the error. */
  end: string | undefined;
  ack: Value;
}

/** The types and caps of a protocol. */
export function protocolOf(id: string) {
  const [, request, chunk, ack, ...caps] = protocols.find(([name]) => name === id)!;
  return { request: request!, chunk: chunk!, ack: ack!, caps };
}

/** Reads what both sides send on the stream of a protocol. @throws if it breaks a rule of section 3 */
export function readExchange(id: string, sent: Buffer, answer: Buffer, acknowledged?: Buffer): Exchange {
  const { request, chunk, ack, caps } = protocolOf(id);
  const [requestCap, chunkCap, chunkCount, totalCap] = caps.map((cell) => Number(cell.replaceAll(",", "")));
  const only = (frames: Buffer[]) => {
    if (frames.length !== 1) throw new Error("not one frame");
    return frames[0]!;
  };
  const frames = framesOf(answer, 1 + Math.max(chunkCap!, reasonCap));
  const last = frames.pop()!;
  const end = resultOf(last[0]!);
  if (end === "success" || (end === "end" && last.length > 1) || last.length > 1 + reasonCap)
    throw new Error("no end");
  const bodies = frames.map((frame) => {
    if (resultOf(frame[0]!) !== "success") throw new Error("no chunk");
    return frame.subarray(1);
  });
  const isTooMuch = bodies.length > chunkCount! || bodies.some(({ length }) => length > chunkCap!);
  if (isTooMuch || Buffer.concat(bodies).length > totalCap!) throw new Error("over the caps");
  return {
    request: decode(request, only(framesOf(sent, requestCap!))),
    chunks: bodies.map((body) => decode(chunk, body)),
    end,
    ack:
      acknowledged && decode(ack, only(framesOf(acknowledged, Math.max(requestCap!, fixedSize(ack) ?? 0)))),
  };
}

/** The type of a topic's messages. */
export function gossipType(name: string): string {
  const table = rows.slice(rows.findIndex(([cell, type]) => cell === "name" && type === "type"));
  return /^\w+/.exec(table.find(([cell]) => cell === name)![1]!)![0];
}

/** The first 4 bytes of the root of a `ChainDigest`. */
export function digestOf(value: Value): string {
  return root("ChainDigest", value).slice(0, 8);
}

export function topicOf(name: string, genesisId: string, digest: string): string {
  return `/ccoin/${genesisId}/${digest}/${name}/1`;
}

export function messageIdOf(topic: string, data: Buffer): string {
  return createHash("sha256").update(topic).update(data).digest("hex");
}
