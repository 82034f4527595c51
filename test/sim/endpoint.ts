import type {
  AnyProtocol,
  RequestHandler,
  RequestOf,
  RequestOptions,
  ResponseOf,
  TopicName,
} from "../../protocols/index.ts";
import { PeerScores } from "../../src/network/scores.ts";
import type {
  Network,
  NetworkEvents,
  PeerId,
  PeerInfo,
  PeerOffence,
  Verdict,
} from "../../src/network/types.ts";
import { SignedFinalityVote } from "../../src/types/index.ts";
import { addressGroup } from "../../src/util/address-group.ts";
import { type Hex, toHex } from "../../src/util/bytes.ts";
import type { Clock } from "../../src/util/clock.ts";
import { Emitter } from "../../src/util/emitter.ts";
import type { Logger } from "../../src/util/logger.ts";
import type { GossipMessage, SimNetwork } from "./network.ts";
import { SimRequests } from "./requests.ts";

type Validators = Record<TopicName, (message: Uint8Array, from: PeerId) => Promise<Verdict>>;

export interface EndpointOptions {
  network: SimNetwork;
  peerId: PeerId;
  clock: Clock;
  logger: Logger;
  onPenalty(peer: PeerId, offence: PeerOffence, detail: string): void;
  onPublish(topic: TopicName, message: Uint8Array): void;
  /** Called with votes of others that arrive by gossip or in an answer. */
  onVotes(votes: readonly SignedFinalityVote[]): void;
  onGossip?(topic: TopicName, message: Uint8Array): void;
}

/** The network of one process. Gossip floods all connections; scores and bans are the real code. */
export class Endpoint implements Network {
  readonly peerId: PeerId;
  readonly scores: PeerScores;
  readonly #options: EndpointOptions;
  readonly #events: Emitter<NetworkEvents>;
  readonly #seen = new Set<string>();
  readonly #requests: SimRequests;
  #validators: Validators | undefined;
  /** The digests whose topics it listens to. */
  #listened: readonly Hex[] = [];
  #alive = true;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.peerId = options.peerId;
    const { clock, logger } = options;
    this.#events = new Emitter(logger);
    this.scores = new PeerScores({ clock, logger, onBlocked: (peer) => void this.disconnect(peer) });
    this.#requests = new SimRequests({
      ...options,
      penalize: (peer, offence, detail) => this.penalize(peer, offence, detail),
      isAlive: () => this.#alive,
    });
  }

  /** Ends the process without a goodbye. */
  kill(): void {
    this.#alive = false;
    this.#options.network.remove(this);
  }

  addresses(): string[] {
    return [];
  }

  peers(): PeerInfo[] {
    const { network } = this.#options;
    return network.peersOf(this.peerId).map((id) => ({
      id,
      address: network.addressOf(id),
      direction: network.hasDialled(this.peerId, id) ? "outbound" : "inbound",
      score: this.scores.score(id),
      connectedAtMs: 0,
      chosen: network.hasDialled(this.peerId, id),
    }));
  }

  hostOf(peer: PeerId): string {
    return addressGroup(this.#options.network.addressOf(peer));
  }

  on<Name extends keyof NetworkEvents>(
    name: Name,
    listener: (event: NetworkEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  serve<P extends AnyProtocol>(protocol: P, handler: RequestHandler<P>): void {
    this.#requests.serve(protocol, handler);
  }

  request<P extends AnyProtocol>(
    peer: PeerId,
    protocol: P,
    request: RequestOf<P>,
    options?: RequestOptions<P>,
  ): AsyncGenerator<ResponseOf<P>> {
    return this.#requests.request(peer, protocol, request, options);
  }

  get requests(): SimRequests {
    return this.#requests;
  }

  join(_chain: Parameters<Network["join"]>[0], validators: Validators): void {
    this.#validators = validators;
  }

  listen(digests: readonly Uint8Array[]): void {
    this.#listened = digests.map(toHex);
  }

  async publish(topic: TopicName, message: Uint8Array, digest: Uint8Array): Promise<number> {
    const sent = { topic, message, digest: toHex(digest) };
    const id = messageId(sent);
    if (this.#seen.has(id)) return 0;
    this.#seen.add(id);
    this.#options.onPublish(topic, message);
    const peers = this.#options.network.peersOf(this.peerId);
    for (const peer of peers) this.#options.network.send(this.peerId, peer, sent, id);
    return peers.length;
  }

  /** Publishes to a single peer on the topic that it listens to, as only faulty nodes do. */
  publishTo(peer: PeerId, topic: TopicName, message: Uint8Array): void {
    const digest = this.#listened.at(-1);
    if (digest === undefined) return;
    const sent = { topic, message, digest };
    const id = messageId(sent);
    this.#seen.add(id);
    this.#options.network.send(this.peerId, peer, sent, id);
  }

  penalize(peer: PeerId, offence: PeerOffence, detail: string): void {
    this.#options.onPenalty(peer, offence, detail);
    this.scores.penalize(peer, offence, detail);
  }

  async disconnect(peer: PeerId, options: { forMs?: number } = {}): Promise<void> {
    if (options.forMs !== undefined) this.scores.block(peer, options.forMs);
    else this.#options.network.close(this.peerId, peer);
  }

  onConnected(peer: PeerId): void {
    this.#events.emit("connected", peer);
  }

  onDisconnected(peer: PeerId): void {
    this.#requests.onDisconnected(peer);
    this.#events.emit("disconnected", peer);
  }

  hasSeen(id: string): boolean {
    return this.#seen.has(id);
  }

  receive(sent: GossipMessage, id: string, from: PeerId): void {
    if (this.#seen.has(id) || !this.#validators || !this.#listened.includes(sent.digest)) return;
    this.#seen.add(id);
    const { topic, message } = sent;
    this.#options.onGossip?.(topic, message);
    if (topic === "votes") this.#options.onVotes(votesOf(message));
    void this.#validate(this.#validators[topic], sent, id, from);
  }

  async #validate(
    validator: Validators[TopicName],
    sent: GossipMessage,
    id: string,
    from: PeerId,
  ): Promise<void> {
    const verdict = await validator(sent.message, from);
    if (verdict === "reject") this.penalize(from, "invalidMessage", sent.topic);
    if (verdict !== "accept") return;
    const { network } = this.#options;
    for (const peer of network.peersOf(this.peerId))
      if (peer !== from) network.send(this.peerId, peer, sent, id);
  }
}

/** Decodes votes; returns none for other bytes. */
function votesOf(message: Uint8Array): SignedFinalityVote[] {
  try {
    return [SignedFinalityVote.deserialize(message)];
  } catch {
    return [];
  }
}

function messageId({ topic, message, digest }: GossipMessage): string {
  return (
    digest + topic + Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString("latin1")
  );
}
