import type { Clock } from "../util/clock.ts";
import type { PeerId, PeerInfo } from "./types.ts";

/**
 * gossipsub's meshes take up to 12 peers. The addresses share 8 places, so that some are left for peers that come
 * later.
 */
const places = 8;
/** Each address may take at least two places, so four addresses can fill them all. */
const leastPerHost = 2;
const refreshMs = 1_000;

/**
 * Takes a peer out of gossipsub's meshes, which keep none below 0: its other points there are at most 10. It changes
 * nothing else, as the next threshold is at -40.
 */
export const crowdScore = -20;

export interface MeshSharesOptions {
  clock: Clock;
  peers(): readonly Pick<PeerInfo, "id" | "direction" | "connectedAtMs">[];
  /** The address that a peer is counted for. */
  hostOf(peer: PeerId): string;
  /** True for peers that a person gave. They are not counted. */
  isGiven(peer: PeerId): boolean;
}

/**
 * Shares out the places in gossipsub's meshes among addresses. Ids cost nothing: silent ones of a few addresses could
 * otherwise fill a mesh, and honest peers that come later would hear of everything some seconds late.
 */
export class MeshShares {
  readonly #options: MeshSharesOptions;
  #crowd: ReadonlySet<PeerId> = new Set();
  #countedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: MeshSharesOptions) {
    this.#options = options;
  }

  /** The part of gossipsub's application score of a peer that depends on its address. */
  scoreOf(peer: PeerId): number {
    const nowMs = this.#options.clock.now();
    if (Math.abs(nowMs - this.#countedAtMs) >= refreshMs) {
      this.#crowd = this.#count();
      this.#countedAtMs = nowMs;
    }
    return this.#crowd.has(peer) ? crowdScore : 0;
  }

  /** The peers above the share of their address: those that this node dialled have places first, then the oldest. */
  #count(): Set<PeerId> {
    const { peers, hostOf, isGiven } = this.#options;
    const hosts = Map.groupBy(
      peers().filter(({ id }) => !isGiven(id)),
      ({ id }) => hostOf(id),
    );
    const share = Math.max(leastPerHost, Math.floor(places / hosts.size));
    const crowd = new Set<PeerId>();
    for (const members of hosts.values()) {
      const surplus = members
        .sort((a, b) => rank(a) - rank(b) || a.connectedAtMs - b.connectedAtMs)
        .slice(share);
      for (const { id } of surplus) crowd.add(id);
    }
    return crowd;
  }
}

function rank({ direction }: Pick<PeerInfo, "direction">): number {
  return direction === "outbound" ? 0 : 1;
}
