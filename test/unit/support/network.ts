import {
  type AckOf,
  type AnyProtocol,
  RequestError,
  type RequestErrorCode,
  type RequestHandler,
  type RequestOf,
  type RequestOptions,
  type ResponseOf,
  requestError,
  type TopicName,
} from "../../../protocols/index.ts";
import type {
  Network,
  NetworkEvents,
  PeerId,
  PeerInfo,
  PeerOffence,
  Verdict,
} from "../../../src/network/types.ts";
import { type Hex, toHex } from "../../../src/util/bytes.ts";
import { type Clock, sleep } from "../../../src/util/clock.ts";
import { Emitter } from "../../../src/util/emitter.ts";
import { silentLogger } from "../../../src/util/logger.ts";

/** A fault that a test applies to one request before it is answered. */
export interface Fault {
  /** Replaces the peer's own answer. */
  answer?: (request: never, honest: () => AsyncIterable<unknown>) => AsyncIterable<unknown>;
  /** True if no answer comes, so that the request fails after the protocol's time-out. */
  stall?: boolean;
}

/** More requests at one moment of the clock are a loop, in which no timer and no time-out of a test would ever run. */
const maxAtOnce = 2_000;
const hourMs = 3_600_000;

/** Connects nodes of one process in memory: everything is encoded and decoded as on the wire. */
export class FakeNetwork {
  readonly clock: Clock;
  readonly nodes = new Map<PeerId, FakeNode>();
  /** The delay of each message in one direction. */
  delayMs = 0;
  /** True if a gossip message is lost. */
  loses: (from: PeerId, to: PeerId) => boolean = () => false;
  /** Returns the fault of a request, by the answering peer and the protocol's name. */
  fault: (answerer: PeerId, protocol: string) => Fault | undefined = () => undefined;
  /** The bytes that the answering side has asked to read. */
  readonly reads: { protocol: string; bytes: number }[] = [];
  mayRead = true;
  readonly requests: { from: PeerId; to: PeerId; protocol: string; request: unknown }[] = [];
  /** True if a node has asked without end. Its last request is not answered. */
  isRunaway = false;
  readonly #now = { ms: 0, requests: 0 };

  constructor(clock: Clock) {
    this.clock = clock;
  }

  node(id: PeerId): FakeNode {
    const node = new FakeNode(id, this);
    this.nodes.set(id, node);
    return node;
  }

  connect(a: FakeNode, b: FakeNode): void {
    a.connected(b.peerId);
    b.connected(a.peerId);
  }

  disconnect(a: FakeNode, b: FakeNode): void {
    a.disconnected(b.peerId);
    b.disconnected(a.peerId);
  }

  /** Records a request. Waits for an hour if there is no end of them. */
  async asked(
    request: { from: PeerId; to: PeerId; protocol: string; request: unknown },
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const ms = this.clock.now();
    if (ms !== this.#now.ms) Object.assign(this.#now, { ms, requests: 0 });
    this.requests.push(request);
    if (++this.#now.requests <= maxAtOnce) return;
    this.isRunaway = true;
    await sleep(this.clock, hourMs, signal);
  }

  count(protocol: string): number {
    return this.requests.filter((request) => request.protocol === protocol).length;
  }
}

/** Decodes a request like the answering side. @throws `invalidRequest` if it does not decode */
function asReceived<P extends AnyProtocol>(protocol: P, request: RequestOf<P>): RequestOf<P> {
  try {
    return protocol.request.deserialize(protocol.request.serialize(request)) as RequestOf<P>;
  } catch (cause) {
    throw new RequestError("invalidRequest", "the request does not decode", { cause });
  }
}

/** Ends the answer at an abort as on a reset stream, whatever the answering side does. */
async function* untilAborted<T>(
  answer: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const abort = () => aborted.reject(new RequestError("aborted", "aborted by the caller"));
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  const chunks = answer[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), aborted.promise]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** Makes an answer for `Fault.answer` that ends with an error. */
export function failing(code: RequestErrorCode, message: string): () => AsyncIterable<never> {
  return () => ({
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new RequestError(code, message)) }),
  });
}

export class FakeNode implements Network {
  readonly peerId: PeerId;
  /** The peers that have connected to this node; it has connected to all others. */
  readonly callers = new Set<PeerId>();
  readonly penalties: { peer: PeerId; offence: PeerOffence; detail: string }[] = [];
  readonly published: { topic: TopicName; message: Uint8Array; digest: Hex }[] = [];
  /** The digests whose topics it listens to. */
  listened: Hex[] = [];
  readonly verdicts: Verdict[] = [];
  readonly #network: FakeNetwork;
  readonly #events = new Emitter<NetworkEvents>(silentLogger);
  readonly #peers = new Set<PeerId>();
  readonly #handlers = new Map<string, { protocol: AnyProtocol; handler: RequestHandler<AnyProtocol> }>();
  #validators: Parameters<Network["join"]>[1] | undefined;
  #listeners = 0;

  constructor(peerId: PeerId, network: FakeNetwork) {
    this.peerId = peerId;
    this.#network = network;
  }

  /** The number of listeners that were not removed. */
  get listeners(): number {
    return this.#listeners;
  }

  addresses(): string[] {
    return [];
  }

  peers(): PeerInfo[] {
    return [...this.#peers].map((id) => ({
      id,
      address: "",
      direction: this.callers.has(id) ? "inbound" : "outbound",
      score: 0,
      connectedAtMs: 0,
      chosen: !this.callers.has(id),
    }));
  }

  /** A peer's name before the first `@` is its address. */
  hostOf(peer: PeerId): string {
    return peer.split("@")[0]!;
  }

  on<Name extends keyof NetworkEvents>(
    name: Name,
    listener: (event: NetworkEvents[Name]) => void,
  ): () => void {
    this.#listeners++;
    let off: (() => void) | undefined = this.#events.on(name, listener);
    return () => {
      if (!off) return;
      this.#listeners--;
      off();
      off = undefined;
    };
  }

  connected(peer: PeerId): void {
    this.#peers.add(peer);
    this.#events.emit("connected", peer);
  }

  disconnected(peer: PeerId): void {
    if (this.#peers.delete(peer)) this.#events.emit("disconnected", peer);
  }

  serve<P extends AnyProtocol>(protocol: P, handler: RequestHandler<P>): void {
    this.#handlers.set(protocol.id, { protocol, handler });
  }

  async *request<P extends AnyProtocol>(
    peer: PeerId,
    protocol: P,
    request: RequestOf<P>,
    options: RequestOptions<P> = {},
  ): AsyncGenerator<ResponseOf<P>> {
    const name = protocol.id.split("/")[2]!;
    const { clock, nodes } = this.#network;
    await this.#network.asked({ from: this.peerId, to: peer, protocol: name, request }, options.signal);
    const pause = async () => {
      if (this.#network.delayMs > 0) await sleep(clock, this.#network.delayMs, options.signal);
      if (options.signal?.aborted) throw new RequestError("aborted", "aborted by the caller");
      if (!this.#peers.has(peer)) throw new RequestError("connection", `not connected to ${peer}`);
    };
    await pause();
    const fault = this.#network.fault(peer, name);
    if (fault?.stall) {
      await sleep(clock, protocol.timeoutMs, options.signal);
      if (options.signal?.aborted) throw new RequestError("aborted", "aborted by the caller");
      this.penalize(peer, "timeout", protocol.id);
      throw new RequestError("timeout", "no answer in time");
    }
    const served = nodes.get(peer)!.#handlers.get(protocol.id);
    if (!served) throw new RequestError("unsupported", `${peer} does not serve ${protocol.id}`);
    const decoded = asReceived(protocol, request);
    let onAck: (ack: AckOf<P>) => void = () => undefined;
    const context = {
      peer: this.peerId,
      read: async (bytes: number) => {
        this.#network.reads.push({ protocol: name, bytes });
        if (!this.#network.mayRead) throw new RequestError("rateLimited", "too much is read");
      },
      signal: AbortSignal.any([]),
      onAck: (listener: (ack: AckOf<P>) => void) => {
        onAck = listener;
      },
    };
    const honest = () => served.handler(decoded, context as never) as AsyncIterable<unknown>;
    const answer = fault?.answer ? fault.answer(decoded as never, honest) : honest();
    let last: ResponseOf<P> | undefined;
    try {
      for await (const chunk of untilAborted(answer, options.signal)) {
        await pause();
        const received = this.#decoded(peer, protocol, chunk as ResponseOf<P>);
        last = received;
        yield received;
      }
    } catch (error) {
      throw requestError(error);
    }
    if (options.ack && protocol.ack && last !== undefined) {
      const ack = options.ack(last);
      onAck(protocol.ack.deserialize(protocol.ack.serialize(ack)) as AckOf<P>);
    }
  }

  join(_chain: Parameters<Network["join"]>[0], validators: Parameters<Network["join"]>[1]): void {
    this.#validators = validators;
  }

  listen(digests: readonly Uint8Array[]): void {
    this.listened = digests.map(toHex);
  }

  async publish(topic: TopicName, message: Uint8Array, digest: Uint8Array): Promise<number> {
    this.published.push({ topic, message, digest: toHex(digest) });
    for (const peer of this.#peers) void this.#deliver(peer, topic, message, toHex(digest));
    return this.#peers.size;
  }

  async #deliver(peer: PeerId, topic: TopicName, message: Uint8Array, digest: Hex): Promise<void> {
    if (this.#network.delayMs > 0) await sleep(this.#network.clock, this.#network.delayMs);
    if (!this.#peers.has(peer) || this.#network.loses(this.peerId, peer)) return;
    const node = this.#network.nodes.get(peer)!;
    if (!node.listened.includes(digest)) return;
    const verdict = await node.#validators?.[topic](message.slice(), this.peerId);
    if (!verdict) return;
    node.verdicts.push(verdict);
    if (verdict === "reject") node.penalize(this.peerId, "invalidMessage", topic);
  }

  /** Decodes a chunk like the requester; one that does not decode costs its sender score, as on the wire. */
  #decoded<P extends AnyProtocol>(peer: PeerId, protocol: P, chunk: ResponseOf<P>): ResponseOf<P> {
    try {
      return protocol.response.deserialize(protocol.response.serialize(chunk)) as ResponseOf<P>;
    } catch (cause) {
      this.penalize(peer, "invalidResponse", protocol.id);
      throw new RequestError("malformed", "a chunk does not decode", { cause });
    }
  }

  penalize(peer: PeerId, offence: PeerOffence, detail: string): void {
    this.penalties.push({ peer, offence, detail });
  }

  async disconnect(peer: PeerId): Promise<void> {
    const other = this.#network.nodes.get(peer);
    if (other) this.#network.disconnect(this, other);
  }
}
