import type { PeersRequest, ToldPeer } from "../../../protocols/index.ts";
import { placeOf, targetOf } from "../../../src/network/address.ts";
import { hasRoomFor, wantedOutbound } from "../../../src/network/connections.ts";
import { Dialer } from "../../../src/network/dialer.ts";
import { KnownPeers } from "../../../src/network/known-peers.ts";
import { PeerExchange } from "../../../src/network/peer-exchange.ts";
import type { SignedRecord } from "../../../src/network/signed-record.ts";
import { Told } from "../../../src/network/told.ts";
import type { PeerId, PeerInfo } from "../../../src/network/types.ts";
import { sleep } from "../../../src/util/clock.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import type { ManualClock } from "../support/clock.ts";

const handshakeMs = 100;
type Answer = (request: PeersRequest, context: { peer: PeerId }) => AsyncIterable<ToldPeer>;

/** The hosts of a network in simulated time, whose diallers and exchanges are the real code. */
export class World {
  readonly clock: ManualClock;
  readonly hosts = new Map<PeerId, Host>();
  readonly penalties: string[] = [];
  #seed = 1;

  constructor(clock: ManualClock) {
    this.clock = clock;
  }

  /** The same numbers in each run. */
  readonly random = (): number => {
    this.#seed = (this.#seed * 16_807) % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  };

  async start(record: SignedRecord, bootstrap: readonly string[]): Promise<Host> {
    const host = new Host(this, record, bootstrap);
    this.hosts.set(host.id, host);
    await host.start();
    return host;
  }

  recordOf(id: PeerId): SignedRecord | undefined {
    return this.hosts.get(id)?.record;
  }

  at(address: string): Host | undefined {
    return [...this.hosts.values()].find((host) => host.address === address);
  }

  /** Ends hosts without a goodbye. */
  vanish(gone: readonly Host[]): void {
    for (const host of gone) this.hosts.delete(host.id);
    for (const host of this.hosts.values()) for (const { id } of gone) host.lose(id);
  }

  /** True if each host can be reached from each other one, in any number of steps, without those that are left out. */
  isOne(without: ReadonlySet<PeerId> = new Set()): boolean {
    const all = [...this.hosts.values()].filter(({ id }) => !without.has(id));
    const seen = new Set([all[0]!.id]);
    for (const id of seen)
      for (const peer of this.hosts.get(id)!.peers.keys()) if (!without.has(peer)) seen.add(peer);
    return seen.size === all.length;
  }
}

export class Host {
  readonly peers = new Map<PeerId, PeerInfo>();
  readonly #world: World;
  readonly record: SignedRecord;
  readonly #dialer: Dialer;
  readonly #exchange: PeerExchange;
  #answer: Answer | undefined;

  constructor(world: World, record: SignedRecord, bootstrap: readonly string[]) {
    const { clock, random } = world;
    const logger = silentLogger;
    this.#world = world;
    this.record = record;
    const store = { load: async () => [], save: async () => undefined, remove: async () => undefined };
    const missing = () => wantedOutbound - this.#dialled().length;
    this.#dialer = new Dialer({
      ownId: this.id,
      clock,
      logger,
      random,
      bootstrap,
      told: new Told(clock),
      knownPeers: new KnownPeers({ store, clock, logger }),
      ownTargets: () => [this.address],
      dial: (addresses, id) => this.#dial(addresses, id),
      connected: (id) => this.peers.has(id),
      blockedMs: () => 0,
      isAllowed: () => true,
      hasRoom: (peer) => hasRoomFor(peer, this.#dialled()),
      missing,
    });
    this.#exchange = new PeerExchange({
      network: {
        peerId: this.id,
        peers: () => [...this.peers.values()],
        serve: (_protocol: unknown, answer: never) => {
          this.#answer = answer;
        },
        request: (id: PeerId, _protocol: unknown, request: PeersRequest) =>
          world.hosts.get(id)!.#answer!(request, { peer: this.id }),
        penalize: (_id: PeerId, offence: string) => world.penalties.push(offence),
      } as never,
      clock,
      logger,
      random,
      isFollowed: () => true,
      recordOf: (id) => (this.peers.has(id) ? world.recordOf(id) : undefined),
      workedOf: (id) => this.#dialer.workedOf(id),
      wantsMore: () => missing() > 0,
      found: (id, addresses, teller) => this.#dialer.found(id, addresses, teller),
    });
  }

  get id(): PeerId {
    return this.record.id;
  }

  get address(): string {
    return this.record.addresses[0]!;
  }

  async start(): Promise<void> {
    await this.#dialer.start();
    this.#exchange.start();
  }

  lose(id: PeerId): void {
    if (this.peers.delete(id)) this.#dialer.onDisconnected(id);
  }

  #dialled(): string[] {
    const own = [...this.peers.values()].filter(({ direction }) => direction === "outbound");
    return own.filter(({ id }) => !this.#dialer.isGiven(id)).map(({ address }) => address);
  }

  async #dial(addresses: readonly string[], id: PeerId | undefined): Promise<PeerId> {
    await sleep(this.#world.clock, handshakeMs);
    for (const address of addresses) {
      const other = this.#world.at(targetOf(address));
      if (!other || !this.#world.hosts.has(this.id) || (id !== undefined && other.id !== id)) continue;
      other.#connected(this, `/ip4/${placeOf(this.address)!.host}/tcp/50000`, "inbound");
      this.#connected(other, address, "outbound");
      return other.id;
    }
    throw new Error("nobody there");
  }

  /** A second connection to a peer changes nothing. */
  #connected(other: Host, address: string, direction: PeerInfo["direction"]): void {
    if (this.peers.has(other.id)) return;
    const about = { score: 0, connectedAtMs: this.#world.clock.now(), chosen: false };
    this.peers.set(other.id, { id: other.id, address, direction, ...about });
    this.#dialer.onConnected(other.id, direction === "outbound" ? address : undefined);
    this.#dialer.found(other.id, [other.address], { by: "peer", place: placeOf(address)! });
  }
}
