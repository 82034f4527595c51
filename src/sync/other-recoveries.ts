import { RequestError, recovery } from "../../protocols/index.ts";
import type { Chain } from "../chain/chain.ts";
import { checkRecovery, recoveryId } from "../consensus/index.ts";
import type { Network, PeerId } from "../network/types.ts";
import { type Recovery, zero32 } from "../types/index.ts";
import { inBackground } from "../util/background.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import { type Clock, every } from "../util/clock.ts";
import { messageOf, UserError } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { LruMap } from "../util/lru.ts";
import { ClaimWarnings } from "./claim-warnings.ts";
import type { PeerStatuses } from "./peer-statuses.ts";
import { requestOne } from "./request-one.ts";

/** The interval at which some peers are asked for their recovery. */
export const lookEveryMs = 5_000;
/** Peers that are asked each time: checking the addresses of a recovery takes up to 80 ms of the main thread. */
export const askedAtOnce = 2;
/** A peer is asked again after this time: its operator may have given it another recovery. */
export const askAgainMs = 60_000;
/** Recoveries that were checked; a claim of one of these is not checked again. */
const maxChecked = 64;
const maxHosts = 256;

export interface OtherRecoveriesOptions {
  network: Network;
  statuses: Pick<PeerStatuses, "get">;
  chain: Pick<Chain, "genesis" | "tree">;
  clock: Clock;
  logger: Logger;
}

/** A recovery that peers claim to have been given, and this node was not. Only the agreement of people proves it. */
interface ClaimedRecovery extends Claim {
  /** The number of addresses of connected peers that claim it. */
  addresses: number;
}

/** Claims of peers that have gone through other recoveries than this node. */
export interface RecoveryClaims {
  /** Recoveries that this node was not given, those claimed at the most addresses first. */
  unknown: ClaimedRecovery[];
  /** The number of addresses whose connected peers were not given this node's newest recovery. */
  without: number;
}

interface Claim {
  id: Hex;
  height: number;
  authorities: number;
}

interface Asked {
  atMs: number;
  /** Undefined if the peer has none, or one of this node's. */
  claimed: Claim | undefined;
}

const neverAsked: Asked = { atMs: Number.NEGATIVE_INFINITY, claimed: undefined };

/**
 * Asks peers whose digest names other recoveries which one they were given, so that the operator can be told. A claim
 * decides nothing: it is shown, and nobody is blamed for it. Ids cost nothing, so each address counts once, and
 * addresses take turns.
 */
export class OtherRecoveries {
  readonly #options: OtherRecoveriesOptions;
  readonly #asked = new Map<PeerId, Asked>();
  /** When a peer of an address was asked last. */
  readonly #hostAskedMs = new LruMap<string, number>(maxHosts);
  readonly #checked = new LruMap<Hex, true>(maxChecked);
  readonly #told = new LruMap<Hex, true>(64);
  readonly #warnings: ClaimWarnings;
  #stops: (() => void)[] = [];

  constructor(options: OtherRecoveriesOptions) {
    this.#options = options;
    this.#warnings = new ClaimWarnings(options);
  }

  /** Serves this node's own recovery, and begins to ask the peers. */
  start(): void {
    const { network, chain, clock } = this.#options;
    const { newest } = chain.tree.recoveries;
    network.serve(recovery, async function* () {
      if (!newest) throw new RequestError("resourceUnavailable", "no recovery was given to this node");
      yield newest;
    });
    this.#look();
    this.#stops = [
      network.on("disconnected", (peer) => this.#asked.delete(peer)),
      every(clock, lookEveryMs, () => this.#look()),
    ];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  claims(): RecoveryClaims {
    const { network } = this.#options;
    const others = network.peers().flatMap(({ id }) => {
      const asked = this.#asked.get(id);
      return asked && this.#isOther(id) ? [{ host: network.hostOf(id), claimed: asked.claimed }] : [];
    });
    const unknown = new Map<Hex, ClaimedRecovery>();
    let without = 0;
    for (const peers of Map.groupBy(others, ({ host }) => host).values()) {
      const claimed = mostFrequent(peers.flatMap((peer) => peer.claimed ?? []));
      if (claimed)
        unknown.set(claimed.id, { ...claimed, addresses: (unknown.get(claimed.id)?.addresses ?? 0) + 1 });
      else without++;
    }
    const hasOwn = this.#options.chain.tree.recoveries.newest !== undefined;
    return {
      unknown: [...unknown.values()].sort((a, b) => b.addresses - a.addresses),
      without: hasOwn ? without : 0,
    };
  }

  /** Asks the peers whose address was not asked for the longest time. */
  #look(): void {
    const { network, clock } = this.#options;
    const isDue = ({ atMs }: Asked) => clock.now() - atMs >= askAgainMs;
    const peers = network.peers().map(({ id }) => id);
    const due = peers.filter((id) => this.#isOther(id) && isDue(this.#asked.get(id) ?? neverAsked));
    const hostAskedMs = (id: PeerId) => this.#hostAskedMs.get(network.hostOf(id)) ?? 0;
    const askedMs = (id: PeerId) => (this.#asked.get(id) ?? neverAsked).atMs;
    for (let count = 0; count < askedAtOnce && due.length > 0; count++) {
      due.sort((a, b) => hostAskedMs(a) - hostAskedMs(b) || askedMs(a) - askedMs(b));
      const next = due.shift()!;
      this.#hostAskedMs.set(network.hostOf(next), clock.now());
      inBackground(this.#ask(next));
    }
  }

  /** True if a peer claims that its chain has gone through other recoveries than this node's. */
  #isOther(peer: PeerId): boolean {
    return this.#options.statuses.get(peer)?.isFollowed === false;
  }

  /** Never rejects. */
  async #ask(peer: PeerId): Promise<void> {
    const { network, chain, clock, logger } = this.#options;
    const { ids } = chain.tree.recoveries;
    const before = this.#asked.get(peer);
    this.#asked.set(peer, { atMs: clock.now(), claimed: before?.claimed });
    try {
      const known = ids.at(-1) ?? zero32;
      const answer = await requestOne(network, peer, recovery, { known }).catch((error) => {
        if (error instanceof RequestError && error.code === "resourceUnavailable") return undefined;
        throw error;
      });
      const claimed = answer && this.#check(answer);
      if (!this.#asked.has(peer)) return;
      const isKnown = claimed && ids.some((id) => toHex(id) === claimed.id);
      this.#asked.set(peer, { atMs: clock.now(), claimed: isKnown ? undefined : claimed });
      if (claimed && !isKnown) this.#tell(claimed, peer);
    } catch (error) {
      logger.debug({ peer, error: messageOf(error) }, "the peer did not say which recovery it follows");
      // A node that follows a recovery has checked it, so this peer sends one that nobody follows.
      if (error instanceof UserError) network.penalize(peer, "invalidResponse", messageOf(error));
    }
  }

  /** @throws {UserError} */
  #check(claimed: Recovery): Claim {
    const { genesis } = this.#options.chain;
    const id = toHex(recoveryId(claimed));
    if (!this.#checked.has(id)) checkRecovery(claimed, genesis.id, genesis.config);
    this.#checked.set(id, true);
    return { id, height: claimed.block.height, authorities: claimed.authorities.length };
  }

  #tell({ id, height, authorities }: Claim, peer: PeerId): void {
    if (this.#told.has(id) || !this.#warnings.take(peer)) return;
    this.#told.set(id, true);
    this.#options.logger.warn(
      { recovery: id, height, authorities },
      `A PEER CLAIMS THAT THIS CHAIN WENT ON FROM A RECOVERY THAT THIS NODE WAS NOT GIVEN: ${id}. If its operators have agreed on that, start this node once with --recovery=<their file>; if not, there is nothing to do`,
    );
  }
}

function mostFrequent(claims: readonly Claim[]): Claim | undefined {
  const alike = [...Map.groupBy(claims, ({ id }) => id).values()];
  return alike.sort((a, b) => b.length - a.length)[0]?.[0];
}
