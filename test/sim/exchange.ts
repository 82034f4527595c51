import { RequestError, type RequestErrorCode } from "../../protocols/index.ts";
import type { PeerId } from "../../src/network/types.ts";

/** A chunk of raw bytes, which only a liar sends. */
export class RawChunk {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** An exchange from the view of its requester. */
export interface Exchange {
  peer: PeerId;
  chunks: Uint8Array[];
  ended: boolean;
  failure: RequestError | undefined;
  wake: () => void;
  /** Passes the acknowledgement to the answering side. */
  acknowledge: (ack: Uint8Array) => void;
}

export interface Failure {
  code: RequestErrorCode;
  reason: string;
}

/** Sends the parts of an answer in order (`notBeforeMs`). */
export interface Reply {
  send(chunk: Uint8Array, notBeforeMs: number): number;
  end(failure: Failure | undefined, notBeforeMs: number): void;
  onAck(listener: (ack: Uint8Array) => void): void;
}

export function receive(exchange: Exchange, chunk: Uint8Array): void {
  exchange.chunks.push(chunk);
  exchange.wake();
}

export function end(exchange: Exchange, failure: Failure | undefined): void {
  if (failure) {
    fail(exchange, failure.code, `the peer answers: ${failure.reason}`);
    return;
  }
  exchange.ended = true;
  exchange.wake();
}

export function fail(exchange: Exchange, code: RequestErrorCode, message: string): void {
  exchange.failure ??= new RequestError(code, message);
  exchange.wake();
}
