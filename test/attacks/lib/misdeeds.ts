import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Stream } from "@libp2p/interface";
import type { AnyProtocol } from "../../../protocols/index.ts";
import * as protocols from "../../../protocols/index.ts";
import { frame, type Rogue } from "../../e2e/harness/rogue.ts";

export const junkBytes = 4 * 2 ** 20;
export const junkStreams = 80;
/** More streams than a node allows for a protocol, and than it has time for. */
const manyStreams = 600;

/** Protocols of the node, and of libp2p below it. */
export const allProtocols: readonly string[] = [
  ...Object.values(protocols)
    .filter(isProtocol)
    .map(({ id }) => id),
  "/meshsub/1.2.0",
  "/meshsub/1.1.0",
  "/ipfs/id/1.0.0",
];

function isProtocol(value: unknown): value is AnyProtocol {
  return typeof value === "object" && value !== null && "quota" in value;
}

/** A misdeed of a peer on a stream of any protocol. */
export type Misdeed = (rogue: Rogue, id: string) => Promise<void>;

/** Malformed, oversized and truncated frames; a byte now and then, without an end. */
export const smallMisdeeds: readonly Misdeed[] = [
  (rogue, id) => send(rogue, id, frame(randomBytes(20))),
  (rogue, id) => send(rogue, id, frame(randomBytes(64), 2 ** 27)),
  (rogue, id) => send(rogue, id, frame(randomBytes(3), 4_000)),
  (rogue, id) => send(rogue, id, new Uint8Array(64).fill(0x80)),
  async (rogue, id) => {
    const stream = await open(rogue, id);
    for (let count = 0; stream && count < 10; count++) {
      if (!give(stream, Uint8Array.of(0x81))) break;
      await sleep(50);
    }
  },
];

/** Streams that say nothing, more than are allowed; megabytes of junk on many streams at once. */
export const largeMisdeeds: readonly Misdeed[] = [
  async (rogue, id) => {
    const streams = Array.from({ length: manyStreams }, () => open(rogue, id));
    await Promise.race([Promise.all(streams), sleep(3_000)]);
  },
  async (rogue, id) => {
    const junk = randomBytes(junkBytes);
    const flood = Array.from({ length: junkStreams }, async () => {
      const stream = await open(rogue, id);
      if (stream) give(stream, junk);
    });
    await Promise.race([Promise.all(flood), sleep(5_000)]);
  },
];

async function send(rogue: Rogue, id: string, bytes: Uint8Array): Promise<void> {
  const stream = await open(rogue, id);
  if (!stream || !give(stream, bytes)) return;
  await Promise.race([stream.close().catch(() => undefined), sleep(500)]);
}

/** Opens a stream; resolves to undefined if the node refuses it. */
async function open(rogue: Rogue, id: string): Promise<Stream | undefined> {
  try {
    return await rogue.stream(id);
  } catch {
    return undefined;
  }
}

function give(stream: Stream, bytes: Uint8Array): boolean {
  try {
    stream.send(bytes);
    return true;
  } catch {
    return false;
  }
}
