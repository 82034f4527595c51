import type { Network, PeerId, PeerInfo } from "../network/types.ts";
import { addressGroup } from "../util/address-group.ts";
import type { Clock } from "../util/clock.ts";
import { LruMap } from "../util/lru.ts";
import { FailedClaims } from "./failed-claims.ts";

/**
 * The kinds of places: for a peer that has delivered before, for one that this node dialled by its own choice, and for
 * anybody.
 */
const kinds = ["proven", "chosen", "anybody"] as const;
type Kind = (typeof kinds)[number];

/** Peers that are tried at once. Filling the places for anybody leaves the others free. */
const places: Record<Kind, number> = { proven: 1, chosen: 1, anybody: 2 };
const maxProven = 256;

export interface CandidatesOptions {
  network: Pick<Network, "peers">;
  clock: Clock;
}

/**
 * Decides which peers are tried, several at once, when only their claims are known. Ids and claims cost nothing. What
 * counts is which peers have failed, which have delivered, and which were the node's own choice.
 */
export class Candidates {
  readonly #network: Pick<Network, "peers">;
  readonly #doubts: FailedClaims;
  readonly #proven = new LruMap<PeerId, true>(maxProven);
  readonly #tried = new Map<PeerId, Kind>();

  constructor({ network, clock }: CandidatesOptions) {
    this.#network = network;
    this.#doubts = new FailedClaims(clock);
  }

  /** The number of peers being tried. */
  get tried(): number {
    return this.#tried.size;
  }

  /**
   * The peers that may be tried, best first, without those being tried and those that failed recently. `peers` are in
   * the order of their claims, which decides between equals only.
   */
  untried(peers: readonly PeerId[]): PeerId[] {
    return this.#ranked(peers).filter((peer) => !this.#tried.has(peer));
  }

  /** Takes a place for one of the peers, if there is one that it may have. */
  take(peer: PeerId): boolean {
    const free = new Set(kinds.filter((kind) => this.#countOf(kind) < places[kind]));
    const kind = this.#kindsOf(peer, this.#infoOf(peer)).find((one) => free.has(one));
    if (kind) this.#tried.set(peer, kind);
    return kind !== undefined;
  }

  free(peer: PeerId): void {
    this.#tried.delete(peer);
  }

  /**
   * Up to `count` peers to ask together, possibly some that are being tried: the best ones, including one that has
   * delivered and one that was chosen, if there are any.
   */
  some(peers: readonly PeerId[], count: number): PeerId[] {
    const infos = this.#infos();
    const ranked = this.#ranked(peers, infos);
    const kept = (["proven", "chosen"] as const).flatMap(
      (kind) => ranked.find((peer) => this.#kindsOf(peer, infos.get(peer)).includes(kind)) ?? [],
    );
    return [...new Set([...kept, ...ranked])].slice(0, count);
  }

  /** The peer delivered something that was checked. */
  prove(peer: PeerId): void {
    this.#proven.set(peer, true);
  }

  /** The peer delivered everything that it claimed. */
  trust(peer: PeerId): void {
    this.prove(peer);
    this.#doubts.delete(peer);
  }

  /** The peer did not deliver what it claimed. Returns for how many milliseconds it is left out. */
  doubt(peer: PeerId): number {
    this.#proven.delete(peer);
    return this.#doubts.add(peer, this.#groupOf(this.#infoOf(peer)));
  }

  #ranked(peers: readonly PeerId[], infos = this.#infos()): PeerId[] {
    const triedGroups = [...this.#tried.keys()].map((peer) => this.#groupOf(infos.get(peer)));
    return peers
      .filter((peer) => infos.has(peer) && !this.#doubts.has(peer))
      .map((peer) => ({ peer, rank: this.#rank(infos.get(peer)!, triedGroups) }))
      .sort((a, b) => compareRanks(a.rank, b.rank))
      .map(({ peer }) => peer);
  }

  /**
   * Failures come first: a peer's own and those of its network, added up. Neither new ids of a failing network nor old
   * ones then displace a peer that failed once. If a peer of a network is being tried, its others wait for the answer,
   * since they may be the same.
   */
  #rank(info: PeerInfo, triedGroups: readonly string[]): number[] {
    const { id, connectedAtMs } = info;
    if (this.#kindsOf(id, info).length > 1) return [this.#doubts.times(id), connectedAtMs];
    const group = this.#groupOf(info);
    const ofGroup = this.#doubts.timesOfGroup(group) + triedGroups.filter((one) => one === group).length;
    return [this.#doubts.times(id) + ofGroup, connectedAtMs];
  }

  #kindsOf(peer: PeerId, info: PeerInfo | undefined): Kind[] {
    return kinds.filter((kind) => {
      if (kind === "proven") return this.#proven.has(peer);
      return kind === "anybody" || info?.chosen === true;
    });
  }

  #countOf(kind: Kind): number {
    return [...this.#tried.values()].filter((one) => one === kind).length;
  }

  /** Listing all peers takes time: once for a call, not once for each peer. */
  #infos(): Map<PeerId, PeerInfo> {
    return new Map(this.#network.peers().map((info) => [info.id, info]));
  }

  #infoOf(peer: PeerId): PeerInfo | undefined {
    return this.#network.peers().find(({ id }) => id === peer);
  }

  #groupOf(info: PeerInfo | undefined): string {
    return info ? addressGroup(info.address) : "";
  }
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [index, rank] of a.entries()) if (rank !== b[index]) return rank - b[index]!;
  return 0;
}
