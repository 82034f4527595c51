import type { PeerId as Libp2pPeerId, Peer, PeerData } from "@libp2p/interface";
import type { Clock } from "../util/clock.ts";
import type { Host } from "./host.ts";
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
