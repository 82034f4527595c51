import {
  type AckOf,
  type AnyProtocol,
  type FinalityAnswer,
  finality,
  RateLimiter,
  RequestError,
  type RequestErrorCode,
  type RequestHandler,
  type RequestOf,
  type RequestOptions,
  type ResponseOf,
} from "../../protocols/index.ts";
import { decodeMessage } from "../../protocols/reqresp/frames.ts";
import { votesOf } from "../../src/consensus/index.ts";
import type { PeerId, PeerOffence } from "../../src/network/types.ts";
import type { SignedFinalityVote } from "../../src/types/index.ts";
import { type Clock, sleep } from "../../src/util/clock.ts";
import { messageOf } from "../../src/util/errors.ts";
import type { Logger } from "../../src/util/logger.ts";
import { type Exchange, end, fail, RawChunk, type Reply, receive } from "./exchange.ts";
import type { SimNetwork } from "./network.ts";

/** Share of the quota that an honest node uses, as in the real engine. */
const ownShare = 0.9;

/** The offences of either side, as in the real engine. */
const answererOffences: Partial<Record<RequestErrorCode, PeerOffence>> = {
  malformed: "invalidResponse",
  tooLarge: "invalidResponse",
  timeout: "timeout",
};

export interface SimRequestsOptions {
  network: SimNetwork;
  peerId: PeerId;
  clock: Clock;
  logger: Logger;
  penalize(peer: PeerId, offence: PeerOffence, detail: string): void;
  onVotes(votes: readonly SignedFinalityVote[]): void;
  isAlive(): boolean;
}

interface Answerer {
  handler: RequestHandler<AnyProtocol>;
  protocol: AnyProtocol;
}

/** Requests and answers over simulated streams: encoded, in order, with delays, rate limits and time-outs. */
export class SimRequests {
  readonly #options: SimRequestsOptions;
  readonly #answerers = new Map<string, Answerer>();
  readonly #exchanges = new Set<Exchange>();
  readonly #sent: RateLimiter;
  readonly #received: RateLimiter;

  constructor(options: SimRequestsOptions) {
    this.#options = options;
    this.#sent = new RateLimiter(options.clock);
    this.#received = new RateLimiter(options.clock);
  }

  serve(protocol: AnyProtocol, handler: RequestHandler<AnyProtocol>): void {
    this.#answerers.set(protocol.id, { protocol, handler });
  }

  /** Returns the handler of a protocol. */
  handlerOf(protocol: AnyProtocol): RequestHandler<AnyProtocol> | undefined {
    return this.#answerers.get(protocol.id)?.handler;
  }

  onDisconnected(peer: PeerId): void {
    for (const exchange of this.#exchanges)
      if (exchange.peer === peer) fail(exchange, "connection", "the connection is closed");
  }

  async *request<P extends AnyProtocol>(
    peer: PeerId,
    protocol: P,
    request: RequestOf<P>,
    options: RequestOptions<P> = {},
  ): AsyncGenerator<ResponseOf<P>> {
    await this.#waitForQuota(peer, protocol, options.signal);
    const { network, peerId } = this.#options;
    if (!network.connected(peerId, peer)) throw new RequestError("connection", `not connected to ${peer}`);
    const exchange = this.#start(peer, protocol, protocol.request.serialize(request));
    try {
      let last: ResponseOf<P> | undefined;
      let count = 0;
      let totalBytes = 0;
      for (;;) {
        await this.#next(exchange, protocol, options.signal);
        const chunk = exchange.chunks.shift();
        if (chunk) {
          totalBytes += chunk.length;
          if (++count > protocol.maxChunks || totalBytes > protocol.maxTotalBytes)
            throw new RequestError("tooLarge", "the answer is over a cap");
          const response = decodeMessage(protocol.response, chunk) as Awaited<ResponseOf<P>>;
          last = response;
          if (protocol.id === finality.id) this.#options.onVotes(votesIn(response as FinalityAnswer));
          yield response;
        } else if (exchange.failure) throw exchange.failure;
        else break;
      }
      if (last !== undefined && protocol.ack && options.ack)
        exchange.acknowledge(protocol.ack.serialize(options.ack(last)));
    } catch (error) {
      const offence = error instanceof RequestError && answererOffences[error.code];
      if (offence) this.#options.penalize(peer, offence, `${protocol.id}: ${messageOf(error)}`);
      throw error;
    } finally {
      this.#exchanges.delete(exchange);
    }
  }

  async #waitForQuota(peer: PeerId, protocol: AnyProtocol, signal: AbortSignal | undefined): Promise<void> {
    const key = `${peer} ${protocol.id}`;
    const requests = Math.max(1, Math.floor(protocol.quota.requests * ownShare));
    const quota = { ...protocol.quota, requests };
    while (!this.#sent.take(key, quota)) {
      await sleep(this.#options.clock, this.#sent.delayMs(key, quota), signal);
      if (signal?.aborted) throw new RequestError("aborted", "aborted by the caller");
    }
  }

  #start(peer: PeerId, protocol: AnyProtocol, request: Uint8Array): Exchange {
    const { network, peerId } = this.#options;
    const exchange: Exchange = {
      peer,
      chunks: [],
      ended: false,
      failure: undefined,
      wake: () => undefined,
      acknowledge: () => undefined,
    };
    this.#exchanges.add(exchange);
    network.transmit(peerId, peer, (target) => {
      target.requests.answer(protocol.id, peerId, request, {
        send: (chunk, notBeforeMs) =>
          network.transmit(peer, peerId, () => receive(exchange, chunk), notBeforeMs),
        end: (failure, notBeforeMs) =>
          network.transmit(peer, peerId, () => end(exchange, failure), notBeforeMs),
        onAck: (listener) => {
          exchange.acknowledge = (ack) => network.transmit(peerId, peer, () => listener(ack));
        },
      });
    });
    return exchange;
  }

  /** Resolves to the next chunk, the end or a failure. */
  async #next(exchange: Exchange, protocol: AnyProtocol, signal: AbortSignal | undefined): Promise<void> {
    const isReady = () => exchange.chunks.length > 0 || exchange.ended || exchange.failure;
    if (signal?.aborted) fail(exchange, "aborted", "aborted by the caller");
    if (isReady()) return;
    const abort = () => fail(exchange, "aborted", "aborted by the caller");
    signal?.addEventListener("abort", abort);
    const cancel = this.#options.clock.after(protocol.timeoutMs, () =>
      fail(exchange, "timeout", "no answer in time"),
    );
    await new Promise<void>((resolve) => {
      exchange.wake = resolve;
    });
    cancel();
    signal?.removeEventListener("abort", abort);
  }

  /** Answers a request. */
  answer(id: string, peer: PeerId, request: Uint8Array, reply: Reply): void {
    const answerer = this.#answerers.get(id);
    if (!answerer) {
      reply.end({ code: "unsupported", reason: id }, 0);
      return;
    }
    const { protocol, handler } = answerer;
    if (!this.#received.take(`${peer} ${id}`, protocol.quota)) {
      this.#options.penalize(peer, "rateLimited", id);
      reply.end({ code: "rateLimited", reason: id }, 0);
      return;
    }
    void this.#run(protocol, handler, peer, request, reply);
  }

  async #run(
    protocol: AnyProtocol,
    handler: RequestHandler<AnyProtocol>,
    peer: PeerId,
    request: Uint8Array,
    reply: Reply,
  ): Promise<void> {
    const context = {
      peer,
      read: async () => undefined,
      signal: new AbortController().signal,
      onAck: (listener: (ack: AckOf<AnyProtocol>) => void) => {
        reply.onAck((bytes) => {
          const ack = this.#decoded(protocol.ack!, bytes, peer, protocol.id);
          if (ack !== undefined) listener(ack as AckOf<AnyProtocol>);
        });
      },
    };
    let arrivalMs = 0;
    const decoded = this.#decoded(protocol.request, request, peer, protocol.id);
    if (decoded === undefined) return reply.end({ code: "invalidRequest", reason: "it does not decode" }, 0);
    try {
      for await (const chunk of handler(decoded, context)) {
        if (!this.#options.isAlive()) return;
        const bytes = chunk instanceof RawChunk ? chunk.bytes : protocol.response.serialize(chunk);
        arrivalMs = reply.send(bytes, arrivalMs);
      }
      reply.end(undefined, arrivalMs);
    } catch (error) {
      const known = error instanceof RequestError ? error : undefined;
      if (!known)
        this.#options.logger.error(
          { protocol: protocol.id, error: messageOf(error) },
          "could not answer a request",
        );
      if (known?.code === "invalidRequest")
        this.#options.penalize(peer, "invalidRequest", `${protocol.id}: ${known.message}`);
      reply.end({ code: known?.code ?? "serverError", reason: messageOf(error) }, arrivalMs);
    }
  }

  /** Decodes a message; penalizes the peer and returns undefined if the bytes do not decode. */
  #decoded<T>(type: { deserialize(bytes: Uint8Array): T }, bytes: Uint8Array, peer: PeerId, id: string) {
    try {
      return type.deserialize(bytes);
    } catch (error) {
      this.#options.penalize(peer, "invalidRequest", `${id}: ${messageOf(error)}`);
      return undefined;
    }
  }
}

function votesIn({ votes, certificates }: FinalityAnswer): SignedFinalityVote[] {
  return [...votes, ...certificates.flatMap(votesOf)];
}
