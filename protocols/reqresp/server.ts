import type { Stream } from "@libp2p/interface";
import { pipe } from "it-pipe";
import type { Uint8ArrayList } from "uint8arraylist";
import type { Clock } from "../../src/util/clock.ts";
import { RequestError, requestError } from "./errors.ts";
import { guardStream, incoming, linger, paced, type StreamGuard, within } from "./exchange.ts";
import {
  decodeMessage,
  type ErrorResult,
  endFrame,
  errorFrame,
  frames,
  maxLengthBytes,
  successFrame,
} from "./frames.ts";
import type { AckOf, AnyProtocol, Meter, RequestHandler, RequestOf, ResponseOf } from "./types.ts";

/** A requester in error still gets an answer, unless it keeps sending. */
const slackBytes = 1024;
/** The least cost of an answer: a stream, a handler, a packet or two. */
const answerBytes = 4096;

export interface AnswerOptions {
  clock: Clock;
  /** The requester's peer id. */
  peer: string;
  /** False if the requester is over its quota: it is told so, and its request is not read. */
  admitted: boolean;
  meter: Meter;
  /**
   * Called for what a handler throws that is no `RequestError`, and for answers over the caps: these are errors of this
   * side.
   */
  onServerError(error: unknown): void;
}

/**
 * Answers one request. Call it as soon as there is a stream. When the exchange is over, it resolves to the error, if
 * there was one: `invalidRequest`, `malformed` and `tooLarge` are the requester's fault. Never rejects.
 */
export async function answerRequest<P extends AnyProtocol>(
  stream: Stream,
  protocol: P,
  handler: RequestHandler<P>,
  options: AnswerOptions,
): Promise<RequestError | undefined> {
  const maxPayloadBytes = Math.max(protocol.maxRequestBytes, protocol.ack?.maxSize ?? 0);
  const guard = guardStream(stream, {
    clock: options.clock,
    maxReceivedBytes: 2 * (maxPayloadBytes + maxLengthBytes) + slackBytes,
    failOnReset: true,
  });
  const outcome: Outcome = { awaitsHandler: false };
  const { source, sink } = incoming(stream);
  const input = frames(source, maxPayloadBytes);
  const answer = respond(input, protocol, handler, guard, options, outcome);
  try {
    await within(
      pipe(answer, (messages) => paced(stream, messages, guard.signal), sink),
      guard.signal,
    );
    guard.release();
    // Further bytes of the requester are dropped.
    await stream.closeRead();
    // A stream that breaks now needs no closing.
    linger(stream, options.clock).catch(() => undefined);
  } catch (error) {
    const known = requestError(error);
    // This side alone is to blame for a handler that takes too long.
    const ownFault = known.code === "timeout" && outcome.awaitsHandler;
    if (ownFault) options.onServerError(known);
    outcome.error ??= ownFault ? new RequestError("serverError", "the handler took too long") : known;
    guard.fail(outcome.error);
  } finally {
    guard.release();
    options.meter.release();
    // The handler is suspended where the stream broke; this lets it end.
    answer.return(undefined).catch(() => undefined);
    input.return(undefined).catch(() => undefined);
  }
  return outcome.error;
}

interface Outcome {
  error?: RequestError;
  awaitsHandler: boolean;
}

async function* respond<P extends AnyProtocol>(
  input: AsyncGenerator<Uint8ArrayList>,
  protocol: P,
  handler: RequestHandler<P>,
  guard: StreamGuard,
  options: AnswerOptions,
  outcome: Outcome,
): AsyncGenerator<Uint8ArrayList> {
  let listener: ((ack: AckOf<P>) => void) | undefined;
  try {
    guard.restart(protocol.timeoutMs);
    if (!options.admitted) throw new RequestError("rateLimited", "too many requests");
    const request = await readRequest(input, protocol, guard);
    const read = (bytes: number) => within(options.meter.read(bytes, guard.signal), guard.signal);
    await read(answerBytes);
    const context = {
      peer: options.peer,
      read,
      onAck: (onAck: (ack: AckOf<P>) => void) => {
        listener = onAck;
      },
    };
    yield* chunks(handler(request, context), protocol, guard, options.meter, outcome);
    yield endFrame();
  } catch (error) {
    if (guard.signal.aborted) throw guard.signal.reason;
    const known = error instanceof RequestError ? error : undefined;
    if (!known || known.code === "serverError") options.onServerError(error);
    outcome.error = known ?? new RequestError("serverError", "internal error", { cause: error });
    guard.restart(protocol.timeoutMs);
    yield errorFrame(resultOf(outcome.error), outcome.error.message);
    return;
  }
  if (protocol.ack) {
    guard.restart(protocol.timeoutMs);
    const { done, value } = await within(input.next(), guard.signal);
    if (!done) listener?.(decodeMessage(protocol.ack, value.subarray()) as AckOf<P>);
  }
}

async function readRequest<P extends AnyProtocol>(
  input: AsyncGenerator<Uint8ArrayList>,
  protocol: P,
  guard: StreamGuard,
): Promise<RequestOf<P>> {
  try {
    const { done, value } = await within(input.next(), guard.signal);
    if (done) throw new RequestError("connection", "closed without a request");
    if (value.byteLength > protocol.maxRequestBytes) {
      throw new RequestError("tooLarge", `a request has at most ${protocol.maxRequestBytes} bytes`);
    }
    return decodeMessage(protocol.request, value.subarray());
  } catch (error) {
    throw requestError(error);
  }
}

async function* chunks<P extends AnyProtocol>(
  answer: AsyncIterable<ResponseOf<P>>,
  protocol: P,
  guard: StreamGuard,
  meter: Meter,
  outcome: Outcome,
): AsyncGenerator<Uint8ArrayList> {
  const iterator = answer[Symbol.asyncIterator]();
  let count = 0;
  let totalBytes = 0;
  try {
    for (;;) {
      guard.restart(protocol.timeoutMs);
      outcome.awaitsHandler = true;
      const { done, value } = await within(Promise.resolve(iterator.next()), guard.signal);
      outcome.awaitsHandler = false;
      if (done) return;
      const chunk = protocol.response.serialize(value);
      count++;
      totalBytes += chunk.length;
      if (
        count > protocol.maxChunks ||
        chunk.length > protocol.maxResponseBytes ||
        totalBytes > protocol.maxTotalBytes
      ) {
        throw new RequestError("serverError", `an answer over the caps of ${protocol.id}`);
      }
      meter.charge(chunk.length);
      yield successFrame(chunk);
      meter.release();
    }
  } finally {
    // This is not awaited, since it waits for whatever the handler waits for.
    Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

function resultOf(error: RequestError): ErrorResult {
  switch (error.code) {
    case "serverError":
    case "resourceUnavailable":
    case "rateLimited":
      return error.code;
    case "invalidRequest":
    case "malformed":
    case "tooLarge":
      return "invalidRequest";
    default:
      return "serverError";
  }
}
