import type { TopicName } from "../../protocols/gossip.ts";
import type {
  AnyProtocol,
  RequestErrorCode,
  RequestHandler,
  RequestOf,
  RequestOptions,
  ResponseOf,
} from "../../protocols/reqresp/index.ts";

/** A peer id as text (base58btc or CIDv1, as libp2p prints it). */
export type PeerId = string;

export interface PeerInfo {
  id: PeerId;
  /** The multiaddr of the open connection. */
  address: string;
  direction: "inbound" | "outbound";
  /** 0 is neutral; penalties make it negative; at `banScore` the peer is banned for a time. */
  score: number;
  connectedAtMs: number;
  /** True for a peer of this node's own choice: a person gave it, or the address book had it when the node started. */
  chosen: boolean;
}

/** The places for connections: those in use, and how many there are. */
export interface NetworkPlaces {
  inbound: { taken: number; limit: number };
  /** Addresses that have as many inbound connections as one may have. */
  crowded: readonly string[];
  outbound: { taken: number; limit: number };
}

export type NetworkEvents = {
  connected: PeerId;
  disconnected: PeerId;
};

/**
 * The verdict on a gossip message.
 * - `accept`: it is forwarded.
 * - `reject`: its sender is at fault.
 * - `ignore`: it is useless here; many such messages use up the sender's share of work.
 * - `pardon`: it is ignored too, but the author's signature was checked and the work is charged to the author, so that
 *   it costs the sender nothing, however many there are.
 */
export type Verdict = "accept" | "ignore" | "pardon" | "reject";

/** The reasons for which a peer loses score; `scores.ts` has the points of each. */
export type PeerOffence =
  | "excessiveRpc"
  | "invalidMessage"
  | "invalidBlock"
  | "invalidRequest"
  | "invalidResponse"
  | "rateLimited"
  | "timeout"
  | "wrongGenesis";

/** The parts of libp2p that the rest of the node needs. The simulator has its own implementation. */
export interface Network {
  readonly peerId: PeerId;
  /** Multiaddrs that others can dial, with the peer id. */
  addresses(): string[];
  peers(): PeerInfo[];
  /**
   * The name under which the work that a peer causes is added up with that of others: its IPv4 address or IPv6 /64. A
   * peer on this machine, or one that is not connected, has its own.
   */
  hostOf(peer: PeerId): string;
  on<Name extends keyof NetworkEvents>(
    name: Name,
    listener: (event: NetworkEvents[Name]) => void,
  ): () => void;

  /** Answers requests of a protocol from now on. */
  serve<P extends AnyProtocol>(protocol: P, handler: RequestHandler<P>): void;
  /**
   * Asks one peer and yields the chunks of its answer. Every violation (caps, time-out, encoding) ends the request with
   * a `RequestError`, and costs the peer score. `ack` makes the acknowledgement from the last chunk if the protocol has
   * one.
   */
  request<P extends AnyProtocol>(
    peer: PeerId,
    protocol: P,
    request: RequestOf<P>,
    options?: RequestOptions<P>,
  ): AsyncGenerator<ResponseOf<P>>;

  /**
   * Sets, once, how gossip of a chain is handled. The validator's verdict decides whether a message is forwarded;
   * `reject` costs score. `digests` are all that this node may ever listen to; the peers' subscriptions to them are
   * remembered.
   */
  join(
    chain: { genesisId: Uint8Array; digests: readonly Uint8Array[] },
    validators: Record<TopicName, (message: Uint8Array, from: PeerId) => Promise<Verdict>>,
  ): void;
  /** Subscribes to the topics of these digests, and from now on to no others. Each must have been joined. */
  listen(digests: readonly Uint8Array[]): void;
  /**
   * Publishes on the topic of a joined digest. Resolves to the number of peers it was sent to; 0 also if the same bytes
   * were published before.
   */
  publish(topic: TopicName, message: Uint8Array, digest: Uint8Array): Promise<number>;

  penalize(peer: PeerId, offence: PeerOffence, detail: string): void;
  /** Closes the connection; with `forMs` the peer is neither dialled nor accepted for that time. */
  disconnect(peer: PeerId, options?: { forMs?: number }): Promise<void>;
}

/** Observes the traffic to count and time it. A returned function is called with the result at the end. */
export interface NetworkObserver {
  /** A gossip message has arrived. */
  received(topic: TopicName, bytes: number): (result: Verdict) => void;
  published(topic: TopicName, bytes: number): void;
  /** `protocol` is its id. */
  request(
    direction: "inbound" | "outbound",
    protocol: string,
  ): (result: "success" | RequestErrorCode) => void;
}
