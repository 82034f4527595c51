import { placeOf } from "./address.ts";
import { maxAddresses, type Teller } from "./told.ts";
import type { PeerId } from "./types.ts";

/** The delay before the second attempt. It doubles with each attempt. */
const firstRetryMs = 500;
/** The longest delay before a peer that comes back is dialled. */
export const maxRetryMs = 10_000;
/**
 * After these numbers of attempts, a peer that nobody gave is dialled less often: one that has been gone for minutes,
 * and one that has been gone for an hour.
 */
const rarer = [
  { attempts: 60, retryMs: 600_000 },
  { attempts: 30, retryMs: 60_000 },
];
/** A peer that never stayed is given up after this many attempts. */
export const toldAttempts = 5;

/** Addresses that worked keep this many places, whatever is reported; the newest come first. */
const keptWorked = 3;

interface Known {
  target: string;
  /** A connection to or from this address lasted. */
  worked: boolean;
  /** Undefined if the address is known by a connection. */
  teller: Teller | undefined;
}

/** A peer to dial, and what is known about it. */
export class Candidate {
  /** Unknown for a bootstrap address without an id until it was first reached. */
  readonly id: PeerId | undefined;
  /**
   * Addresses that a person gave. They are always dialled, since a name may lead to the peer when everything else that
   * is known about it is old.
   */
  given: string[];
  /** The address book had the peer at the start, from a dial of this node. */
  chosen = false;
  /** There was a connection that lasted. */
  proven = false;
  /** Attempts that failed or did not last, since a connection last lasted. */
  attempts = 0;
  dialing = false;
  /**
   * The peer that was reached at an address without an id. The address is dialled again once that peer is gone, because
   * another peer may be there.
   */
  reached: PeerId | undefined;
  /** The time at which news of its addresses last shortened the wait. */
  wokenAtMs = 0;
  cancel: (() => void) | undefined;
  /** The first teller. */
  teller: Teller | undefined;
  /** The target that the present connection was dialled to. */
  dialledTo: string | undefined;
  #addresses: Known[] = [];

  constructor(id: PeerId | undefined, given: readonly string[]) {
    this.id = id;
    this.given = [...given];
  }

  get isGiven(): boolean {
    return this.given.length > 0;
  }

  /** True for peers that are never forgotten in favour of peers that were only reported. */
  get isKept(): boolean {
    return this.isGiven || this.proven;
  }

  /** True for peers that only other peers have told of. */
  get isHearsay(): boolean {
    return !this.isKept && this.teller?.by === "exchange";
  }

  get targets(): string[] {
    return [...new Set([...this.given, ...this.#addresses.map(({ target }) => target)])];
  }

  get worked(): string[] {
    return this.#addresses.filter(({ worked }) => worked).map(({ target }) => target);
  }

  /** Returns whether there is a new address among those that are kept. */
  tell(targets: readonly string[], teller: Teller): boolean {
    const added = targets.filter((target) => !this.#addresses.some((known) => known.target === target));
    const told = added.map((target) => ({ target, worked: false, teller }));
    const all = [...told, ...this.#addresses];
    const worked = all.filter((known) => known.worked);
    this.#addresses = [
      ...worked.slice(0, keptWorked),
      ...all.filter((known) => !known.worked && known.teller?.by === "peer"),
      ...inTurns(all.filter((known) => !known.worked && known.teller?.by === "discovery")),
      ...inTurns(all.filter((known) => !known.worked && known.teller?.by === "exchange")),
      ...worked.slice(keptWorked),
    ].slice(0, maxAddresses);
    return this.#addresses.some(({ target }) => added.includes(target));
  }

  /** The target worked, so it comes first. */
  onWorked(target: string): void {
    this.#addresses = [
      { target, worked: true, teller: undefined },
      ...this.#addresses.filter((known) => known.target !== target),
    ].slice(0, maxAddresses);
  }

  /**
   * The peer stayed. An address that it reported for the host that it is connected from belongs to no third party: the
   * first such target counts as working.
   */
  onLasted(): void {
    this.proven = true;
    this.attempts = 0;
    if (this.dialledTo !== undefined) this.onWorked(this.dialledTo);
    const own = this.#addresses.find((known) => known.teller?.by === "peer" && isTellersOwn(known));
    if (own && this.worked.length === 0) this.onWorked(own.target);
  }

  /** The addresses to dial now. `take` asks the quotas for an address that never worked. */
  toDial(take: (target: string, teller: Teller) => boolean): string[] {
    const told = this.#addresses.filter(({ worked, target }) => !worked && !this.given.includes(target));
    const taken = told
      .filter(({ target, teller }) => teller !== undefined && take(target, teller))
      .map(({ target }) => target);
    return [...new Set([...this.worked, ...this.given, ...taken])];
  }

  retryMs(random: () => number): number {
    const gone = this.isGiven ? undefined : rarer.find(({ attempts }) => this.attempts > attempts);
    const full = gone?.retryMs ?? Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(this.attempts, 10));
    return full * (0.5 + 0.5 * random());
  }
}

/**
 * Answers by mDNS can be forged: their senders take turns, each with its own address first, so that no other can push
 * out the address that the peer's own answer came from.
 */
function inTurns(told: readonly Known[]): Known[] {
  const bySender = [...Map.groupBy(told, ({ teller }) => teller?.place.host).values()];
  const queues = bySender.map((ofSender) => [
    ...ofSender.filter(isTellersOwn),
    ...ofSender.filter((known) => !isTellersOwn(known)),
  ]);
  const turns = Array.from({ length: maxAddresses }, (_, turn) => turn);
  return turns.flatMap((turn) => queues.flatMap((queue) => queue[turn] ?? []));
}

function isTellersOwn({ target, teller }: Known): boolean {
  return placeOf(target)?.host === teller?.place.host;
}
