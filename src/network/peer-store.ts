import type { PeerId as Libp2pPeerId, Peer, PeerData } from "@libp2p/interface";
import { inBackground } from "../util/background.ts";
import { type Clock, every } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { Host } from "./host.ts";
import { openRecord, type SignedRecord } from "./signed-record.ts";
import type { PeerId } from "./types.ts";

/** Well below the hours after which libp2p forgets a peer whose record was not written. */
export const freshMs = 60_000;

interface Noted {
  record: Promise<Peer>;
  /** The time of the last write, by protocol. */
  atMs: Map<string, number>;
}

/**
 * For every stream, libp2p notes in its peer store that the peer speaks the protocol. It decodes, compares and writes
 * the whole record each time, with all addresses that the peer told. From here on it does so once a minute for each
 * protocol of a connected peer.
 */
export function writeFewerRecords(
  host: Pick<Host, "peerStore" | "getConnections" | "addEventListener">,
  { clock }: { clock: Clock },
): void {
  const { peerStore } = host;
  const merge = peerStore.merge.bind(peerStore);
  const noted = new Map<PeerId, Noted>();
  host.addEventListener("peer:disconnect", ({ detail }) => noted.delete(detail.toString()));

  peerStore.merge = (id: Libp2pPeerId, data: PeerData, options) => {
    const protocol = onlyProtocol(data);
    if (protocol === undefined || host.getConnections(id).length === 0) return merge(id, data, options);
    const key = id.toString();
    const last = noted.get(key);
    const now = clock.now();
    // A clock that was set back must not keep an old record.
    if (last && Math.abs(now - (last.atMs.get(protocol) ?? -freshMs)) < freshMs) return last.record;
    const record = merge(id, data, options);
    const atMs = last?.atMs ?? new Map<string, number>();
    noted.set(key, { record, atMs: atMs.set(protocol, now) });
    record.catch(() => noted.delete(key));
    return record;
  };
}

/** The protocol, if the data consists of one protocol and nothing else. */
function onlyProtocol(data: PeerData): string | undefined {
  const { protocols, ...others } = data;
  return protocols?.length === 1 && Object.keys(others).length === 0 ? protocols[0] : undefined;
}

/** The signed records of the connected peers, as identify has brought them. */
export class PeerRecords {
  readonly #host: Pick<Host, "peerStore" | "getConnections">;
  readonly #logger: Logger;
  readonly #byPeer = new Map<PeerId, SignedRecord>();

  constructor(
    host: Pick<Host, "peerStore" | "getConnections" | "addEventListener">,
    { logger }: { logger: Logger },
  ) {
    this.#host = host;
    this.#logger = logger;
    host.addEventListener("peer:identify", ({ detail }) => inBackground(this.#read(detail.peerId)));
    host.addEventListener("peer:disconnect", ({ detail }) => this.#byPeer.delete(detail.toString()));
  }

  get(peer: PeerId): SignedRecord | undefined {
    return this.#byPeer.get(peer);
  }

  /** Never rejects. */
  async #read(id: Libp2pPeerId): Promise<void> {
    try {
      const { peerRecordEnvelope } = await this.#host.peerStore.get(id);
      if (!peerRecordEnvelope) return;
      const record = await openRecord(peerRecordEnvelope);
      if (this.#host.getConnections(id).length > 0) this.#byPeer.set(id.toString(), record);
    } catch (error) {
      this.#logger.debug({ peer: id.toString(), error: messageOf(error) }, "the peer has no usable record");
    }
  }
}

const everyMs = 10_000;

/**
 * libp2p's peer store keeps what every peer reported that ever connected or that discovery named. This deletes peers
 * that are not connected; the dialler has the addresses that are worth keeping. A peer is deleted at the second look,
 * since libp2p reads its entry once more when it disconnects.
 */
export function sweepPeerStore(
  host: Pick<Host, "peerStore" | "getConnections">,
  options: { clock: Clock; logger: Logger },
): () => void {
  let seen = new Set<string>();
  let stopped = false;
  const sweep = async () => {
    const idle = new Set<string>();
    for (const { id } of await host.peerStore.all()) {
      if (stopped) return;
      if (host.getConnections(id).length > 0) continue;
      if (seen.has(id.toString())) await host.peerStore.delete(id);
      else idle.add(id.toString());
    }
    seen = idle;
  };
  const stop = every(options.clock, everyMs, () => {
    sweep().catch((error) => {
      if (!stopped) options.logger.debug({ error: messageOf(error) }, "the peer store was not swept");
    });
  });
  return () => {
    stopped = true;
    stop();
  };
}
