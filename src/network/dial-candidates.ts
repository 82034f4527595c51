import { type Candidate, toldAttempts } from "./candidate.ts";
import type { PeerId } from "./types.ts";

/** One connection is dialled to each of these; more may come in. */
const maxCandidates = 512;
/** This many places are kept for peers that once stayed, whatever is announced. */
const keptCandidates = maxCandidates / 2;
/** The limit for peers that one host reported and that never stayed. */
const maxPerTeller = 32;

/** The peers that a node dials, bounded by who reported them and whether they ever stayed. */
export class DialCandidates {
  readonly #all = new Set<Candidate>();
  readonly #byId = new Map<PeerId, Candidate>();
  readonly #connected: (id: PeerId) => boolean;
  readonly #onRemoved: (candidate: Candidate) => void;

  constructor(options: { connected(id: PeerId): boolean; onRemoved(candidate: Candidate): void }) {
    this.#connected = options.connected;
    this.#onRemoved = options.onRemoved;
  }

  get(id: PeerId): Candidate | undefined {
    return this.#byId.get(id);
  }

  has(candidate: Candidate): boolean {
    return this.#all.has(candidate);
  }

  values(): Iterable<Candidate> {
    return this.#all;
  }

  /** Returns false if there is no room for the candidate. Peers given by a person always have room. */
  add(candidate: Candidate): boolean {
    if (!candidate.isGiven && !this.#makeRoom(candidate)) return false;
    this.#all.add(candidate);
    if (candidate.id !== undefined) this.#byId.set(candidate.id, candidate);
    return true;
  }

  remove(candidate: Candidate): void {
    if (!this.#all.delete(candidate)) return;
    const { id } = candidate;
    if (id !== undefined && this.#byId.get(id) === candidate) this.#byId.delete(id);
    this.#onRemoved(candidate);
  }

  /**
   * Announcements of peers that never existed must not push out real ones, and one teller's must not push out those of
   * others. But anybody can stay for a while under each of many ids, so peers that are gone make room, too.
   */
  #makeRoom({ teller }: Candidate): boolean {
    const told = [...this.#all].filter(({ isKept }) => !isKept);
    const isThisMachine = teller?.by === "discovery" && teller.place.reach === "loopback";
    if (teller && !isThisMachine) {
      const ofHost = told.filter((other) => other.teller?.place.host === teller.place.host);
      if (ofHost.length >= maxPerTeller && !this.#removeWorst(ofHost)) return false;
    }
    if (this.#all.size < maxCandidates || this.#removeWorst(told)) return true;
    const stayed = [...this.#all].filter(({ isGiven, proven }) => proven && !isGiven);
    return stayed.length > keptCandidates && this.#removeWorst(stayed);
  }

  /** Removes the candidate that failed most; returns false if none failed. */
  #removeWorst(candidates: Candidate[]): boolean {
    const failed = candidates.filter(({ id, attempts, proven }) => {
      return attempts > (proven ? toldAttempts : 0) && !(id && this.#connected(id));
    });
    const worst = failed.sort((a, b) => b.attempts - a.attempts)[0];
    if (worst) this.remove(worst);
    return worst !== undefined;
  }
}
