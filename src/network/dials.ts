import type { Candidate } from "./candidate.ts";
import type { PeerId } from "./types.ts";

/** Dials at one time. Each costs a handshake, and a classroom has one small router. */
const maxParallel = 16;
/** Dials at one time to peers that other peers have told of. */
const maxParallelHearsay = 2;

export interface DialsOptions {
  connected(id: PeerId): boolean;
  /**
   * False if there are enough connections, counting those to `dialing`; peers given by a person are dialled anyway.
   * `dialing` has an address of each other peer that is being dialled.
   */
  hasRoom(peer: { addresses: readonly string[]; chosen: boolean }, dialing: readonly string[]): boolean;
  /** The number of connections that the node wants to peers that others tell of. */
  missing(): number;
}

/** The dials under way, and whether there may be another one. */
export class Dials {
  readonly #options: DialsOptions;
  /** The peers being dialled, with an address of each. */
  readonly #addresses = new Map<Candidate, string>();
  #hearsay = 0;

  constructor(options: DialsOptions) {
    this.#options = options;
  }

  /**
   * The reason for which the peer must not be dialled now. `full`: there are enough connections. `busy`: there are
   * enough dials. `unwanted`: others have told of it, and the node wants none of these.
   */
  refusal({
    isGiven,
    isHearsay,
    targets: addresses,
    chosen,
  }: Candidate): "full" | "busy" | "unwanted" | undefined {
    const { hasRoom, missing } = this.#options;
    if (!isGiven && !hasRoom({ addresses, chosen }, this.#dialing())) return "full";
    if (!isGiven && this.#addresses.size >= maxParallel) return "busy";
    if (!isHearsay) return undefined;
    const wanted = missing();
    if (wanted <= 0) return "unwanted";
    return this.#hearsay >= Math.min(wanted, maxParallelHearsay) ? "busy" : undefined;
  }

  /** Call the returned function when the dial has ended. */
  begin(candidate: Candidate, address: string): () => void {
    const { isHearsay } = candidate;
    this.#addresses.set(candidate, address);
    if (isHearsay) this.#hearsay++;
    return () => {
      this.#addresses.delete(candidate);
      if (isHearsay) this.#hearsay--;
    };
  }

  /** An address of each peer that is being dialled and may take a place when it is connected. */
  #dialing(): string[] {
    const { connected } = this.#options;
    return [...this.#addresses].flatMap(([{ id, isGiven }, address]) =>
      isGiven || (id !== undefined && connected(id)) ? [] : address,
    );
  }
}
