import type { Stream } from "@libp2p/interface";
import { pipe } from "it-pipe";
import type { Uint8ArrayList } from "uint8arraylist";
import type { Clock } from "../../src/util/clock.ts";
import { RequestError, requestError } from "./errors.ts";
import { guardStream, incoming, linger, paced, type StreamGuard, within } from "./exchange.ts";
import { decodeMessage, frame, frames, maxLengthBytes, maxReasonBytes } from "./frames.ts";
import { type AckOf, type AnyProtocol, type RequestOf, type ResponseOf, resultCodes } from "./types.ts";

export interface RequestOptions<P> {
  signal?: AbortSignal | undefined;
  /** Makes the acknowledgement from the last chunk, if the protocol has one. */
  ack?: ((response: ResponseOf<P>) => AckOf<P>) | undefined;
}

/** An account of the bytes of an answer that are in memory. */
export interface AnswerHolder {
  grow(bytes: number): void;
  shrink(bytes: number): void;
}

/**
 * Sends a request on a new stream and yields the chunks of the answer. The answer is read as fast as it arrives, up to
 * its caps, and acknowledged at its end, however slow the consumer is: the time-outs apply to the answerer alone.
 * @throws {RequestError}
 */
export async function* sendRequest<P extends AnyProtocol>(
  stream: Stream,
  protocol: P,
  request: RequestOf<P>,
  options: RequestOptions<P> & { clock: Clock; held?: AnswerHolder | undefined },
): AsyncGenerator<ResponseOf<P>> {
  const guard = guardStream(stream, {
    clock: options.clock,
    maxReceivedBytes:
      protocol.maxTotalBytes + maxReasonBytes + (protocol.maxChunks + 1) * (1 + maxLengthBytes),
    signal: options.signal,
    failOnReset: false,
    onReceived: (bytes) => options.held?.grow(bytes),
  });
  const chunks: Uint8Array[] = [];
  let wake = Promise.withResolvers<void>();
  let over = false;
  let failure: RequestError | undefined;
  receiveAnswer(stream, protocol, request, options, guard, (chunk) => {
    chunks.push(chunk);
    wake.resolve();
  })
    .catch((error) => {
      failure = requestError(error);
    })
    .finally(() => {
      over = true;
      wake.resolve();
    });
  try {
    for (;;) {
      for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) {
        yield decodeMessage(protocol.response, chunk) as ResponseOf<P>;
        // By asking for the next chunk, the caller releases this one, or counts its memory itself.
        options.held?.shrink(chunk.length);
      }
      if (over) break;
      wake = Promise.withResolvers();
      await wake.promise;
    }
  } finally {
    // This has no effect if the answer is complete.
    if (!over) guard.fail(new RequestError("aborted", "the answer is not wanted any more"));
  }
  if (failure) throw failure;
}

/** Sends the request, and the acknowledgement after the last chunk. Resolves at the end of the answer. */
async function receiveAnswer<P extends AnyProtocol>(
  stream: Stream,
  protocol: P,
  request: RequestOf<P>,
  options: RequestOptions<P> & { clock: Clock },
  guard: StreamGuard,
  onChunk: (chunk: Uint8Array) => void,
): Promise<void> {
  const { source, sink } = incoming(stream);
  const ended = Promise.withResolvers<Uint8ArrayList | undefined>();
  async function* outgoing(): AsyncGenerator<Uint8ArrayList> {
    yield frame(protocol.request.serialize(request));
    const ack = await ended.promise;
    if (ack) yield ack;
  }
  pipe(outgoing(), (messages) => paced(stream, messages, guard.signal), sink).catch(() => undefined);
  const input = frames(source, 1 + Math.max(protocol.maxResponseBytes, maxReasonBytes));

  try {
    let last: Uint8Array | undefined;
    let count = 0;
    let totalBytes = 0;
    for (;;) {
      guard.restart(protocol.timeoutMs);
      const chunk = readFrame(await nextFrame(input, guard.signal));
      if (chunk === undefined) break;
      totalBytes += chunk.length;
      if (++count > protocol.maxChunks)
        throw new RequestError("tooLarge", `over ${protocol.maxChunks} chunks`);
      if (totalBytes > protocol.maxTotalBytes) {
        throw new RequestError("tooLarge", `over ${protocol.maxTotalBytes} bytes`);
      }
      last = chunk;
      onChunk(chunk);
    }
    if (protocol.ack && options.ack && last !== undefined) {
      const response = decodeMessage(protocol.response, last) as ResponseOf<P>;
      ended.resolve(frame(protocol.ack.serialize(options.ack(response))));
    }
    close(stream, guard, options.clock);
  } catch (error) {
    const known = requestError(error);
    // An answer that is an error is complete.
    if (known.code in resultCodes) close(stream, guard, options.clock);
    else guard.fail(known);
    throw known;
  } finally {
    ended.resolve(undefined);
    input.return(undefined).catch(() => undefined);
  }
}

/** The stream closes when everything that is still to be sent is sent. */
function close(stream: Stream, guard: StreamGuard, clock: Clock): void {
  guard.release();
  // A stream that breaks now needs no closing.
  linger(stream, clock).catch(() => undefined);
}

/** The end of the stream inside a frame does not prove malice: a node that stops closes its streams. */
async function nextFrame(input: AsyncGenerator<Uint8ArrayList>, signal: AbortSignal): Promise<Uint8Array> {
  let next: IteratorResult<Uint8ArrayList>;
  try {
    next = await within(input.next(), signal);
  } catch (error) {
    const known = requestError(error);
    if (known.cause instanceof Error && known.cause.name === "UnexpectedEOFError") {
      throw new RequestError("connection", "the answer ended within a frame", { cause: error });
    }
    throw known;
  }
  if (next.done) throw new RequestError("connection", "the answer ended early");
  return next.value.subarray();
}

/** The chunk; undefined at the end of the answer. @throws {RequestError} with the answerer's error, or `malformed`. */
function readFrame(payload: Uint8Array): Uint8Array | undefined {
  const body = payload.subarray(1);
  switch (payload[0]) {
    case resultCodes.success:
      return body;
    case resultCodes.end:
      if (body.length > 0) throw new RequestError("malformed", "bytes after the end");
      return undefined;
    case resultCodes.invalidRequest:
      throw answered("invalidRequest", body);
    case resultCodes.serverError:
      throw answered("serverError", body);
    case resultCodes.resourceUnavailable:
      throw answered("resourceUnavailable", body);
    case resultCodes.rateLimited:
      throw answered("rateLimited", body);
    default:
      throw new RequestError("malformed", "unknown result code");
  }
}

function answered(
  code: "invalidRequest" | "serverError" | "resourceUnavailable" | "rateLimited",
  reason: Uint8Array,
): RequestError {
  const text = new TextDecoder().decode(reason.subarray(0, maxReasonBytes));
  return new RequestError(code, `the peer answers: ${text}`);
}
