import type { PeerId } from "../../protocols/index.ts";

/** How much work on signatures may be under way at once: work is charged to the peer that sent it before it is done. */
export class CheckPlaces {
  readonly #perPeer: () => number;
  readonly #inAll: () => number;
  readonly #taken = new Map<PeerId, number>();
  #total = 0;

  constructor(limits: { perPeer(): number; inAll(): number }) {
    this.#perPeer = () => limits.perPeer();
    this.#inAll = () => limits.inAll();
  }

  /** Does the work, or returns undefined, without having begun it, where the peer or all together have no place left. */
  async run<Result>(peer: PeerId, work: () => Promise<Result>): Promise<Result | undefined> {
    const taken = this.#taken.get(peer) ?? 0;
    if (taken >= this.#perPeer() || this.#total >= this.#inAll()) return undefined;
    this.#taken.set(peer, taken + 1);
    this.#total++;
    try {
      return await work();
    } finally {
      this.#total--;
      const left = this.#taken.get(peer)! - 1;
      if (left > 0) this.#taken.set(peer, left);
      else this.#taken.delete(peer);
    }
  }
}
