import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Requests of one connection that are not answered yet. Browsers and common clients send one at a time. Answers wait in
 * memory for those before them, and the first may be an event stream, which never ends.
 */
export const maxPipelined = 32;

/** Ends connections whose requests would cost more than they bring. */
export class Pipelines {
  readonly #unanswered = new WeakMap<Socket, number>();

  /**
   * Called with every request. Returns false for a connection that has been ended, because it has too many requests
   * under way. A connection with a chunked body that is not complete ends with the answer: to read the rest, which may
   * be chunks of one byte without end, would take the thread.
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
    outgoing.once("close", () => this.#unanswered.set(socket, this.#unanswered.get(socket)! - 1));
    if (isChunked(incoming)) outgoing.once("finish", () => !incoming.complete && socket.destroy());
    return true;
  }
}

export function isChunked({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined;
}
