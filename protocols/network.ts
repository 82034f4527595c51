import type { TopicName } from "./gossip.ts";
import type {
  AnyProtocol,
  RequestErrorCode,
  RequestHandler,
  RequestOf,
  RequestOptions,
  ResponseOf,
} from "./reqresp/index.ts";

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
  /** Dialled by this node's own choice: a person gave the peer, or the address book had it when the node started. */
  chosen: boolean;
}

export type NetworkEvents = {
  connected: PeerId;
  disconnected: PeerId;
};

/**
 * Verdict on a gossip message. `accept`: it travels on. `reject`: its sender is at fault. `ignore`: it is of no use here; many of
 * them cost the sender its share of work. `pardon`: ignored too, but the author's signature was checked and the work charged to the
 * author, so that it costs the sender nothing, however many there are.
 */
export type Verdict = "accept" | "ignore" | "pardon" | "reject";

/** Why a peer loses score: each reason has its points in `scores.ts`. */
export type Offence =
  | "excessiveRpc"
  | "invalidMessage"
  | "invalidBlock"
  | "invalidRequest"
  | "invalidResponse"
  | "rateLimited"
  | "timeout"
  | "wrongGenesis";

/** The parts of libp2p that the rest of the node needs. The simulator has its own. */
export interface Network {
  readonly peerId: PeerId;
  /** Multiaddrs that others can dial, with the peer id. */
  addresses(): string[];
  peers(): PeerInfo[];
  on<Name extends keyof NetworkEvents>(
    name: Name,
    listener: (event: NetworkEvents[Name]) => void,
  ): () => void;

  /** Answers a protocol from now on. */
  serve<P extends AnyProtocol>(protocol: P, handler: RequestHandler<P>): void;
  /**
   * Asks one peer and yields the chunks of its answer. Every violation (caps, time-out, encoding) ends it with a
   * `RequestError`, and costs the peer its score.
   * `ack` makes the acknowledgement from the last chunk where the protocol has one.
   */
  request<P extends AnyProtocol>(
    peer: PeerId,
    protocol: P,
    request: RequestOf<P>,
    options?: RequestOptions<P>,
  ): AsyncGenerator<ResponseOf<P>>;

  /**
   * Says what to do with gossip of a chain, once. The validator's verdict decides whether the message travels on; `reject` costs score.
   * `digests`: all that this node may come to listen to. What peers subscribe to of these is remembered.
   */
  join(
    chain: { genesisId: Uint8Array; digests: readonly Uint8Array[] },
    validators: Record<TopicName, (message: Uint8Array, from: PeerId) => Promise<Verdict>>,
  ): void;
  /** Subscribes to the topics of these digests, and to no others from now on. Each is one of those that were joined. */
  listen(digests: readonly Uint8Array[]): void;
  /**
   * On the topic of a digest that was joined. Resolves to the number of peers it was sent to; 0 also where the same bytes were published
   * before.
   */
  publish(topic: TopicName, message: Uint8Array, digest: Uint8Array): Promise<number>;

  penalize(peer: PeerId, offence: Offence, detail: string): void;
  /** Closes the connection; `forMs` keeps it from being dialled or accepted that long. */
  disconnect(peer: PeerId, options?: { forMs?: number }): Promise<void>;
}

/** Told of the traffic, to count and time it. A function that is returned is called with the result at the end. */
export interface NetworkObserver {
  /** A message has come by gossip. */
  received(topic: TopicName, bytes: number): (result: Verdict) => void;
  published(topic: TopicName, bytes: number): void;
  /** `protocol`: its id. */
  request(
    direction: "inbound" | "outbound",
    protocol: string,
  ): (result: "success" | RequestErrorCode) => void;
}

/** A peer to come back to. `addresses`: multiaddrs without the peer id that worked, the last one first. */
export interface AddressBookEntry {
  id: PeerId;
  addresses: string[];
  /** When there was last a connection. */
  lastSeenMs: number;
  /** This node dialled it; otherwise the peer only told the address, of the machine that it was connected from. */
  dialled?: boolean;
}

/** Keeps peers that stayed once over restarts; the writer bounds it. */
export interface AddressBook {
  load(): Promise<AddressBookEntry[]>;
  save(entry: AddressBookEntry): Promise<void>;
  remove(id: PeerId): Promise<void>;
}
