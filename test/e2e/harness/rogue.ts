import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { type GossipSub, gossipsub } from "@libp2p/gossipsub";
import { type Identify, identify } from "@libp2p/identify";
import type { Connection, Libp2p, Stream } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { type ChainStatus, height, type TopicName, topic } from "../../../protocols/index.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import { payloads } from "../../frame-payloads.ts";
import { firstDigest } from "../../own-line.ts";
import type { PeerAnswer } from "./node.ts";
import { patience, until } from "./until.ts";

export interface Answer {
  /** The payloads of the received frames. */
  payloads: Uint8Array[];
  /** True if the stream was reset. */
  reset: boolean;
}

/** Handlers of request streams, by protocol id. */
export type Answers = Record<string, (stream: Stream) => void>;

/** The node that a rogue connects to. */
export interface RogueTarget {
  readonly multiaddr: string;
  readonly world: { onEnd(undo: () => unknown): void };
  peers(): Promise<PeerAnswer[]>;
}

export interface RogueOptions {
  /** The handlers of the node's requests. */
  answers?: Answers;
  /** Another address of the node, such as that of a proxy. */
  address?: string;
  /** The local address that the rogue connects from. */
  localAddress?: string;
  /** The multiaddrs that it listens on, and those that it announces in their place. */
  listen?: string[];
  announce?: string[];
  userAgent?: string;
  /** True if it takes no part in gossip and opens the streams itself (`gossipStream`). */
  rawGossip?: boolean;
  /** Called when the last connection is closed by either side. */
  onClosed?(): void;
}

type RogueHost = Libp2p<{ identify: Identify; pubsub?: GossipSub }>;

const gossipProtocols = ["/meshsub/1.2.0", "/meshsub/1.1.0"];

/** A libp2p host with its own key that is connected to a node but does not run the node's code. */
export class Rogue {
  readonly #host: RogueHost;
  readonly #node: RogueTarget;
  readonly #address: string;

  private constructor(host: RogueHost, node: RogueTarget, address: string) {
    this.#host = host;
    this.#node = node;
    this.#address = address;
  }

  static async connect(node: RogueTarget, options: RogueOptions = {}): Promise<Rogue> {
    const rogue = await Rogue.create(node, options);
    // On a busy machine a handshake may take longer than a node gives it.
    await until("the rogue is connected", () => rogue.dial());
    return rogue;
  }

  /** Makes a rogue without connecting it. */
  static async create(node: RogueTarget, options: RogueOptions = {}): Promise<Rogue> {
    const { address = node.multiaddr } = options;
    const host = await createHost(options);
    node.world.onEnd(() => host.stop());
    for (const [id, answer] of Object.entries(options.answers ?? {})) await host.handle(id, answer);
    const { onClosed } = options;
    if (onClosed) host.addEventListener("peer:disconnect", () => onClosed());
    return new Rogue(host, node, address);
  }

  get id(): string {
    return this.#host.peerId.toString();
  }

  dial(): Promise<Connection> {
    return this.#host.dial(multiaddr(this.#address), {
      signal: AbortSignal.timeout(5_000 * patience.factor),
    });
  }

  get connected(): boolean {
    return this.#host.getConnections().some(({ status }) => status === "open");
  }

  /** Sends bytes on a new stream and resolves to everything that arrives until the stream ends. */
  async send(protocol: string, bytes: Uint8Array, { close = true } = {}): Promise<Answer> {
    const [connection] = this.#host.getConnections();
    if (!connection) throw new Error("not connected");
    const stream = await connection
      .newStream(protocol, { signal: AbortSignal.timeout(10_000 * patience.factor) })
      // The rejection is not always an Error.
      .catch(() => undefined);
    if (!stream) return { payloads: [], reset: true };
    const answer = readAll(stream);
    stream.send(bytes);
    if (close) await stream.close().catch(() => undefined);
    return answer;
  }

  /** Subscribes to a topic like any peer, and publishes bytes in it. */
  async publish(name: TopicName, genesisId: string, data: Uint8Array): Promise<void> {
    await this.#pubsub.publish(await this.subscribe(name, genesisId), data);
  }

  /** Subscribes to a topic like any peer, and waits until the node's subscription is known. */
  async subscribe(name: TopicName, genesisId: string): Promise<string> {
    const id = topicOf(name, genesisId);
    const pubsub = this.#pubsub;
    pubsub.subscribe(id);
    await until("the node is subscribed", () => pubsub.getSubscribers(id).length > 0);
    return id;
  }

  /** Passes on the messages of a topic from now on. */
  async listen(name: TopicName, genesisId: string, hear: (data: Uint8Array) => void): Promise<void> {
    const topic = await this.subscribe(name, genesisId);
    this.#pubsub.addEventListener("message", ({ detail }) => {
      // SSZ needs a plain array.
      if (detail.topic === topic) hear(Uint8Array.from(detail.data));
    });
  }

  /** Opens a stream for the caller. */
  stream(protocol: string | string[]): Promise<Stream> {
    const [connection] = this.#host.getConnections();
    if (!connection) throw new Error("not connected");
    return connection.newStream(protocol, {
      signal: AbortSignal.timeout(10_000 * patience.factor),
      maxOutboundStreams: 4096,
    });
  }

  /** Opens a gossip stream for hand-written RPCs. */
  gossipStream(): Promise<Stream> {
    return this.stream(gossipProtocols);
  }

  /** Disconnects for good. */
  async leave(): Promise<void> {
    await this.#host.stop();
  }

  /** Resolves to the node's score of the rogue; undefined while it is not connected. */
  async score(): Promise<number | undefined> {
    return (await this.#node.peers()).find(({ id }) => id === this.id)?.score;
  }

  get #pubsub(): GossipSub {
    const { pubsub } = this.#host.services;
    if (!pubsub) throw new Error("a rogue with raw gossip has no topics");
    return pubsub;
  }

  /** Waits until the score is at most this, or the node has disconnected it. */
  async pays(most: number, timeoutMs = 10_000): Promise<void> {
    await until(
      `the rogue's score falls to ${most}`,
      async () => {
        const score = await this.score();
        if (score === undefined || score <= most) return true;
        throw new Error(`it is ${score}`);
      },
      { timeoutMs },
    );
  }
}

async function createHost(options: RogueOptions): Promise<RogueHost> {
  const { listen = [], announce, localAddress, userAgent, rawGossip } = options;
  const host = await createLibp2p({
    addresses: { listen, ...(announce && { announce }) },
    // Otherwise it hangs up on a node that answers its pings late.
    connectionMonitor: { enabled: false },
    transports: [tcp(localAddress === undefined ? {} : { dialOpts: { localAddress } as never })],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: {
      addressDialTimeout: 10_000 * patience.factor,
      dialTimeout: 20_000 * patience.factor,
      reconnectRetries: 0,
    },
    ...(userAgent !== undefined && { nodeInfo: { userAgent } }),
    services: {
      identify: identify(),
      ...(!rawGossip && {
        pubsub: gossipsub({
          globalSignaturePolicy: "StrictNoSign",
          allowPublishToZeroTopicPeers: true,
          fallbackToFloodsub: false,
        }),
      }),
    },
  });
  // The node's messages are received but not read.
  const take = (stream: Stream) => stream.addEventListener("message", () => undefined);
  if (rawGossip) await host.handle(gossipProtocols, take);
  return host as RogueHost;
}

function readAll(stream: Stream): Promise<Answer> {
  return new Promise((resolve) => {
    const parts: Uint8Array[] = [];
    const done = (reset: boolean) => resolve({ payloads: payloads(Buffer.concat(parts)), reset });
    stream.addEventListener("message", (event) => parts.push(event.data.subarray()));
    stream.addEventListener("remoteCloseWrite", () => setTimeout(() => done(false), 0));
    stream.addEventListener("close", (event) => done(event.error !== undefined));
  });
}

/** Encodes a frame by protocols/README.md, independently of the node's code. */
export function frame(payload: Uint8Array, length = payload.length): Uint8Array {
  const head: number[] = [];
  for (let left = length; ; left = Math.floor(left / 128)) {
    head.push((left % 128) | (left >= 128 ? 0x80 : 0));
    if (left < 128) break;
  }
  const framed = new Uint8Array(head.length + payload.length);
  framed.set(head);
  framed.set(payload, head.length);
  return framed;
}

/** Makes a handler that answers with one chunk. */
export function answerWith(chunk: Uint8Array): (stream: Stream) => void {
  return (stream) => {
    stream.send(frame(new Uint8Array([0, ...chunk])));
    stream.send(frame(new Uint8Array([5])));
    void stream.close().catch(() => undefined);
  };
}

/** Returns the name of a topic of a chain that still has its first rules. */
export function topicOf(name: TopicName, genesisId: string): string {
  const id = fromHex(genesisId);
  return topic(name, id, firstDigest(id));
}

/** Encodes the status that a rogue claims. */
export function statusAnswer(status: Omit<Partial<ChainStatus>, "genesisId"> & { genesisId: string }) {
  const genesisId = fromHex(status.genesisId);
  return answerWith(
    height.response.serialize({
      digest: firstDigest(genesisId),
      rules: 1,
      knownRules: 1,
      height: 0,
      headId: genesisId,
      totalDifficulty: 0,
      justifiedRound: 0,
      finalizedHeight: 0,
      finalizedId: genesisId,
      timeMs: Date.now(),
      ...status,
      genesisId,
    }),
  );
}
