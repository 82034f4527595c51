import type { Network, PeerId } from "../network/types.ts";
import { equalBytes } from "../util/bytes.ts";

/** The number of certificates in a `finality` answer. */
const maxPerPeer = 3;

/**
 * Blocks that certificates of connected peers wait for: the newest few of each peer, so that no peer pushes out what
 * another has shown.
 */
export class AwaitedBlocks {
  readonly stop: () => void;
  readonly #network: Pick<Network, "peers" | "on">;
  readonly #blocks = new Map<PeerId, Uint8Array[]>();

  constructor(network: Pick<Network, "peers" | "on">) {
    this.#network = network;
    this.stop = network.on("disconnected", (peer) => this.#blocks.delete(peer));
  }

  add(block: Uint8Array, peer: PeerId): void {
    // The peer may have left while its answer was being read.
    if (!this.#network.peers().some(({ id }) => id === peer)) return;
    const others = (this.#blocks.get(peer) ?? []).filter((one) => !equalBytes(one, block));
    this.#blocks.set(peer, [...others, block].slice(-maxPerPeer));
  }

  /** The peers whose certificates wait for this block; they stop waiting. */
  release(block: Uint8Array): PeerId[] {
    const released: PeerId[] = [];
    for (const [peer, blocks] of this.#blocks) {
      const left = blocks.filter((one) => !equalBytes(one, block));
      if (left.length === blocks.length) continue;
      released.push(peer);
      if (left.length > 0) this.#blocks.set(peer, left);
      else this.#blocks.delete(peer);
    }
    return released;
  }
}
