import { type PeerId, RequestError, type RequestErrorCode } from "../../protocols/index.ts";

/** A chunk that only a liar sends: it stands for bytes that its program did not encode. */
export class RawChunk {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** One exchange, as its requester sees it. */
export interface Exchange {
  peer: PeerId;
  chunks: Uint8Array[];
  ended: boolean;
  failure: RequestError | undefined;
  wake: () => void;
  /** Hands the acknowledgement to the answerer. */
  acknowledge: (ack: Uint8Array) => void;
}

export interface Failure {
  code: RequestErrorCode;
  reason: string;
}

/** Each part comes after the one before: `notBeforeMs`. */
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
