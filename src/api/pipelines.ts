import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Requests of one connection that are not answered yet. Browsers and common clients send one at a time. Answers wait in
 * memory for those before them, and the first may be an event stream, which never ends. What many connections send at
 * once is done before anything else.
 */
export const maxPipelined = 16;

/** A client that still sends its body has this time to read the answer, before the connection is reset. */
const lingerMs = 1_000;

/** Ends connections whose requests would cost more than they bring. */
export class Pipelines {
  readonly #unanswered = new WeakMap<Socket, number>();

  /**
   * Called with every request. Returns false for a connection that has been ended, because it has too many requests
   * under way.
   */
  begin(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    const { socket } = incoming;
    if (socket.destroyed) return false;
    const unanswered = (this.#unanswered.get(socket) ?? 0) + 1;
    if (unanswered > maxPipelined) {
      socket.destroy();
      return false;
    }
    this.#unanswered.set(socket, unanswered);
    outgoing.on("close", () => this.#unanswered.set(socket, this.#unanswered.get(socket)! - 1));
    return true;
  }

  /**
   * Called before an answer. A connection whose body is not complete when the request has been answered is closed: to
   * read the rest, as Node.js would, takes the thread for as long as the client likes. The answer says so, since the
   * client may have sent the rest already, and would use the connection again.
   */
  beforeAnswer(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { headers, socket } = incoming;
    if (headers["content-length"] === undefined && !isChunked(incoming)) return;
    const writeHead = outgoing.writeHead as (...args: unknown[]) => ServerResponse;
    outgoing.writeHead = (...args: unknown[]) => {
      if (!hasArrived(incoming)) outgoing.setHeader("connection", "close");
      return writeHead.apply(outgoing, args);
    };
    // The listener of Node.js discards the rest and sets a time-out: this one has to be before it.
    outgoing.prependOnceListener("finish", () => incoming.complete || stopReading(incoming));
    // This one has to be after it.
    outgoing.once("finish", () => incoming.complete || socket.setTimeout(lingerMs));
  }
}

/** True if all of the body is here, or has been read. The parser of Node.js tells the end of a body after the body. */
function hasArrived({ complete, readableLength, headers }: IncomingMessage): boolean {
  return complete || readableLength >= Number(headers["content-length"]);
}

function stopReading(incoming: IncomingMessage): void {
  incoming.pause();
  // Node.js leaves a body alone that somebody has begun to read.
  incoming.read(0);
}

export function isChunked({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined;
}
