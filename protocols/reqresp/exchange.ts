import type { Stream } from "@libp2p/interface";
import { messageStreamToDuplex } from "@libp2p/utils";
import type { Uint8ArrayList } from "uint8arraylist";
import { type Clock, sleep } from "../../src/util/clock.ts";
import { RequestError } from "./errors.ts";

/** Bytes written at once. The stream's own buffer stays near this size. */
const pieceBytes = 64 * 1024;
/** More than a piece or two. Only a bug in the pacing reaches it, and resets the stream. */
const maxWriteBufferBytes = 4 * pieceBytes;
/** The time for the other side to close its half after the exchange is over. */
export const lingerMs = 2_000;

/**
 * If this process itself was busy all the time, the data that arrived meanwhile is read only after the timers have run.
 */
const graceMs = 50;

/** Watches one stream: breaking a limit resets the stream and aborts `signal` with a `RequestError`. */
export interface StreamGuard {
  readonly signal: AbortSignal;
  /** Restarts the time-out: the next step must happen within `timeoutMs`. */
  restart(timeoutMs: number): void;
  /** Stops the time-out: nothing is expected from the other side. */
  pause(): void;
  /** Resets the stream, unless the guard was released. */
  fail(error: RequestError): void;
  /** Ends the watch because the exchange is over. */
  release(): void;
}

/** `maxReceivedBytes` bounds everything that arrives, read or not, so that memory is bounded whichever side is slow. */
export function guardStream(
  stream: Stream,
  options: {
    clock: Clock;
    maxReceivedBytes: number;
    signal?: AbortSignal | undefined;
    failOnReset: boolean;
    onReceived?: ((bytes: number) => void) | undefined;
  },
): StreamGuard {
  const controller = new AbortController();
  const { clock } = options;
  let pause = () => {};
  let received = 0;
  stream.maxWriteBufferLength = maxWriteBufferBytes;

  const release = () => {
    pause();
    stream.removeEventListener("message", onMessage);
    stream.removeEventListener("close", onClose);
    options.signal?.removeEventListener("abort", onAbort);
  };
  const fail = (error: RequestError) => {
    release();
    controller.abort(error);
    stream.abort(error);
  };
  const onMessage = (event: { data: Uint8Array | Uint8ArrayList }) => {
    received += event.data.byteLength;
    options.onReceived?.(event.data.byteLength);
    if (received > options.maxReceivedBytes) {
      // The stream cannot be reset while libp2p is still dispatching this event.
      queueMicrotask(() => fail(new RequestError("tooLarge", `more than ${options.maxReceivedBytes} bytes`)));
    }
  };
  const onClose = (event: { error?: Error }) => {
    if (options.failOnReset && event.error) fail(new RequestError("connection", event.error.message));
  };
  const onAbort = () => fail(new RequestError("aborted", "aborted by the caller"));

  stream.addEventListener("message", onMessage);
  stream.addEventListener("close", onClose);
  options.signal?.addEventListener("abort", onAbort);
  if (options.signal?.aborted) onAbort();
  // Events of a stream that is already gone never arrive (for example if it ends before the handler attaches).
  else if (stream.status !== "open") fail(new RequestError("connection", `the stream is ${stream.status}`));

  return {
    signal: controller.signal,
    pause: () => pause(),
    restart(timeoutMs) {
      pause();
      if (controller.signal.aborted) return;
      const expire = () => fail(new RequestError("timeout", `nothing within ${timeoutMs} ms`));
      pause = clock.after(timeoutMs, () => {
        pause = clock.after(graceMs, expire);
      });
    },
    fail,
    release,
  };
}

/**
 * Yields the bytes that arrive. Call it as soon as there is a stream. `messageStreamToDuplex` waits forever if the
 * other side has already closed its half; in that case the rest of the data is already in the stream's buffer.
 */
export function incoming(stream: Stream): {
  source: AsyncIterable<Uint8ArrayList | Uint8Array>;
  sink: ReturnType<typeof messageStreamToDuplex>["sink"];
} {
  const buffered = stream.remoteWriteStatus === "closed" ? allBuffered(stream) : undefined;
  const { source, sink } = messageStreamToDuplex(stream);
  return { source: buffered ?? source, sink };
}

function allBuffered(stream: Stream): AsyncIterable<Uint8ArrayList | Uint8Array> {
  const parts: (Uint8ArrayList | Uint8Array)[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.addEventListener("message", (event) => parts.push(event.data));
  stream.addEventListener("end", () => resolve(), { once: true });
  if (stream.readableEnded) resolve();
  return (async function* () {
    await promise;
    yield* parts;
  })();
}

/** Settles like `promise`, or rejects with the signal's reason. */
export function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    const done = () => signal.removeEventListener("abort", onAbort);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    promise.then(resolve, reject).finally(done);
  });
}

/**
 * The bytes of `messages` in pieces. Each is requested only when the stream has sent the one before, so that a slow
 * reader slows down the producer of the messages. libp2p's `onDrain()` works only once, so the events are awaited.
 */
export async function* paced(
  stream: Stream,
  messages: AsyncIterable<Uint8ArrayList>,
  signal: AbortSignal,
): AsyncGenerator<Uint8ArrayList> {
  for await (const message of messages) {
    for (let at = 0; at < message.byteLength; at += pieceBytes) {
      await writable(stream, signal);
      yield message.sublist(at, Math.min(at + pieceBytes, message.byteLength));
    }
  }
}

async function writable(stream: Stream, signal: AbortSignal): Promise<void> {
  while (stream.status === "open" && (stream.writableNeedsDrain || stream.writeBufferLength > 0)) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    for (const event of ["drain", "idle", "close"] as const) stream.addEventListener(event, wake);
    try {
      await within(promise, signal);
    } finally {
      for (const event of ["drain", "idle", "close"] as const) stream.removeEventListener(event, wake);
    }
  }
}

/** Resolves once both sides have closed the stream; resets it if the other side does not. */
export async function linger(stream: Stream, clock: Clock): Promise<void> {
  if (stream.status !== "open") return;
  const closed = new AbortController();
  stream.addEventListener("close", () => closed.abort(), { once: true });
  await sleep(clock, lingerMs, closed.signal);
  // This has no effect on a closed stream.
  stream.abort(new RequestError("timeout", "the other side did not close the stream"));
}
