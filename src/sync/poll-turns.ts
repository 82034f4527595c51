import type { PeerId, PeerInfo } from "../network/types.ts";
import type { Clock } from "../util/clock.ts";

export const pollLimits = {
  /** Gossip announces new blocks at once; polling finds the ones that gossip lost. */
  everyMs: 5_000,
  /** Peers that connected by themselves: idle strangers could otherwise be most of what a node has to do. */
  inbound: 16,
  /** Questions asked at once, so that whoever asks this node meanwhile waits for a few of them only. */
  atOnce: 8,
  pauseMs: 200,
};

export interface PollTurnsOptions {
  clock: Clock;
  peers(): readonly Pick<PeerInfo, "id" | "direction">[];
  /** The address that a peer is counted for. */
  hostOf(peer: PeerId): string;
  ask(peer: PeerId): void;
}

/**
 * Asks peers again and again: in each round all that this node dialled, and some of the others: one of each address,
 * then a second of each, and so on; of one address those that were not asked for the longest time. A new peer comes
 * last, so that neither new ids nor many of them keep others from their turn.
 */
export class PollTurns {
  readonly #options: PollTurnsOptions;
  /** Connected peers, those first that were not asked for the longest time. */
  #queue: PeerId[] = [];
  #cancel: () => void = () => undefined;

  constructor(options: PollTurnsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#after(pollLimits.everyMs, () => this.#askSome(this.#round(), 0));
  }

  stop(): void {
    this.#cancel();
  }

  /** The peers whose turn it is. */
  #round(): PeerId[] {
    const directions = new Map(this.#options.peers().map(({ id, direction }) => [id, direction]));
    const known = new Set([...this.#queue, ...directions.keys()]);
    const connected = [...known].filter((id) => directions.has(id));
    const of = (one: PeerInfo["direction"]) => connected.filter((id) => directions.get(id) === one);
    const turn = [...of("outbound"), ...this.#byTurnsOfHosts(of("inbound")).slice(0, pollLimits.inbound)];
    const asked = new Set(turn);
    this.#queue = [...connected.filter((id) => !asked.has(id)), ...turn];
    return turn;
  }

  #byTurnsOfHosts(peers: readonly PeerId[]): PeerId[] {
    const ofHosts = Map.groupBy(peers, (peer) => this.#options.hostOf(peer));
    const place = (peer: PeerId) => ofHosts.get(this.#options.hostOf(peer))!.indexOf(peer);
    return peers
      .map((peer) => ({ peer, place: place(peer) }))
      .sort((a, b) => a.place - b.place)
      .map(({ peer }) => peer);
  }

  #askSome(turn: readonly PeerId[], waitedMs: number): void {
    const { everyMs, atOnce, pauseMs } = pollLimits;
    for (const id of turn.slice(0, atOnce)) this.#options.ask(id);
    const others = turn.slice(atOnce);
    if (others.length > 0) this.#after(pauseMs, () => this.#askSome(others, waitedMs + pauseMs));
    else this.#after(Math.max(0, everyMs - waitedMs), () => this.#askSome(this.#round(), 0));
  }

  #after(delayMs: number, callback: () => void): void {
    this.#cancel = this.#options.clock.after(delayMs, callback);
  }
}
