import type { PeerId } from "../../protocols/index.ts";
import type { Chain } from "../chain/chain.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import type { Logger } from "../util/logger.ts";
import type { PeerStatus, PeerStatuses } from "./peer-statuses.ts";

/** Another block than here is final for a peer. */
export interface FinalityConflict {
  peer: PeerId;
  height: number;
  own: Hex;
  theirs: Hex;
}

export interface ConflictingFinalityOptions {
  chain: Pick<Chain, "finalized" | "reader" | "events">;
  statuses: Pick<PeerStatuses, "all" | "events" | "get">;
  logger: Logger;
}

/**
 * Compares what is final here and for the peers. No branch leads from one finalized block to another, so two that differ stay apart
 * for ever, and somebody has to be told. It is the peers' word, without proof; a peer's higher block is compared when this node has come so far.
 */
export class ConflictingFinality {
  readonly #options: ConflictingFinalityOptions;
  readonly #conflicts = new Map<PeerId, FinalityConflict>();
  /** What is final stays so. */
  readonly #compared = new WeakSet<PeerStatus>();
  readonly #stops: (() => void)[];

  constructor(options: ConflictingFinalityOptions) {
    const { chain, statuses } = options;
    this.#options = options;
    this.#stops = [
      statuses.events.on("status", (status) => void this.#compare(status)),
      chain.events.on("finality", () => {
        for (const status of statuses.all()) if (!this.#compared.has(status)) void this.#compare(status);
      }),
    ];
  }

  /** Of the peers that are connected. */
  list(): FinalityConflict[] {
    for (const peer of this.#conflicts.keys())
      if (!this.#options.statuses.get(peer)) this.#conflicts.delete(peer);
    return [...this.#conflicts.values()];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  async #compare(told: PeerStatus): Promise<void> {
    const { chain, logger } = this.#options;
    const { peer, status } = told;
    const { finalizedHeight: height, finalizedId } = status;
    const { finalized } = chain;
    if (height > finalized.height) return;
    const id = await chain.reader.canonicalId(height);
    const top = await chain.reader.canonicalId(finalized.height);
    // The head is about to follow what has just become final.
    if (!id || !top || !equalBytes(top, finalized.id)) return;
    this.#compared.add(told);
    if (equalBytes(id, finalizedId)) {
      this.#conflicts.delete(peer);
      return;
    }
    const conflict = { peer, height, own: toHex(id), theirs: toHex(finalizedId) };
    const known = this.#conflicts.get(peer);
    this.#conflicts.set(peer, conflict);
    if (known?.theirs === conflict.theirs) return;
    logger.error(
      conflict,
      "ANOTHER BLOCK IS FINAL FOR A PEER: this node keeps its own, and the two never meet again",
    );
  }
}
