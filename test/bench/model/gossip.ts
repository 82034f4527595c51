import { Heap } from "../../../src/util/heap.ts";
import type { Links } from "./links.ts";
import type { Topology } from "./topology.ts";

/** The bytes around the payload of a gossip message: topic, protobuf, Noise and yamux. */
const messageOverheadBytes = 150;
/** The payload of a packet, around which TCP, IP and Ethernet add their headers. */
const packetBytes = 1_448;
const packetOverheadBytes = 66;
/** The bytes of an id with its framing in IHAVE and IDONTWANT. */
export const idBytes = 34;
/**
 * Number of peers outside of the mesh that hear every second of the messages of the last three (gossipsub's heartbeat).
 */
export const lazyPeers = 6;
const heartbeatMs = 1_000;
export const rememberedHeartbeats = 3;
const maxIdsPerHeartbeat = 5_000;
/** The value of the node in src/network/gossip.ts. */
const largeBytes = 1_024;
const forwardAfterMs = 5;

/** A message on its way through the network. */
export interface Message {
  bytes: number;
  /** The time that a node works before it forwards the message. */
  validateMs: number;
  /** When it first reached each node; infinite if it has not. */
  arrivedMs: Float64Array;
  onArrival?(node: number): void;
  /**
   * Pairs of which one has told the other that it has the message, encoded as from times the number of nodes plus to.
   */
  unwanted: Set<number> | undefined;
}

interface Event {
  atMs: number;
  run(): void;
}

/**
 * A model of gossipsub among nodes with lines of limited bandwidth: eager push in the mesh, and by the publisher to all
 * connections, IDONTWANT for large messages, and the bytes of IHAVE. A line sends messages one after another; TCP has
 * no loss and no slow start.
 */
export class GossipModel {
  readonly nodes: number;
  nowMs = 0;
  /** The sent bytes of each node with all overhead. */
  readonly sentBytes: Float64Array;
  readonly receivedBytes: Float64Array;
  /** The number of received messages, including unwanted ones. */
  arrivals = 0;
  /** The number of messages that were new to the receiver. */
  firstArrivals = 0;
  readonly #links: Links;
  readonly #topology: Topology;
  readonly #events = new Heap<Event>((a, b) => a.atMs < b.atMs);
  readonly #upFreeMs: Float64Array;
  readonly #downFreeMs: Float64Array;
  /** The messages published in the current heartbeat and in earlier ones. */
  #published = [0];

  constructor(links: Links, topology: Topology) {
    this.nodes = topology.mesh.length;
    this.#links = links;
    this.#topology = topology;
    this.sentBytes = new Float64Array(this.nodes);
    this.receivedBytes = new Float64Array(this.nodes);
    this.#upFreeMs = new Float64Array(this.nodes);
    this.#downFreeMs = new Float64Array(this.nodes);
    for (let node = 0; node < this.nodes; node++)
      this.after((heartbeatMs * node) / this.nodes, () => this.#heartbeat(node));
    this.after(heartbeatMs, () => this.#countHeartbeat());
  }

  run(untilMs: number): void {
    for (let event = this.#events.pop(); event; event = this.#events.pop()) {
      this.nowMs = event.atMs;
      if (event.atMs > untilMs) return;
      event.run();
    }
  }

  after(delayMs: number, run: () => void): void {
    this.#events.push({ atMs: this.nowMs + delayMs, run });
  }

  /** Publishes a message. @param bytes the size of the payload */
  publish(node: number, bytes: number, validateMs: number, onArrival?: (node: number) => void): Message {
    const message: Message = {
      bytes,
      validateMs,
      arrivedMs: new Float64Array(this.nodes).fill(Number.POSITIVE_INFINITY),
      unwanted: bytes > largeBytes ? new Set() : undefined,
      ...(onArrival && { onArrival }),
    };
    this.#published[0]!++;
    message.arrivedMs[node] = this.nowMs;
    for (const peer of this.#topology.connections[node]!) this.#send(message, node, peer);
    onArrival?.(node);
    return message;
  }

  /** Sends a request or an answer over both lines, and then calls `run`. */
  transmit(from: number, to: number, bytes: number, run: () => void): void {
    const wire = onWire(bytes);
    this.sentBytes[from]! += wire;
    this.receivedBytes[to]! += wire;
    const sentMs = Math.max(this.nowMs, this.#upFreeMs[from]!) + wire / this.#links.up;
    this.#upFreeMs[from] = sentMs;
    const thereMs = sentMs + this.#links.latencyMs(from, to);
    const begunMs = Math.max(thereMs - wire / this.#links.down, this.#downFreeMs[to]!);
    this.#downFreeMs[to] = begunMs + wire / this.#links.down;
    this.#events.push({ atMs: Math.max(thereMs, this.#downFreeMs[to]!), run });
  }

  #send(message: Message, from: number, to: number): void {
    this.transmit(from, to, message.bytes + messageOverheadBytes, () => this.#arrive(message, from, to));
  }

  #arrive(message: Message, from: number, node: number): void {
    this.arrivals++;
    if (message.arrivedMs[node]! < Number.POSITIVE_INFINITY) return;
    this.firstArrivals++;
    message.arrivedMs[node] = this.nowMs;
    const others = this.#topology.mesh[node]!.filter((peer) => peer !== from);
    if (message.unwanted) for (const peer of others) this.#refuse(message, node, peer);
    const waitMs = message.validateMs + (message.unwanted ? forwardAfterMs : 0);
    this.after(waitMs, () => {
      for (const peer of others)
        if (!message.unwanted?.has(peer * this.nodes + node)) this.#send(message, node, peer);
    });
    message.onArrival?.(node);
  }

  /** Sends IDONTWANT. */
  #refuse(message: Message, node: number, peer: number): void {
    this.transmit(node, peer, idBytes + messageOverheadBytes, () =>
      message.unwanted!.add(node * this.nodes + peer),
    );
  }

  /** Sends IHAVE, of which only the bytes matter, since nothing is lost. */
  #heartbeat(node: number): void {
    this.after(heartbeatMs, () => this.#heartbeat(node));
    const ids = Math.min(
      maxIdsPerHeartbeat,
      this.#published.reduce((sum, count) => sum + count, 0),
    );
    const mesh = new Set(this.#topology.mesh[node]);
    const lazy = this.#topology.connections[node]!.filter((peer) => !mesh.has(peer)).slice(0, lazyPeers);
    if (ids === 0) return;
    for (const peer of lazy) this.transmit(node, peer, ids * idBytes + messageOverheadBytes, () => undefined);
  }

  #countHeartbeat(): void {
    this.#published = [0, ...this.#published].slice(0, rememberedHeartbeats);
    this.after(heartbeatMs, () => this.#countHeartbeat());
  }
}

function onWire(bytes: number): number {
  return bytes + Math.ceil(bytes / packetBytes) * packetOverheadBytes;
}
