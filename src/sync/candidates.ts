import type { Network, PeerId, PeerInfo } from "../../protocols/index.ts";
import { addressGroup } from "../util/address-group.ts";
import type { Clock } from "../util/clock.ts";
import { LruMap } from "../util/lru.ts";
import { Doubts } from "./doubts.ts";

/** Whom a place is kept for: a peer that has delivered before, one that this node dialled by its own choice, or anybody. */
const kinds = ["proven", "chosen", "anybody"] as const;
type Kind = (typeof kinds)[number];

/** Peers that are tried at once. Whoever fills the places for anybody keeps the others free. */
const places: Record<Kind, number> = { proven: 1, chosen: 1, anybody: 2 };
const maxProven = 256;

export interface CandidatesOptions {
  network: Pick<Network, "peers">;
  clock: Clock;
}

/**
 * Decides which peers are tried, several at once, when all that is known of them is what they claim. Ids cost nothing, and neither do
 * claims: what counts is who has failed, who has delivered, and who was the node's own choice.
 */
export class Candidates {
  readonly #network: Pick<Network, "peers">;
  readonly #doubts: Doubts;
  readonly #proven = new LruMap<PeerId, true>(maxProven);
  readonly #tried = new Map<PeerId, Kind>();

  constructor({ network, clock }: CandidatesOptions) {
    this.#network = network;
    this.#doubts = new Doubts(clock);
  }

  /** Peers being tried. */
  get tried(): number {
    return this.#tried.size;
  }

  /**
   * Those of `peers`, best first, that may be tried: those being tried and those who failed of late are left out. `peers`: in the order
   * of what they claim, which decides between equals only.
   */
  untried(peers: readonly PeerId[]): PeerId[] {
    return this.#ranked(peers).filter((peer) => !this.#tried.has(peer));
  }

  /** Takes a place for one of the peers, if there is one that it may have. */
  take(peer: PeerId): boolean {
    const free = new Set(kinds.filter((kind) => this.#countOf(kind) < places[kind]));
    const kind = this.#kindsOf(peer).find((one) => free.has(one));
    if (kind) this.#tried.set(peer, kind);
    return kind !== undefined;
  }

  free(peer: PeerId): void {
    this.#tried.delete(peer);
  }

  /** Up to `count` of the peers, also of those being tried, to ask together: the best, and among them one that delivered and one that was chosen, if there is any. */
  some(peers: readonly PeerId[], count: number): PeerId[] {
    const ranked = this.#ranked(peers);
    const kept = (["proven", "chosen"] as const).flatMap(
      (kind) => ranked.find((peer) => this.#kindsOf(peer).includes(kind)) ?? [],
    );
    return [...new Set([...kept, ...ranked])].slice(0, count);
  }

  /** The peer gave something that was checked. */
  prove(peer: PeerId): void {
    this.#proven.set(peer, true);
  }

  /** It gave all that it claimed. */
  trust(peer: PeerId): void {
    this.prove(peer);
    this.#doubts.delete(peer);
  }

  /** It did not. Returns for how many milliseconds it is left out. */
  doubt(peer: PeerId): number {
    this.#proven.delete(peer);
    return this.#doubts.add(peer, this.#groupOf(this.#infoOf(peer)));
  }

  #ranked(peers: readonly PeerId[]): PeerId[] {
    const infos = new Map(this.#network.peers().map((info) => [info.id, info]));
    const triedGroups = [...this.#tried.keys()].map((peer) => this.#groupOf(infos.get(peer)));
    return peers
      .filter((peer) => infos.has(peer) && !this.#doubts.has(peer))
      .map((peer) => ({ peer, rank: this.#rank(infos.get(peer)!, triedGroups) }))
      .sort((a, b) => compareRanks(a.rank, b.rank))
      .map(({ peer }) => peer);
  }

  /**
   * Failures first: a peer's own and those of its network, added up, so that neither new ids of a network that fails nor old ones push
   * a peer aside that failed once. A network of which somebody is being tried waits for the answer, since its other ids may be the same.
   */
  #rank(info: PeerInfo, triedGroups: readonly string[]): number[] {
    const { id, connectedAtMs } = info;
    if (this.#kindsOf(id, info).length > 1) return [this.#doubts.times(id), connectedAtMs];
    const group = this.#groupOf(info);
    const ofGroup = this.#doubts.timesOfGroup(group) + triedGroups.filter((one) => one === group).length;
    return [this.#doubts.times(id) + ofGroup, connectedAtMs];
  }

  #kindsOf(peer: PeerId, info = this.#infoOf(peer)): Kind[] {
    return kinds.filter((kind) => {
      if (kind === "proven") return this.#proven.has(peer);
      return kind === "anybody" || info?.chosen === true;
    });
  }

  #countOf(kind: Kind): number {
    return [...this.#tried.values()].filter((one) => one === kind).length;
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
