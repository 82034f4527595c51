import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { AddressBook, PeerId } from "./types.ts";

/** Delay before the second attempt; doubles with each. */
const firstRetryMs = 500;
/** A peer that comes back waits no longer than this. */
export const maxRetryMs = 10_000;
/**
 * Of two peers that find each other at the same time, the one with the higher id waits this long for the other's dial, so that
 * they do not end up with two connections.
 */
const yieldMs = 300;
/** Announcements are not authenticated: a flood of addresses must not become a flood of dials. */
const wakeEveryMs = 2_000;
/** One connection is dialled to each of these; more may come in. */
const maxCandidates = 512;
/** Addresses of one peer: a machine has a few interfaces. Each that is dead costs time at every attempt. */
const maxAddresses = 8;
/** At once: dialling costs a handshake, and a classroom has one small router. */
const maxParallel = 16;
/** Failed attempts after which a peer that was there once may make room for another: more than a short cut of its line. */
const goneAttempts = 5;
/** Peers that were there once keep as many places, whatever is announced. */
const keptCandidates = maxCandidates / 2;
/** A peer that was not there for so long is not dialled at the next start. */
const forgetMs = 30 * 24 * 3_600_000;

interface Candidate {
  /** Unknown for a bootstrap address without one until it was first reached. */
  id: PeerId | undefined;
  /** Multiaddrs without the peer id; the one that worked last first. */
  addresses: string[];
  /**
   * Those of its addresses that a person gave: always dialled, for a name may lead to the peer when all else that is known of it is
   * old. A peer that has some is never forgotten.
   */
  given: string[];
  /** Failed since it was last connected. */
  attempts: number;
  everConnected: boolean;
  dialing: boolean;
  /** Who was behind an address without an id: it is dialled again once that peer is gone, for another may be there. */
  reached: PeerId | undefined;
  /** When news of its addresses last cut the waiting short. */
  wokenAtMs: number;
  cancel: (() => void) | undefined;
}

export interface DialerOptions {
  ownId: PeerId;
  clock: Clock;
  logger: Logger;
  random: () => number;
  addressBook: AddressBook;
  bootstrap: readonly string[];
  /** Resolves to the peer that was reached. `id` is verified by the handshake where it is given. */
  dial(addresses: string[], id: PeerId | undefined): Promise<PeerId>;
  connected(id: PeerId): boolean;
  /** Time for which the peer must not be dialled. */
  blockedMs(id: PeerId): number;
  /** False where there are connections enough. */
  hasRoom(): boolean;
}

/** Connects to every peer it hears of, and again for ever: libp2p itself dials nobody. */
export class Dialer {
  readonly #options: DialerOptions;
  readonly #candidates = new Set<Candidate>();
  readonly #byId = new Map<PeerId, Candidate>();
  readonly #saving = new Set<Promise<void>>();
  #dialing = 0;
  #running = false;

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { addressBook, bootstrap, clock, logger } = this.#options;
    this.#running = true;
    for (const address of bootstrap) {
      const [bare, id] = splitPeerId(address);
      this.#add(id, [bare], true);
    }
    for (const entry of await addressBook.load()) {
      if (clock.now() - entry.lastSeenMs > forgetMs) {
        await addressBook.remove(entry.id);
        logger.debug({ peer: entry.id }, "forgot a peer that was not there for long");
      } else this.found(entry.id, entry.addresses);
    }
  }

  /** Resolves when the address book is written. */
  async stop(): Promise<void> {
    this.#running = false;
    for (const candidate of this.#candidates) candidate.cancel?.();
    await Promise.all(this.#saving);
  }

  /** Discovery, or a peer that tells its addresses. Multiaddrs with or without the peer id. */
  found(id: PeerId, addresses: readonly string[]): void {
    if (id === this.#options.ownId || !this.#running) return;
    const bare = addresses.map((address) => splitPeerId(address)[0]);
    const known = this.#byId.get(id);
    if (!known) {
      this.#add(id, bare, false);
      return;
    }
    const added = bare.filter((address) => !known.addresses.includes(address));
    if (added.length === 0) return;
    // The first one worked last: what others say about a peer does not push it out.
    const [first, ...others] = known.addresses;
    known.addresses = [...(first ? [first] : []), ...added, ...others].slice(0, maxAddresses);
    const now = this.#options.clock.now();
    if (known.dialing || Math.abs(now - known.wokenAtMs) < wakeEveryMs) return;
    known.wokenAtMs = now;
    this.#schedule(known, this.#yieldMs(id));
  }

  /** `address`: the one that was dialled; undefined for a connection that came in. */
  onConnected(id: PeerId, address: string | undefined): void {
    const known = this.#byId.get(id);
    if (!known) return;
    known.attempts = 0;
    known.everConnected = true;
    known.cancel?.();
    if (address) {
      const [bare] = splitPeerId(address);
      known.addresses = [bare, ...known.addresses.filter((other) => other !== bare)].slice(0, maxAddresses);
    }
    this.#save(id);
  }

  onDisconnected(id: PeerId): void {
    const known = this.#byId.get(id);
    if (!known) return;
    known.attempts = 0;
    this.#save(id);
    if (!known.dialing) this.#schedule(known, this.#yieldMs(id) + this.#options.random() * 200);
  }

  /** A person gave an address of the peer. */
  isGiven(id: PeerId): boolean {
    return (this.#byId.get(id)?.given.length ?? 0) > 0;
  }

  /** Writes a peer's addresses to the address book, where it was connected once. */
  #save(id: PeerId): void {
    const known = this.#byId.get(id);
    const { addressBook, clock } = this.#options;
    if (!this.#running || !known?.everConnected || known.addresses.length === 0) return;
    this.#write(addressBook.save({ id, addresses: known.addresses, lastSeenMs: clock.now() }));
  }

  #write(written: Promise<void>): void {
    const saving = written
      .catch((error) =>
        this.#options.logger.warn({ error: messageOf(error) }, "the address book was not written"),
      )
      .finally(() => this.#saving.delete(saving));
    this.#saving.add(saving);
  }

  /** `given`: by a person. */
  #add(id: PeerId | undefined, addresses: string[], given: boolean): void {
    if (id === this.#options.ownId || addresses.length === 0) return;
    const known = id === undefined ? undefined : this.#byId.get(id);
    if (known) {
      if (given) known.given = union(known.given, addresses);
      return;
    }
    if (this.#candidates.size >= maxCandidates && !given && !this.#evict()) return;
    const candidate: Candidate = {
      id,
      addresses: addresses.slice(0, maxAddresses),
      given: given ? addresses : [],
      attempts: 0,
      everConnected: false,
      dialing: false,
      reached: undefined,
      wokenAtMs: 0,
      cancel: undefined,
    };
    this.#candidates.add(candidate);
    if (id !== undefined) this.#byId.set(id, candidate);
    this.#schedule(candidate, id === undefined ? 0 : this.#yieldMs(id));
  }

  /**
   * Removes the peer that failed most. Announcements of peers that never were there must not push out real ones; but anybody can
   * connect once under each of many ids, so that those which are gone make room where they hold most places.
   */
  #evict(): boolean {
    const { addressBook, connected } = this.#options;
    const candidates = [...this.#candidates].sort((a, b) => b.attempts - a.attempts);
    const failed = candidates.filter(({ given, attempts }) => given.length === 0 && attempts > 0);
    let worst = failed.find(({ everConnected }) => !everConnected);
    if (!worst && candidates.filter(({ everConnected }) => everConnected).length > keptCandidates) {
      worst = failed.find(({ id, attempts }) => attempts >= goneAttempts && !(id && connected(id)));
      if (worst?.id) this.#write(addressBook.remove(worst.id));
    }
    if (worst) this.#remove(worst);
    return worst !== undefined;
  }

  #remove(candidate: Candidate): void {
    candidate.cancel?.();
    this.#candidates.delete(candidate);
    if (candidate.id !== undefined && this.#byId.get(candidate.id) === candidate)
      this.#byId.delete(candidate.id);
  }

  #yieldMs(id: PeerId): number {
    return this.#options.ownId < id ? 0 : yieldMs;
  }

  #schedule(candidate: Candidate, delayMs: number): void {
    candidate.cancel?.();
    if (!this.#running) return;
    candidate.cancel = this.#options.clock.after(delayMs, () => {
      candidate.cancel = undefined;
      void this.#attempt(candidate);
    });
  }

  #retryMs(attempts: number): number {
    const full = Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(attempts, 10));
    return full * (0.5 + 0.5 * this.#options.random());
  }

  async #attempt(candidate: Candidate): Promise<void> {
    const { id } = candidate;
    const options = this.#options;
    if (!this.#running || candidate.dialing || !this.#candidates.has(candidate)) return;
    if (id !== undefined) {
      if (options.connected(id)) return;
      const blockedMs = options.blockedMs(id);
      if (blockedMs > 0) return this.#schedule(candidate, blockedMs + this.#retryMs(0));
    }
    if (candidate.reached !== undefined && options.connected(candidate.reached)) {
      return this.#schedule(candidate, maxRetryMs);
    }
    if (this.#dialing >= maxParallel) return this.#schedule(candidate, this.#retryMs(0));
    if (!options.hasRoom()) return this.#schedule(candidate, maxRetryMs);

    candidate.dialing = true;
    this.#dialing++;
    let reached: PeerId | undefined;
    const addresses = union(candidate.addresses, candidate.given);
    try {
      reached = await options.dial(addresses, id);
    } catch (error) {
      options.logger.debug({ peer: id, addresses, error: messageOf(error) }, "dial failed");
    } finally {
      candidate.dialing = false;
      this.#dialing--;
    }
    if (reached === undefined) {
      candidate.attempts++;
      this.#schedule(candidate, this.#retryMs(candidate.attempts));
    } else this.#reached(candidate, reached);
  }

  /** A bootstrap address tells who is behind it when it is reached; another peer may be there later. */
  #reached(candidate: Candidate, id: PeerId): void {
    if (id === this.#options.ownId) this.#remove(candidate);
    else if (candidate.id === undefined) {
      const known = this.#byId.get(id);
      if (known) {
        known.given = union(known.given, candidate.given);
        known.addresses = union(candidate.addresses, known.addresses).slice(0, maxAddresses);
      } else this.#add(id, candidate.addresses, true);
      this.onConnected(id, undefined);
      candidate.reached = id;
      this.#schedule(candidate, maxRetryMs);
    } else if (!this.#options.connected(id)) this.onDisconnected(id);
  }
}

function union(first: readonly string[], second: readonly string[]): string[] {
  return [...new Set([...first, ...second])];
}

/** The multiaddr without its last `/p2p/<id>`, and the id. */
export function splitPeerId(address: string): [address: string, id: PeerId | undefined] {
  const match = /^(.*)\/p2p\/([^/]+)$/.exec(address);
  return match ? [match[1]!, match[2]!] : [address, undefined];
}
