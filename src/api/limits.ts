/** The limits of one server for its clients. */
export interface HttpLimits {
  maxConnections: number;
  maxEventStreams: number;
  /** The longest JSON body. */
  maxJsonBytes: number;
  /** The longest SSZ body. */
  maxSszBytes: number;
  /** The sum of all bodies that are being read or processed. */
  maxBodyBytesInFlight: number;
  /** The sum of all blocks that are being answered whole. In memory they take ten times as much. */
  maxBlockBytesAtOnce: number;
  /** Requests of one client address; those from this machine count separately. */
  rate: RateLimit;
  localRate: RateLimit;
  /** The time that a client has for its first bytes, and then for a TLS handshake. */
  handshakeTimeoutMs: number;
  headersTimeoutMs: number;
  requestTimeoutMs: number;
  keepAliveTimeoutMs: number;
  /** A connection on which nothing moves for this long is cut. */
  idleTimeoutMs: number;
  heartbeatMs: number;
  /** An answer that is read more slowly is cut off. */
  leastReadBytesPerSecond: number;
  /** The sum of the answers that one client has not read yet. */
  maxUnreadBytesPerClient: number;
  /** The sum of the answers that other machines have not read yet. */
  maxUnreadBytes: number;
}

export interface RateLimit {
  perSecond: number;
  burst: number;
}

export const defaultHttpLimits: HttpLimits = {
  maxConnections: 1024,
  maxEventStreams: 128,
  maxJsonBytes: 4 * 2 ** 20,
  maxSszBytes: 16 * 2 ** 20,
  maxBodyBytesInFlight: 64 * 2 ** 20,
  maxBlockBytesAtOnce: 32 * 2 ** 20,
  // Far more than a wallet or an explorer needs; a client that sends more sends lists.
  rate: { perSecond: 2_000, burst: 10_000 },
  // A load test on the same machine may use everything there is.
  localRate: { perSecond: 200_000, burst: 400_000 },
  handshakeTimeoutMs: 5_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  heartbeatMs: 15_000,
  leastReadBytesPerSecond: 16 * 1024,
  maxUnreadBytesPerClient: 16 * 2 ** 20,
  maxUnreadBytes: 16 * 2 ** 20,
};
