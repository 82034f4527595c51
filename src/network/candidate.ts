import { placeOf } from "./address.ts";
import { maxAddresses, type Teller } from "./told.ts";
import type { PeerId } from "./types.ts";

/** Delay before the second attempt; doubles with each. */
const firstRetryMs = 500;
/** A peer that comes back waits no longer than this. */
export const maxRetryMs = 10_000;
/** After so many attempts a peer that nobody gave is dialled less: one that is gone for minutes, and one that is gone for an hour. */
const rarer = [
  { attempts: 60, retryMs: 600_000 },
  { attempts: 30, retryMs: 60_000 },
];
/** A peer that never stayed is given up after so many attempts. */
export const toldAttempts = 5;

interface Known {
  target: string;
  /** There was a connection to it, or from there, that lasted. */
  worked: boolean;
  teller: Teller;
}

/** A peer to dial, and what is known of it. */
export class Candidate {
  /** Unknown for a bootstrap address without one until it was first reached. */
  readonly id: PeerId | undefined;
  /** Addresses that a person gave: always dialled, since a name may lead to the peer when all else that is known of it is old. */
  given: string[];
  /** The address book had it at the start, from a dial of this node. */
  chosen = false;
  /** There was a connection that lasted. */
  proven = false;
  /** Failed, or did not last, since a connection lasted. */
  attempts = 0;
  dialing = false;
  /** The peer reached at an address without an id: it is dialled again once that peer is gone, for another may be there. */
  reached: PeerId | undefined;
  /** When news of its addresses last cut the waiting short. */
  wokenAtMs = 0;
  cancel: (() => void) | undefined;
  /** The first teller. */
  teller: Teller | undefined;
  /** The connection there is now was dialled to this target. */
  dialledTo: string | undefined;
  #addresses: Known[] = [];

  constructor(id: PeerId | undefined, given: readonly string[]) {
    this.id = id;
    this.given = [...given];
  }

  get isGiven(): boolean {
    return this.given.length > 0;
  }

  /** Never forgotten for the sake of peers that are only told of. */
  get isKept(): boolean {
    return this.isGiven || this.proven;
  }

  get targets(): string[] {
    return [...new Set([...this.given, ...this.#addresses.map(({ target }) => target)])];
  }

  get worked(): string[] {
    return this.#addresses.filter(({ worked }) => worked).map(({ target }) => target);
  }

  /** Returns whether one is new. What worked stays in front: others cannot push it out. */
  tell(targets: readonly string[], teller: Teller): boolean {
    const added = targets.filter((target) => !this.#addresses.some((known) => known.target === target));
    const told = added.map((target) => ({ target, worked: false, teller }));
    this.#addresses = [
      ...this.#addresses.filter(({ worked }) => worked),
      ...told,
      ...this.#addresses.filter(({ worked }) => !worked),
    ].slice(0, maxAddresses);
    return added.length > 0;
  }

  /** The target worked: it comes first. */
  onWorked(target: string): void {
    this.#addresses = [
      { target, worked: true, teller: "discovery" as Teller },
      ...this.#addresses.filter((known) => known.target !== target),
    ].slice(0, maxAddresses);
  }

  /** The peer stayed. What it told of the host that it is connected from is no third party: the first such target counts as working. */
  onLasted(): void {
    this.proven = true;
    this.attempts = 0;
    if (this.dialledTo !== undefined) this.onWorked(this.dialledTo);
    const own = this.#addresses.find(
      ({ target, teller }) => teller !== "discovery" && placeOf(target)?.host === teller.host,
    );
    if (own && this.worked.length === 0) this.onWorked(own.target);
  }

  /** Addresses to dial now. `take` asks the quotas for an address that never worked. */
  toDial(take: (target: string, teller: Teller) => boolean): string[] {
    const told = this.#addresses.filter(({ worked, target }) => !worked && !this.given.includes(target));
    const taken = told.filter(({ target, teller }) => take(target, teller)).map(({ target }) => target);
    return [...new Set([...this.worked, ...this.given, ...taken])];
  }

  retryMs(random: () => number): number {
    const gone = this.isGiven ? undefined : rarer.find(({ attempts }) => this.attempts > attempts);
    const full = gone?.retryMs ?? Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(this.attempts, 10));
    return full * (0.5 + 0.5 * random());
  }
}
