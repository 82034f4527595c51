import type { Connection, PeerId as Libp2pPeerId } from "@libp2p/interface";
import type {
  AnyProtocol,
  RequestHandler,
  RequestOf,
  RequestOptions,
  ResponseOf,
  TopicName,
} from "../../protocols/index.ts";
import type { Clock } from "../util/clock.ts";
import { Emitter } from "../util/emitter.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { type Place, placeOf } from "./address.ts";
import { watchConnections } from "./connection-watch.ts";
import { Connections, hasRoomFor, keptOutbound, maxOutbound, wantedOutbound } from "./connections.ts";
import { Dialer } from "./dialer.ts";
import { Gossip, type JoinedChain, type Validators } from "./gossip.ts";
import { guardGossip, splitRpcs } from "./gossip-guard.ts";
import { limitUnfinished } from "./gossip-unfinished.ts";
import { watchGossipStreams, watchUnreadGossip } from "./gossip-watch.ts";
import type { Host } from "./host.ts";
import { listenError } from "./host.ts";
import type { Inbound, InboundOptions } from "./inbound.ts";
import type { Intake } from "./intake.ts";
import type { AddressBook } from "./known-peers.ts";
import { KnownPeers } from "./known-peers.ts";
import { PeerExchange } from "./peer-exchange.ts";
import { PeerRecords, sweepPeerStore, writeFewerRecords } from "./peer-store.ts";
import { Requests } from "./requests.ts";
import type { PeerScores } from "./scores.ts";
import type { ServeLimits } from "./serve-budget.ts";
import { Told } from "./told.ts";
import type {
  Network,
  NetworkEvents,
  NetworkObserver,
  NetworkPlaces,
  PeerId,
  PeerInfo,
  PeerOffence,
} from "./types.ts";
import type { OtherChain, UnreachedAddress } from "./unreached.ts";
import type { Usefulness } from "./usefulness.ts";

export interface NetworkOptions {
  /** The Ed25519 seed of the peer key, 32 bytes. */
  privateKey: Uint8Array;
  /** Multiaddrs, such as `/ip4/0.0.0.0/tcp/63261`. */
  listen: readonly string[];
  /** Multiaddrs with or without `/p2p/<peer id>`. */
  bootstrap: readonly string[];
  /** Multiaddrs at which others reach this node, besides those of its interfaces. */
  announce: readonly string[];
  mdns: boolean;
  /** The key of a closed network; undefined for an open one. */
  networkKey?: Uint8Array | undefined;
  /** The ids of the only peers that are dialled and let in; undefined for all. */
  allowedPeers?: readonly PeerId[] | undefined;
  clock: Clock;
  logger: Logger;
  addressBook: AddressBook;
  observer?: NetworkObserver | undefined;
  /** A number in [0, 1) that spreads actions that many nodes would otherwise take at once. */
  random: () => number;
  /** Addresses that are not limited; by default this machine's. */
  isExempt?: InboundOptions["isExempt"];
  inboundLimits?: InboundOptions["limits"];
  serveLimits?: ServeLimits;
  /** The most bytes of answers under way. */
  answerBytes?: number;
}

/** The parts that the network shares with the host and its gates. */
export interface NetworkParts {
  scores: PeerScores;
  usefulness: Usefulness;
  intake: Intake;
  inbound: Inbound;
  isExempt: InboundOptions["isExempt"];
}

/** The node's network. Call `start` and `stop` once each. */
export class LibP2pNetwork implements Network {
  readonly peerId: PeerId;
  readonly #host: Host;
  readonly #connections: Connections;
  readonly #scores: PeerScores;
  readonly #intake: Intake;
  readonly #inbound: Inbound;
  readonly #options: NetworkOptions;
  readonly #requests: Requests;
  readonly #gossip: Gossip;
  readonly #dialer: Dialer;
  readonly #records: PeerRecords;
  readonly #events: Emitter<NetworkEvents>;
  readonly #pending: Promise<void>[] = [];
  readonly #stops: (() => void)[] = [];

  constructor(host: Host, parts: NetworkParts, options: NetworkOptions) {
    const { scores, usefulness, intake, inbound, isExempt } = parts;
    const { clock, logger, observer } = options;
    this.#events = new Emitter(logger);
    this.peerId = host.peerId.toString();
    this.#host = host;
    const connections = new Connections(host);
    this.#connections = connections;
    this.#scores = scores;
    this.#intake = intake;
    this.#inbound = inbound;
    this.#options = options;
    writeFewerRecords(host, { clock });
    this.#records = new PeerRecords(host, { logger });
    guardGossip(host.services.pubsub, { scores, clock, intake });
    limitUnfinished(host.services.pubsub, (peer) => intake.hostOf(peer));
    splitRpcs(host.services.pubsub);
    this.#gossip = new Gossip({
      pubsub: host.services.pubsub,
      scores,
      usefulness,
      intake,
      clock,
      logger,
      observer,
    });
    this.#requests = new Requests({
      libp2p: host,
      connection: (peer) => connections.of(peer).at(-1),
      scores,
      usefulness,
      clock,
      logger,
      observer,
      isExempt,
      hostOf: (peer) => this.hostOf(peer),
      serveLimits: options.serveLimits,
      answerBytes: options.answerBytes,
    });
    const { allowedPeers } = options;
    this.#dialer = new Dialer({
      ...options,
      isAllowed: (id) => allowedPeers?.includes(id) ?? true,
      ownId: this.peerId,
      told: new Told(clock),
      knownPeers: new KnownPeers({ store: options.addressBook, clock, logger }),
      dial: (addresses, id) => connections.dial(addresses, id),
      connected: (id) => connections.of(id).length > 0,
      blockedMs: (id) => scores.blockedMs(id),
      hasRoom: (peer, dialing) => hasRoomFor(peer, [...this.#dialled(), ...dialing]),
      missing: () => this.#missing(),
      ownTargets: () => connections.ownTargets(),
    });
    host.addEventListener("peer:connect", (event) => this.#onConnect(event.detail));
    host.addEventListener("peer:disconnect", (event) => this.#onDisconnect(event.detail));
    host.addEventListener("peer:identify", ({ detail }) =>
      this.#onIdentified(detail.connection, detail.listenAddrs.map(String)),
    );
  }

  /** Listens, and begins to look for peers. @throws {UserError} `PORT_IN_USE`, `LISTEN_FAILED` */
  async start(): Promise<void> {
    await Promise.all(this.#pending);
    try {
      await this.#host.start();
    } catch (error) {
      // The error of the start is the one that people can do something about.
      await Promise.resolve(this.#host.stop()).catch(() => undefined);
      throw listenError(error, this.#options.listen);
    }
    await this.#dialer.start();
    for (const watch of [watchConnections, watchGossipStreams, watchUnreadGossip, sweepPeerStore])
      this.#stops.push(watch(this.#host, this.#options));
  }

  /** From now on tells peers of others, and asks them for others. `isFollowed`: the peer follows this node's chain. */
  exchangePeers(isFollowed: (peer: PeerId) => boolean): void {
    const dialer = this.#dialer;
    const exchange = new PeerExchange({
      ...this.#options,
      network: this,
      isFollowed,
      recordOf: (peer) => this.#records.get(peer),
      workedOf: (peer) => dialer.workedOf(peer),
      wantsMore: () => this.#missing() > 0,
      found: (peer, addresses, teller) => dialer.found(peer, addresses, teller),
    });
    exchange.start();
    this.#stops.push(() => exchange.stop());
  }

  /** Closes every connection and port. */
  async stop(): Promise<void> {
    this.#gossip.stop();
    await this.#dialer.stop();
    for (const stop of this.#stops) stop();
    await this.#host.stop();
  }

  /** The addresses that a person gave and that are not reached. */
  unreached(): UnreachedAddress[] {
    return this.#dialer.unreached();
  }

  places(): NetworkPlaces {
    const outbound = { taken: this.#dialled().length, limit: maxOutbound - keptOutbound };
    return { ...this.#inbound.places, outbound };
  }

  /** Notes that a connected peer follows another chain. The caller is about to disconnect it. */
  isOfOtherChain(chain: OtherChain): void {
    this.#dialer.isOfOtherChain(chain);
  }

  addresses(): string[] {
    return this.#host.getMultiaddrs().map(String);
  }

  /** Multiaddrs with the peer id at which connected peers have stayed: where others can begin too. */
  workedAddresses(): string[] {
    return [...this.#connections.byPeer().keys()].flatMap((id) =>
      this.#dialer
        .workedOf(id)
        .slice(0, 1)
        .map((address) => `${address}/p2p/${id}`),
    );
  }

  peers(): PeerInfo[] {
    return [...this.#connections.byPeer()].map(([id, connection]) => ({
      id,
      address: connection.remoteAddr.toString(),
      direction: connection.direction,
      score: this.#scores.score(id),
      connectedAtMs: connection.timeline.open,
      chosen: connection.direction === "outbound" && this.#dialer.isChosen(id),
    }));
  }

  hostOf(peer: PeerId): string {
    return this.#intake.hostOf(peer);
  }

  on<Name extends keyof NetworkEvents>(
    name: Name,
    listener: (event: NetworkEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  serve<P extends AnyProtocol>(protocol: P, handler: RequestHandler<P>): void {
    const served = this.#requests.serve(protocol, handler);
    served.catch((error) =>
      this.#options.logger.error(
        { protocol: protocol.id, error: messageOf(error) },
        "a protocol is not served",
      ),
    );
    this.#pending.push(served);
  }

  request<P extends AnyProtocol>(
    peer: PeerId,
    protocol: P,
    request: RequestOf<P>,
    options?: RequestOptions<P>,
  ): AsyncGenerator<ResponseOf<P>> {
    return this.#requests.request(peer, protocol, request, options);
  }

  join(chain: JoinedChain, validators: Validators): void {
    this.#gossip.join(chain, validators);
  }

  listen(digests: readonly Uint8Array[]): void {
    this.#gossip.listen(digests);
  }

  publish(topic: TopicName, message: Uint8Array, digest: Uint8Array): Promise<number> {
    return this.#gossip.publish(topic, message, digest);
  }

  penalize(peer: PeerId, offence: PeerOffence, detail: string): void {
    this.#scores.penalize(peer, offence, detail);
  }

  async disconnect(peer: PeerId, options: { forMs?: number } = {}): Promise<void> {
    // Blocking calls this method again, without `forMs`.
    if (options.forMs !== undefined) return this.#scores.block(peer, options.forMs);
    await this.#connections.close(peer);
  }

  /** An answer by mDNS, which came from `place`, says that the peer is at these multiaddrs. */
  discovered(peer: PeerId, addresses: readonly string[], place: Place): void {
    this.#dialer.found(peer, addresses, { by: "discovery", place });
  }

  /** True if a person gave the peer's address. */
  isGiven(peer: PeerId): boolean {
    return this.#dialer.isGiven(peer);
  }

  /** The multiaddrs of the peer's open connections. */
  remoteAddresses(peer: PeerId): string[] {
    return this.#connections.addresses(peer);
  }

  /** The multiaddrs of the connections that the node has dialled, without those to peers that a person gave. */
  #dialled(): string[] {
    return this.#connections.dialled((id) => this.isGiven(id));
  }

  /** The number of connections of its own choice that the node still wants. */
  #missing(): number {
    return wantedOutbound - this.#dialled().length;
  }

  #onConnect(peer: Libp2pPeerId): void {
    const id = peer.toString();
    const connection = this.#connections.of(id).at(-1);
    this.#options.logger.debug({ peer: id, address: connection?.remoteAddr.toString() }, "peer connected");
    this.#dialer.onConnected(
      id,
      connection?.direction === "outbound" ? connection.remoteAddr.toString() : undefined,
    );
    this.#events.emit("connected", id);
  }

  #onDisconnect(peer: Libp2pPeerId): void {
    const id = peer.toString();
    this.#options.logger.debug({ peer: id }, "peer disconnected");
    this.#intake.closed(id);
    this.#dialer.onDisconnected(id);
    this.#events.emit("disconnected", id);
  }

  /** A peer reports where it listens: this is how a peer that dialled this node can be redialled. */
  #onIdentified(connection: Connection, listenAddresses: string[]): void {
    const place = placeOf(connection.remoteAddr.toString());
    if (place) this.#dialer.found(connection.remotePeer.toString(), listenAddresses, { by: "peer", place });
  }
}
