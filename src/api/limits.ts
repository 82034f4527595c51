/** Limits of one server on its clients. */
export interface HttpLimits {
  maxConnections: number;
  maxEventStreams: number;
  /** Longest JSON body. */
  maxJsonBytes: number;
  /** Longest SSZ body. */
  maxSszBytes: number;
  /** Sum of all bodies that are being read or worked on. */
  maxBodyBytesInFlight: number;
  /** Sum of all blocks that are answered whole: in memory they take ten times as much. */
  maxBlockBytesAtOnce: number;
  /** Requests of one client address; those from this machine count apart. */
  rate: RateLimit;
  localRate: RateLimit;
  headersTimeoutMs: number;
  requestTimeoutMs: number;
  keepAliveTimeoutMs: number;
  /** A connection on which nothing moves for so long is cut. */
  idleTimeoutMs: number;
  heartbeatMs: number;
  /** An answer that is read more slowly is cut off. */
  leastReadBytesPerSecond: number;
  /** Sum of the answers that one client has not read yet. */
  maxUnreadBytesPerClient: number;
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
  // More than a wallet or an explorer needs by far; who sends more sends lists.
  rate: { perSecond: 2_000, burst: 10_000 },
  // A load test on the same machine is welcome to all there is.
  localRate: { perSecond: 200_000, burst: 400_000 },
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  heartbeatMs: 15_000,
  leastReadBytesPerSecond: 16 * 1024,
  maxUnreadBytesPerClient: 16 * 2 ** 20,
};
