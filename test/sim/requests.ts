import {
  type AckOf,
  type AnyProtocol,
  type FinalityAnswer,
  finality,
  type Offence,
  type PeerId,
  RateLimiter,
  RequestError,
  type RequestErrorCode,
  type RequestHandler,
  type RequestOf,
  type RequestOptions,
  type ResponseOf,
} from "../../protocols/index.ts";
import { votesOf } from "../../src/consensus/index.ts";
import type { SignedFinalityVote } from "../../src/types/index.ts";
import { type Clock, sleep } from "../../src/util/clock.ts";
import { messageOf } from "../../src/util/errors.ts";
import type { Logger } from "../../src/util/logger.ts";
import type { SimNetwork } from "./network.ts";

/** As in the real engine: an honest node asks below the quota. */
const ownShare = 0.9;

export interface SimRequestsOptions {
  network: SimNetwork;
  peerId: PeerId;
  clock: Clock;
  logger: Logger;
  penalize(peer: PeerId, offence: Offence, detail: string): void;
  onVotes(votes: readonly SignedFinalityVote[]): void;
  isAlive(): boolean;
}

/** One exchange, as its requester sees it. */
interface Exchange {
  peer: PeerId;
  chunks: Uint8Array[];
  ended: boolean;
  failure: RequestError | undefined;
  wake: () => void;
  /** Hands the acknowledgement to the answerer. */
  acknowledge: (ack: Uint8Array) => void;
}

interface Answerer {
  handler: RequestHandler<AnyProtocol>;
  protocol: AnyProtocol;
}

/** Requests and answers over simulated streams: encoded, in order, delayed, rate-limited, timed out. */
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
      for (;;) {
        await this.#next(exchange, protocol, options.signal);
        const chunk = exchange.chunks.shift();
        if (chunk) {
          const response = protocol.response.deserialize(chunk) as Awaited<ResponseOf<P>>;
          last = response;
          if (protocol.id === finality.id) this.#options.onVotes(votesIn(response as FinalityAnswer));
          yield response;
        } else if (exchange.failure) throw exchange.failure;
        else break;
      }
      if (last !== undefined && protocol.ack && options.ack)
        exchange.acknowledge(protocol.ack.serialize(options.ack(last)));
    } catch (error) {
      if (error instanceof RequestError && error.code === "timeout")
        this.#options.penalize(peer, "timeout", `${protocol.id}: ${error.message}`);
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

  /** Resolves when there is a chunk, the end or a failure. */
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

  /** The answerer's side. */
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
      signal: new AbortController().signal,
      onAck: (listener: (ack: AckOf<AnyProtocol>) => void) => {
        reply.onAck((ack) => listener(protocol.ack!.deserialize(ack) as AckOf<AnyProtocol>));
      },
    };
    let arrivalMs = 0;
    try {
      for await (const chunk of handler(protocol.request.deserialize(request), context)) {
        if (!this.#options.isAlive()) return;
        arrivalMs = reply.send(protocol.response.serialize(chunk), arrivalMs);
      }
      reply.end(undefined, arrivalMs);
    } catch (error) {
      const known = error instanceof RequestError ? error : undefined;
      if (!known)
        this.#options.logger.error(
          { protocol: protocol.id, error: messageOf(error) },
          "a request was not answered",
        );
      reply.end({ code: known?.code ?? "serverError", reason: messageOf(error) }, arrivalMs);
    }
  }
}

function votesIn({ votes, certificates }: FinalityAnswer): SignedFinalityVote[] {
  return [...votes, ...certificates.flatMap(votesOf)];
}

interface Failure {
  code: RequestErrorCode;
  reason: string;
}

/** Each part comes after the one before: `notBeforeMs`. */
interface Reply {
  send(chunk: Uint8Array, notBeforeMs: number): number;
  end(failure: Failure | undefined, notBeforeMs: number): void;
  onAck(listener: (ack: Uint8Array) => void): void;
}

function receive(exchange: Exchange, chunk: Uint8Array): void {
  exchange.chunks.push(chunk);
  exchange.wake();
}

function end(exchange: Exchange, failure: Failure | undefined): void {
  if (failure) {
    fail(exchange, failure.code, `the peer answers: ${failure.reason}`);
    return;
  }
  exchange.ended = true;
  exchange.wake();
}

function fail(exchange: Exchange, code: RequestErrorCode, message: string): void {
  exchange.failure ??= new RequestError(code, message);
  exchange.wake();
}
