import type { ServerResponse } from "node:http";
import type { EventName } from "./event-texts.ts";
import { commonHeaders } from "./problem.ts";

/** Proxies pass a stream on as it comes: nginx would collect it, and others might compress it. */
export const eventStreamHeaders = {
  ...commonHeaders,
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
  "content-type": "text/event-stream",
} as const;

/** An open event stream. */
export interface Stream {
  outgoing: ServerResponse;
  wanted: ReadonlySet<EventName>;
  /** Its headers are sent, so it can no longer be answered with a problem. */
  hasBegun: boolean;
  /** The number of the event to be sent next. */
  next: number;
  /** The last number that the reader received. */
  told: number;
  /** The number of times that the log has gained what may be wanted. */
  gained: number;
  /** True if the log has gained what is not wanted, since it was read. */
  hasPassed: boolean;
  /**
   * True if it has everything but what the log has just gained, which is read and formatted once for all such streams.
   * Otherwise its client pays for what is looked through, even if none of it is wanted.
   */
  isLive: boolean;
  /**
   * Ends the stream's wait for more. If all streams shared one promise, it would retain closed ones until something
   * happens.
   */
  wake: () => void;
}

/** Keeps a quiet connection open. A stream that asked for other types only learns the number of the last event. */
export function heartbeat(stream: Stream): void {
  const { outgoing, next, told } = stream;
  if (!stream.hasBegun || outgoing.writableNeedDrain) return;
  outgoing.write(next - 1 > told ? `: heartbeat\nid: ${next - 1}\n\n` : ": heartbeat\n\n");
  stream.told = next - 1;
}

/** Resolves when the buffer is sent, and also when the connection closes. */
export function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.on("drain", done);
    outgoing.on("close", done);
    if (outgoing.destroyed) done();
  });
}
