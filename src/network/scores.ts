import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { PeerId, PeerOffence } from "./types.ts";

/** A peer is banned at or below this score. */
export const banScore = -100;
/** Long enough to make a flood useless, short enough for an operator who has repaired the node to wait for. */
export const banMs = 10 * 60_000;
/** A peer of another chain may get the right one meanwhile. */
export const wrongGenesisMs = 60_000;
/** A score is halved in this time. */
export const halfLifeMs = 5 * 60_000;
/** A score that is nearer to 0 counts as 0. */
const negligible = 0.1;
/** Peer ids cost nothing, so above this many the least bad are forgotten. */
const maxTracked = 4096;
/** Minor trouble does not change which peers gossip goes to. */
const gossipGrace = 20;

/** `floor`: the offence alone takes no peer below it. */
export const offences: Record<PeerOffence, { points: number; floor?: number }> = {
  /** No honest program comes near the limits, and such a flood costs a second per RPC: one is enough for a ban. */
  excessiveRpc: { points: 100 },
  /**
   * Every node checks before forwarding, so the sender is at fault. One such message may come from broken memory; the
   * second within a minute bans.
   */
  invalidMessage: { points: 55 },
  invalidBlock: { points: 55 },
  /** A request that does not decode or breaks a rule is at best a fault in the program. */
  invalidRequest: { points: 15 },
  /**
   * Peers are asked every few seconds: two wrong answers must be enough, or a liar stays for longer than ten seconds.
   */
  invalidResponse: { points: 55 },
  /** An honest node stays below the quotas by itself, except directly after a restart. */
  rateLimited: { points: 1 },
  /** A slow, stopped or disconnected peer is asked last, but never banned for it. */
  timeout: { points: 5, floor: -50 },
  /** A peer of another chain on the same network is kept away, not punished. */
  wrongGenesis: { points: 0 },
};

interface Entry {
  score: number;
  atMs: number;
}

/** Scores of peers by id, and the peers that are kept away, with the end of that time. They outlive connections. */
export class PeerScores {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #entries = new Map<PeerId, Entry>();
  readonly #blocked = new Map<PeerId, { untilMs: number; forMs: number; banned: boolean }>();
  readonly #onBlocked: (peer: PeerId, banned: boolean) => void;

  /** `onBlocked` must disconnect the peer. `banned` is true for misbehaviour. */
  constructor(options: {
    clock: Clock;
    logger: Logger;
    onBlocked: (peer: PeerId, banned: boolean) => void;
  }) {
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#onBlocked = options.onBlocked;
  }

  /** 0 or negative. */
  score(peer: PeerId): number {
    const entry = this.#entries.get(peer);
    if (!entry) return 0;
    const score = entry.score * 0.5 ** (Math.max(0, this.#clock.now() - entry.atMs) / halfLifeMs);
    return score > -negligible ? 0 : score;
  }

  /** The peer's score as gossipsub's application score. */
  gossipScore(peer: PeerId): number {
    const score = this.score(peer);
    return score > -gossipGrace ? 0 : score;
  }

  penalize(peer: PeerId, offence: PeerOffence, detail: string): void {
    // A ban settles the offences of a banned peer that were still being processed.
    if (this.blocked(peer) && this.#blocked.get(peer)!.banned) return;
    const before = this.score(peer);
    const { points, floor } = offences[offence];
    const after = floor === undefined ? before - points : Math.min(before, Math.max(before - points, floor));
    this.#logger.debug({ peer, offence, detail, score: Math.round(after) }, "peer penalized");
    if (after < 0) this.#entries.set(peer, { score: after, atMs: this.#clock.now() });
    if (this.#entries.size > maxTracked) this.#forget();
    if (offence === "wrongGenesis") {
      this.#logger.info({ peer, detail }, "the peer follows another chain");
      this.block(peer, wrongGenesisMs);
    } else if (after <= banScore && !this.blocked(peer)) {
      this.#logger.warn({ peer, offence, detail, forMs: banMs }, "peer banned");
      // The score starts again at 0 after the ban.
      this.#entries.delete(peer);
      this.#block(peer, banMs, true);
    }
  }

  block(peer: PeerId, forMs: number): void {
    this.#block(peer, forMs, false);
  }

  #block(peer: PeerId, forMs: number, banned: boolean): void {
    if (forMs > this.blockedMs(peer)) {
      // The entry moves behind those that were blocked earlier.
      this.#blocked.delete(peer);
      this.#blocked.set(peer, { untilMs: this.#clock.now() + forMs, forMs, banned });
    }
    if (this.#blocked.size > maxTracked) this.#forget();
    this.#onBlocked(peer, banned);
  }

  blocked(peer: PeerId): boolean {
    return this.blockedMs(peer) > 0;
  }

  /** The time for which the peer is still kept away. */
  blockedMs(peer: PeerId): number {
    const block = this.#blocked.get(peer);
    if (!block) return 0;
    const now = this.#clock.now();
    // A clock that is set back makes no block longer.
    block.untilMs = Math.min(block.untilMs, now + block.forMs);
    if (block.untilMs <= now) this.#blocked.delete(peer);
    return Math.max(0, block.untilMs - now);
  }

  #forget(): void {
    for (const peer of [...this.#blocked.keys()]) this.blockedMs(peer);
    if (this.#entries.size > maxTracked) {
      const byScore = [...this.#entries.keys()].sort((a, b) => this.score(b) - this.score(a));
      for (const peer of byScore.slice(0, maxTracked / 2)) this.#entries.delete(peer);
    }
    // Claiming to be of another chain costs nothing, while a ban was earned and stays as long as there is room for it.
    const blocked = [...this.#blocked];
    const surplus = Math.max(0, blocked.length - maxTracked);
    const cheap = blocked.filter(([, { banned }]) => !banned).slice(0, surplus);
    const bans = blocked.filter(([, { banned }]) => banned).slice(0, surplus - cheap.length);
    for (const [peer] of [...cheap, ...bans]) this.#blocked.delete(peer);
  }
}
