import type { Stream } from "@libp2p/interface";
import { messageStreamToDuplex } from "@libp2p/utils";
import { pipe } from "it-pipe";
import type { Uint8ArrayList } from "uint8arraylist";
import { RequestError, requestError } from "./errors.ts";
import { guardStream, linger, paced, within } from "./exchange.ts";
import { decodeMessage, frame, frames, maxLengthBytes, maxReasonBytes } from "./frames.ts";
import { type AckOf, type AnyProtocol, type RequestOf, type ResponseOf, resultCodes } from "./types.ts";

export interface RequestOptions<P> {
  signal?: AbortSignal | undefined;
  /** Makes the acknowledgement from the last chunk, where the protocol has one. */
  ack?: ((response: ResponseOf<P>) => AckOf<P>) | undefined;
}

/**
 * Asks on a new stream and yields the chunks of the answer. The time-out runs only while the answerer is awaited, not while
 * the consumer works on a chunk. @throws {RequestError}
 */
export async function* sendRequest<P extends AnyProtocol>(
  stream: Stream,
  protocol: P,
  request: RequestOf<P>,
  options: RequestOptions<P> = {},
): AsyncGenerator<ResponseOf<P>> {
  const maxPayloadBytes = 1 + Math.max(protocol.maxResponseBytes, maxReasonBytes);
  const guard = guardStream(stream, {
    maxReceivedBytes:
      protocol.maxTotalBytes + maxReasonBytes + (protocol.maxChunks + 1) * (1 + maxLengthBytes),
    signal: options.signal,
    failOnReset: false,
  });
  const duplex = messageStreamToDuplex(stream);
  const ended = Promise.withResolvers<Uint8ArrayList | undefined>();
  async function* outgoing(): AsyncGenerator<Uint8ArrayList> {
    yield frame(protocol.request.serialize(request));
    const ack = await ended.promise;
    if (ack) yield ack;
  }
  const sent = pipe(outgoing(), (messages) => paced(stream, messages, guard.signal), duplex.sink);
  sent.catch(() => undefined);
  const input = frames(duplex.source, maxPayloadBytes);

  let complete = false;
  try {
    let last: ResponseOf<P> | undefined;
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
      const response = decodeMessage(protocol.response, chunk) as ResponseOf<P>;
      last = response;
      guard.pause();
      yield response;
    }
    complete = true;
    if (protocol.ack && options.ack && last !== undefined) {
      ended.resolve(frame(protocol.ack.serialize(options.ack(last))));
    }
  } catch (error) {
    const known = requestError(error);
    // An answer that is an error is complete.
    complete = known.code in resultCodes;
    throw known;
  } finally {
    ended.resolve(undefined);
    input.return(undefined).catch(() => undefined);
    if (complete) {
      guard.release();
      // Sends the acknowledgement and closes the stream, without keeping the caller waiting.
      linger(stream).catch(() => undefined);
    } else guard.fail(new RequestError("aborted", "the answer is not wanted any more"));
  }
}

/** The end of the stream inside a frame is no proof of malice: a node that stops closes its streams. */
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

/** The chunk; undefined at the end of the answer. @throws {RequestError} what the answerer says, or `malformed`. */
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
