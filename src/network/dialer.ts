import { inBackground } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { targetOf } from "./address.ts";
import { Candidate, maxRetryMs, toldAttempts } from "./candidate.ts";
import { DialCandidates } from "./dial-candidates.ts";
import { Dials, type DialsOptions } from "./dials.ts";
import type { KnownPeers } from "./known-peers.ts";
import type { Teller, Told } from "./told.ts";
import type { PeerId } from "./types.ts";
import { type OtherChain, Unreached, type UnreachedAddress } from "./unreached.ts";

/**
 * When two peers find each other at the same time, the one with the higher id waits this long for the other's dial, so
 * that they do not end up with two connections.
 */
export const yieldMs = 300;
/** Announcements are not authenticated: a flood of addresses must not become a flood of dials. */
const wakeEveryMs = 2_000;
/**
 * A shorter connection counts as a failed attempt, so that a peer that closes at once is dialled less and less often.
 */
export const lastedMs = 10_000;

export interface DialerOptions extends DialsOptions {
  ownId: PeerId;
  clock: Clock;
  logger: Logger;
  random: () => number;
  knownPeers: KnownPeers;
  told: Told;
  bootstrap: readonly string[];
  /** Resolves to the peer that was reached. The handshake verifies `id` if it is given. */
  dial(addresses: string[], id: PeerId | undefined): Promise<PeerId>;
  /** False for peers that must never be dialled, whoever reports them. */
  isAllowed(id: PeerId): boolean;
  /** The time for which the peer must not be dialled. */
  blockedMs(id: PeerId): number;
  /** The addresses on which this node listens, without its id. */
  ownTargets(): readonly string[];
}

/**
 * Dials every known peer. Peers that a person gave, and peers that once stayed, are redialled forever with back-off;
 * peers that were only reported are dialled a few times. libp2p's auto-dial is off.
 */
export class Dialer {
  readonly #options: DialerOptions;
  readonly #candidates: DialCandidates;
  readonly #unreached: Unreached;
  readonly #dials: Dials;
  #running = false;

  constructor(options: DialerOptions) {
    this.#options = options;
    this.#unreached = new Unreached(options);
    this.#dials = new Dials(options);
    this.#candidates = new DialCandidates({
      connected: options.connected,
      onRemoved: (candidate) => {
        candidate.cancel?.();
        candidate.cancel = undefined;
        const { id } = candidate;
        if (id !== undefined && !this.#candidates.get(id)) options.knownPeers.forget(id);
      },
    });
  }

  async start(): Promise<void> {
    const { knownPeers, bootstrap } = this.#options;
    this.#running = true;
    for (const address of bootstrap) this.#give(address);
    await knownPeers.load();
    for (const { id, addresses, dialled } of knownPeers.all()) {
      const candidate = this.#candidates.get(id) ?? this.#add(new Candidate(id, []));
      if (!candidate) continue;
      candidate.proven = true;
      candidate.chosen = dialled ?? false;
      for (const address of [...addresses].reverse()) candidate.onWorked(targetOf(address));
    }
  }

  /** Resolves when the address book is written. */
  async stop(): Promise<void> {
    this.#running = false;
    for (const candidate of this.#candidates.values()) candidate.cancel?.();
    await this.#options.knownPeers.written();
  }

  /** Discovery or a peer reports addresses: multiaddrs with or without the peer id. */
  found(id: PeerId, addresses: readonly string[], teller: Teller): void {
    const { ownId, told, ownTargets, clock, connected, isAllowed } = this.#options;
    if (id === ownId || !this.#running || !isAllowed(id)) return;
    const targets = told.usable(addresses, teller, ownTargets());
    if (targets.length === 0) return;
    const known = this.#candidates.get(id);
    if (!known) {
      const candidate = new Candidate(id, []);
      candidate.teller = teller;
      candidate.tell(targets, teller);
      this.#add(candidate);
      return;
    }
    if (!known.tell(targets, teller) || known.dialing || connected(id)) return;
    const now = clock.now();
    if (Math.abs(now - known.wokenAtMs) < wakeEveryMs) return;
    known.wokenAtMs = now;
    // A new announcement does not shorten the back-off of a peer that keeps disconnecting.
    if (known.attempts === 0 || known.proven) this.#schedule(known, this.#yieldMs(id));
  }

  /** Addresses at which the peer once stayed connected. */
  workedOf(id: PeerId): readonly string[] {
    return this.#candidates.get(id)?.worked ?? [];
  }

  /** `address` is the one that was dialled; undefined for an inbound connection. */
  onConnected(id: PeerId, address: string | undefined): void {
    const known = this.#candidates.get(id);
    if (!known) return;
    known.dialledTo = address === undefined ? undefined : targetOf(address);
    known.cancel?.();
    known.cancel = this.#options.clock.after(lastedMs, () => {
      known.cancel = undefined;
      this.#onLasted(known, id);
    });
  }

  onDisconnected(id: PeerId): void {
    const known = this.#candidates.get(id);
    if (!known) return;
    // The timer is cleared once the connection has lasted.
    const lasted = known.cancel === undefined;
    if (lasted) {
      this.#remember(known, id);
      if (!known.dialing) this.#schedule(known, this.#yieldMs(id) + this.#options.random() * 200);
    } else if (!known.dialing) this.#failed(known);
  }

  /** The addresses that a person gave and that are not reached. */
  unreached(): UnreachedAddress[] {
    return this.#unreached.list();
  }

  /** Notes that a connected peer follows another chain. The caller is about to disconnect it. */
  isOfOtherChain(chain: OtherChain): void {
    const known = this.#candidates.get(chain.peer);
    if (known) this.#unreached.isOfOtherChain(known, chain);
  }

  /** True if a person gave an address of the peer. */
  isGiven(id: PeerId): boolean {
    return this.#candidates.get(id)?.isGiven ?? false;
  }

  /**
   * True if a person gave an address of the peer, or if the address book had it at the start, from a dial of this node.
   */
  isChosen(id: PeerId): boolean {
    const known = this.#candidates.get(id);
    return known !== undefined && (known.isGiven || known.chosen);
  }

  #onLasted(candidate: Candidate, id: PeerId): void {
    if (!this.#options.connected(id)) return;
    candidate.onLasted();
    this.#unreached.reached(candidate);
    this.#remember(candidate, id);
  }

  #remember(candidate: Candidate, id: PeerId): void {
    if (this.#running && candidate.proven)
      this.#options.knownPeers.remember(id, candidate.worked, candidate.dialledTo !== undefined);
  }

  /** Adds an address that a person gave. */
  #give(address: string): void {
    const [bare, id] = splitPeerId(address);
    const known = id === undefined ? undefined : this.#candidates.get(id);
    if (known) known.given = [...new Set([...known.given, bare])];
    else this.#add(new Candidate(id, [bare]));
  }

  /** The peer that was reached at an address without an id is no longer there, so that nobody has given it. */
  #takeBack({ given, reached }: Candidate): void {
    const former = reached === undefined ? undefined : this.#candidates.get(reached);
    if (!former) return;
    const { bootstrap } = this.#options;
    former.given = former.given.filter(
      (address) => !given.includes(address) || bootstrap.includes(`${address}/p2p/${reached}`),
    );
    if (!former.isKept) this.#candidates.remove(former);
  }

  #add(candidate: Candidate): Candidate | undefined {
    const { id } = candidate;
    if (id === this.#options.ownId || !this.#candidates.add(candidate)) return undefined;
    this.#schedule(candidate, id === undefined ? 0 : this.#yieldMs(id));
    return candidate;
  }

  #yieldMs(id: PeerId): number {
    return this.#options.ownId < id ? 0 : yieldMs;
  }

  #schedule(candidate: Candidate, delayMs: number): void {
    candidate.cancel?.();
    candidate.cancel = undefined;
    if (!this.#running || !this.#candidates.has(candidate)) return;
    const { id } = candidate;
    // While the peer is connected, the timer waits for the connection to last.
    if (id !== undefined && this.#options.connected(id)) {
      this.onConnected(id, candidate.dialledTo);
      return;
    }
    candidate.cancel = this.#options.clock.after(delayMs, () => {
      candidate.cancel = undefined;
      inBackground(this.#attempt(candidate));
    });
  }

  #retryMs(candidate: Candidate): number {
    return candidate.retryMs(this.#options.random);
  }

  #failed(candidate: Candidate, error?: unknown): void {
    // The peer may have connected to this node meanwhile.
    if (candidate.id === undefined || !this.#options.connected(candidate.id)) {
      candidate.attempts++;
      this.#unreached.failed(candidate, error);
    }
    if (!candidate.isKept && candidate.attempts >= toldAttempts) this.#candidates.remove(candidate);
    else this.#schedule(candidate, this.#retryMs(candidate));
  }

  async #attempt(candidate: Candidate): Promise<void> {
    const { id } = candidate;
    const options = this.#options;
    if (!this.#running || candidate.dialing || !this.#candidates.has(candidate)) return;
    if (id !== undefined && options.connected(id)) return;
    const peer = id ?? candidate.reached;
    if (peer !== undefined) {
      if (options.connected(peer)) return this.#schedule(candidate, maxRetryMs);
      const blockedMs = options.blockedMs(peer);
      if (blockedMs > 0) return this.#schedule(candidate, blockedMs + this.#retryMs(candidate));
    }
    const refusal = this.#dials.refusal(candidate);
    // Peers will report it again when the node asks for more.
    if (refusal === "unwanted") return this.#candidates.remove(candidate);
    if (refusal) return this.#schedule(candidate, refusal === "full" ? maxRetryMs : this.#retryMs(candidate));
    const now = candidate.toDial((target, teller) => options.told.take(target, teller));
    if (now.length === 0) return this.#failed(candidate);

    candidate.dialing = true;
    const ended = this.#dials.begin(candidate, now[0]!);
    let reached: PeerId | undefined;
    let failure: unknown;
    try {
      reached = await options.dial(now, id);
    } catch (error) {
      failure = error;
      options.logger.debug({ peer: id, addresses: now, error: messageOf(error) }, "dial failed");
    } finally {
      candidate.dialing = false;
      ended();
    }
    if (reached === undefined) this.#failed(candidate, failure);
    else this.#reached(candidate, reached);
  }

  /** The peer behind a bootstrap address is known once the address is reached; another peer may be there later. */
  #reached(candidate: Candidate, id: PeerId): void {
    if (id === this.#options.ownId) this.#candidates.remove(candidate);
    else if (candidate.id === undefined) {
      if (candidate.reached !== id) this.#takeBack(candidate);
      for (const address of candidate.given) this.#give(`${address}/p2p/${id}`);
      candidate.reached = id;
      this.#unreached.answered(candidate, id);
      this.#schedule(candidate, maxRetryMs);
    } else if (!this.#options.connected(id)) this.#failed(candidate);
  }
}

/** The multiaddr without its last `/p2p/<id>`, and the id. */
export function splitPeerId(address: string): [address: string, id: PeerId | undefined] {
  const match = /^(.*)\/p2p\/([^/]+)$/.exec(address);
  return match ? [match[1]!, match[2]!] : [address, undefined];
}
