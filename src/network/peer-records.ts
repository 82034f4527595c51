import type { PeerId as Libp2pPeerId } from "@libp2p/interface";
import { inBackground } from "../util/background.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { Host } from "./host.ts";
import { openRecord, type SignedRecord } from "./signed-record.ts";
import type { PeerId } from "./types.ts";

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
