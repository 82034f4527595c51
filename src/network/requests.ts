import type { Connection, Libp2p, Stream } from "@libp2p/interface";
import {
  type AnyProtocol,
  answerRequest,
  authority,
  height,
  peers,
  RateLimiter,
  RequestError,
  type RequestErrorCode,
  type RequestHandler,
  type RequestOf,
  type RequestOptions,
  type ResponseOf,
  requestError,
  sendRequest,
} from "../../protocols/index.ts";
import { inBackground } from "../util/background.ts";
import { type Clock, sleep } from "../util/clock.ts";
import { isClosed, messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { type Place, placeOf } from "./address.ts";
import { AnswerMemory } from "./answer-memory.ts";
import type { PeerScores } from "./scores.ts";
import { ServeBudget, type ServeLimits } from "./serve-budget.ts";
import type { NetworkObserver, PeerId, PeerOffence } from "./types.ts";
import type { Usefulness } from "./usefulness.ts";

/**
 * Concurrent answers to one peer in one protocol. Each may hold the largest chunk in memory while the peer reads it.
 */
export const maxConcurrent = 8;
/** libp2p resets streams above its own limit without an answer; this side answers `rateLimited` first. */
const maxStreams = 32;
/** An honest node stays below the quota, so that late packets that arrive together do not exceed it. */
export const ownShare = 0.9;

/** Offences of a requester, by how its exchange ended here. */
const requesterOffences: Partial<Record<RequestErrorCode, PeerOffence>> = {
  invalidRequest: "invalidRequest",
  malformed: "invalidRequest",
  tooLarge: "invalidRequest",
  rateLimited: "rateLimited",
  timeout: "timeout",
};

/** Answers that anybody can give at no cost. */
const cheapAnswers: ReadonlySet<string> = new Set([authority.id, height.id, peers.id]);

const answererOffences: Partial<Record<RequestErrorCode, PeerOffence>> = {
  malformed: "invalidResponse",
  tooLarge: "invalidResponse",
  timeout: "timeout",
};

export interface RequestsOptions {
  libp2p: Libp2p;
  /** The connection to use; undefined if there is none. */
  connection(peer: PeerId): Connection | undefined;
  scores: PeerScores;
  usefulness: Usefulness;
  clock: Clock;
  logger: Logger;
  observer?: NetworkObserver | undefined;
  /** Hosts without a share of their own in the budget for serving. */
  isExempt(place: Place): boolean;
  /** The address whose share of memory a peer's answers count for. */
  hostOf(peer: PeerId): string;
  serveLimits?: ServeLimits | undefined;
  answerBytes?: number | undefined;
}

/** Both sides of every request/response protocol, with quotas and penalties. */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #received: RateLimiter;
  readonly #sent: RateLimiter;
  readonly #answering = new Map<string, number>();
  readonly #budget: ServeBudget;
  readonly #answers: AnswerMemory;

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#received = new RateLimiter(options.clock);
    this.#sent = new RateLimiter(options.clock);
    this.#budget = new ServeBudget(options.clock, options.serveLimits);
    this.#answers = new AnswerMemory(options.answerBytes);
  }

  serve<P extends AnyProtocol>(protocol: P, handler: RequestHandler<P>): Promise<void> {
    return this.#options.libp2p.handle(
      protocol.id,
      (stream, connection) => inBackground(this.#answer(stream, connection, protocol, handler)),
      { maxInboundStreams: maxStreams, maxOutboundStreams: maxStreams },
    );
  }

  async #answer<P extends AnyProtocol>(
    stream: Stream,
    { remotePeer, remoteAddr }: Connection,
    protocol: P,
    handler: RequestHandler<P>,
  ): Promise<void> {
    const { clock, scores, logger, observer, isExempt } = this.#options;
    const peer = remotePeer.toString();
    const place = placeOf(remoteAddr.toString());
    const ended = observer?.request("inbound", protocol.id);
    const key = `${peer} ${protocol.id}`;
    const answering = this.#answering.get(key) ?? 0;
    this.#answering.set(key, answering + 1);
    const admitted = answering < maxConcurrent && this.#received.take(key, protocol.quota);
    const error = await answerRequest(stream, protocol, handler, {
      clock,
      peer,
      admitted,
      meter: this.#budget.meter(peer, place, place !== undefined && isExempt(place)),
      onServerError: (error) => {
        // This node began to close before the answer was complete.
        if (isClosed(error)) return;
        logger.error({ peer, protocol: protocol.id, error: messageOf(error) }, "could not answer a request");
      },
    });
    ended?.(error?.code ?? "success");
    const left = this.#answering.get(key)! - 1;
    if (left > 0) this.#answering.set(key, left);
    else this.#answering.delete(key);
    // An admitted request is refused only for what all peers request together: this requester is not at fault.
    const isPaced = error?.code === "rateLimited" && admitted;
    const offence = error && !isPaced && requesterOffences[error.code];
    if (offence) scores.penalize(peer, offence, `${protocol.id}: ${error.message}`);
  }

  async *request<P extends AnyProtocol>(
    peer: PeerId,
    protocol: P,
    request: RequestOf<P>,
    options: RequestOptions<P> = {},
  ): AsyncGenerator<ResponseOf<P>> {
    const { clock, observer, hostOf } = this.#options;
    const ended = observer?.request("outbound", protocol.id);
    const dropped = new AbortController();
    // A stream cannot be reset while libp2p is still dispatching what has arrived.
    const drop = () => queueMicrotask(() => dropped.abort());
    const held = this.#answers.begin(hostOf(peer), drop);
    const signal = options.signal ? AbortSignal.any([options.signal, dropped.signal]) : dropped.signal;
    // The caller may stop reading early, when it has what it wanted.
    let result: "success" | RequestErrorCode = "success";
    try {
      const stream = await this.#open(peer, protocol, signal);
      const { ack } = options;
      for await (const chunk of sendRequest(stream, protocol, request, { clock, signal, ack, held })) {
        // Chunks are not checked yet. A wrong one costs score, and the score decides before usefulness does.
        if (!cheapAnswers.has(protocol.id)) this.#options.usefulness.add(peer);
        yield chunk;
      }
    } catch (error) {
      const known = requestError(error);
      result = known.code;
      const offence = answererOffences[known.code];
      if (offence) this.#options.scores.penalize(peer, offence, `${protocol.id}: ${known.message}`);
      throw known;
    } finally {
      held.end();
      ended?.(result);
    }
  }

  /** @throws {RequestError} */
  async #open(peer: PeerId, protocol: AnyProtocol, signal: AbortSignal | undefined): Promise<Stream> {
    const { clock } = this.#options;
    const key = `${peer} ${protocol.id}`;
    const quota = {
      ...protocol.quota,
      requests: Math.max(1, Math.floor(protocol.quota.requests * ownShare)),
    };
    while (!this.#sent.take(key, quota)) {
      await sleep(clock, this.#sent.delayMs(key, quota), signal);
      if (signal?.aborted) throw new RequestError("aborted", "aborted by the caller");
    }
    const connection = this.#options.connection(peer);
    if (!connection) throw new RequestError("connection", `not connected to ${peer}`);
    const timeout = new AbortController();
    const cancel = clock.after(protocol.timeoutMs, () => timeout.abort());
    try {
      return await connection.newStream(protocol.id, {
        signal: signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal,
        maxOutboundStreams: maxStreams,
      });
    } catch (error) {
      if (signal?.aborted) throw new RequestError("aborted", "aborted by the caller", { cause: error });
      if (timeout.signal.aborted) throw new RequestError("timeout", "no stream in time", { cause: error });
      const known = requestError(error);
      // A peer that is killed, or has just disconnected, ends the stream before the protocol is agreed.
      if (known.code === "malformed") throw new RequestError("connection", known.message, { cause: error });
      throw known;
    } finally {
      cancel();
    }
  }
}
