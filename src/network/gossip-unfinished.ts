import type { GossipSub } from "@libp2p/gossipsub";
import type { Stream } from "@libp2p/interface";
import { encodingLength } from "uint8-varint";
import { type Chunk, internalsOf } from "./libp2p-internals.ts";
import type { PeerId } from "./types.ts";

const mebibyte = 2 ** 20;

/** Parts of RPCs of which the rest is still to come, in all. They wait in memory, and the rest may never come. */
export const maxUnfinishedBytes = 64 * mebibyte;

interface Incoming {
  host: string;
  bytes: number;
  stream: Pick<Stream, "abort">;
  /** False for a stream of a peer that gossipsub does not know. */
  isRead: boolean;
}

/**
 * Counts what has arrived of RPCs that are not complete. If there is too much of it, the address with most loses its
 * largest one, with its stream. Nobody is blamed: the peer's line may be slow. Call this before the node starts.
 */
export function limitUnfinished(pubsub: GossipSub, hostOf: (peer: PeerId) => string): void {
  const open = new Set<Incoming>();
  let total = 0;
  const gossip = internalsOf(pubsub);
  const create = gossip.createInboundStream.bind(pubsub);
  const read = gossip.pipePeerReadStream.bind(pubsub);
  /** The stream that is just being created. */
  let created: Incoming | undefined;

  gossip.createInboundStream = (peer, stream) => {
    const incoming: Incoming = { host: hostOf(peer.toString()), bytes: 0, stream, isRead: false };
    created = incoming;
    create(peer, stream);
    created = undefined;
    if (!incoming.isRead || stream.status !== "open") return;
    open.add(incoming);
    // gossipsub has to listen first: the first listener gets what has arrived already.
    stream.addEventListener("message", ({ data }) => add(incoming, data.byteLength));
    stream.addEventListener("close", () => forget(incoming));
  };

  gossip.pipePeerReadStream = (peer, stream) => {
    if (!created) return read(peer, stream);
    created.isRead = true;
    return read(peer, counted(stream, created));
  };

  async function* counted(stream: AsyncIterable<Chunk>, incoming: Incoming): AsyncGenerator<Chunk> {
    for await (const chunk of stream) {
      add(incoming, -chunk.byteLength - encodingLength(chunk.byteLength));
      yield chunk;
    }
  }

  function add(incoming: Incoming, bytes: number): void {
    if (!open.has(incoming)) return;
    incoming.bytes += bytes;
    total += bytes;
    while (total > maxUnfinishedBytes) drop(largestOf(open));
  }

  function drop(incoming: Incoming): void {
    forget(incoming);
    // A stream cannot be reset while libp2p is still dispatching what has arrived on it.
    queueMicrotask(() => incoming.stream.abort(new Error("too many unfinished RPCs")));
  }

  function forget(incoming: Incoming): void {
    if (open.delete(incoming)) total -= incoming.bytes;
  }
}

/** The largest of the host that has most. */
function largestOf(open: Iterable<Incoming>): Incoming {
  const hosts = [...Map.groupBy(open, ({ host }) => host).values()];
  const sum = (of: readonly Incoming[]) => of.reduce((bytes, each) => bytes + each.bytes, 0);
  return hosts.reduce((a, b) => (sum(b) > sum(a) ? b : a)).reduce((a, b) => (b.bytes > a.bytes ? b : a));
}
