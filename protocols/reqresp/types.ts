import type { Type } from "@chainsafe/ssz";

/**
 * A request/response protocol as data; `reqresp/client.ts` and `reqresp/server.ts` run it. Byte caps apply to one
 * encoded message without its frame.
 */
export interface Protocol<Request, Response, Ack = never> {
  /** The libp2p protocol id: `/ccoin/<name>/<version>`. */
  readonly id: string;
  readonly request: Type<Request>;
  readonly response: Type<Response>;
  /** If present, the requester ends the exchange by sending this. */
  readonly ack?: Type<Ack>;
  readonly maxRequestBytes: number;
  /** The largest chunk of the answer. */
  readonly maxResponseBytes: number;
  /** The number of chunks of one answer. */
  readonly maxChunks: number;
  /** The sum of all chunks of one answer. */
  readonly maxTotalBytes: number;
  /** The time for the request to arrive, and then for each chunk. */
  readonly timeoutMs: number;
  /** The quota of one peer: `requests` at once, refilled evenly over `perMs`. */
  readonly quota: { readonly requests: number; readonly perMs: number };
}

export type RequestOf<P> = P extends Protocol<infer Request, infer _Response, infer _Ack> ? Request : never;
export type ResponseOf<P> = P extends Protocol<infer _Request, infer Response, infer _Ack> ? Response : never;
export type AckOf<P> = P extends Protocol<infer _Request, infer _Response, infer Ack> ? Ack : never;

/** The first byte of every frame of an answer. */
export const resultCodes = {
  /** A chunk follows. */
  success: 0,
  /** The request does not decode or breaks a rule: the requester is at fault. A UTF-8 reason follows. */
  invalidRequest: 1,
  serverError: 2,
  /** The node does not have what was requested. */
  resourceUnavailable: 3,
  rateLimited: 4,
  /** The answer is complete: nothing follows. */
  end: 5,
} as const;

// biome-ignore lint/suspicious/noExplicitAny: a protocol of any message types
export type AnyProtocol = Protocol<any, any, any>;

/** The cost of one answer to the answerer. */
export interface Meter {
  /**
   * Resolves once this many bytes may be read for the answer and held in memory. @throws {RequestError} `rateLimited`,
   * `aborted`
   */
  read(bytes: number, signal: AbortSignal): Promise<void>;
  /** Charges bytes that are being sent. */
  charge(bytes: number): void;
  /** Releases the memory of everything that was read so far, because it was sent or dropped. */
  release(): void;
}

export interface RequestContext<P> {
  /** The requester's peer id. */
  peer: string;
  /**
   * Handlers await this once per chunk, before they read this many bytes from the disk. @throws {RequestError} if it is
   * too much.
   */
  read(bytes: number): Promise<void>;
  /** Calls the listener once with the requester's acknowledgement, if the protocol has one and it arrives. */
  onAck(listener: (ack: AckOf<P>) => void): void;
}

/** Yields the chunks of the answer. Throws `RequestError` to answer with its result code. */
export type RequestHandler<P> = (
  request: RequestOf<P>,
  context: RequestContext<P>,
) => AsyncIterable<ResponseOf<P>>;
