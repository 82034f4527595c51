import type { PeerId } from "../network/types.ts";
import { inBackground } from "../util/background.ts";

export interface PeerQueueLimits {
  /** The bytes of one peer, waiting or under way. */
  maxBytesPerPeer: number;
  maxCountPerPeer: number;
  /** The bytes of all peers. */
  maxBytes: number;
  /** The pieces of work at one time, at most one for each peer. */
  maxRunning: number;
}

interface Piece {
  bytes: number;
  run(): Promise<void>;
  drop(): void;
}

interface Line {
  bytes: number;
  running: boolean;
  waiting: Piece[];
}

/**
 * Work that peers cause, charged to them before it is done. One piece of a peer runs at a time, and peers take turns,
 * so that nobody waits for what another has sent. Work above a peer's own limits is not accepted; if all together have
 * sent too much, the peer with most waiting gives way.
 */
export class PeerQueue {
  readonly #limits: PeerQueueLimits;
  /** The peers in the order of their turns. */
  readonly #lines = new Map<PeerId, Line>();
  #bytes = 0;
  #running = 0;

  constructor(limits: PeerQueueLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The number of peers with work. */
  get size(): number {
    return this.#lines.size;
  }

  /**
   * Undefined if the peer has used up its share. Resolves to undefined if the work was dropped, for which the peer is
   * not at fault.
   */
  add<T>(peer: PeerId, bytes: number, work: () => Promise<T>): Promise<T | undefined> | undefined {
    const { maxBytes, maxBytesPerPeer, maxCountPerPeer } = this.#limits;
    const line = this.#lines.get(peer) ?? { bytes: 0, running: false, waiting: [] };
    if (line.bytes + bytes > maxBytesPerPeer) return undefined;
    if (line.waiting.length + Number(line.running) >= maxCountPerPeer) return undefined;
    while (this.#bytes + bytes > maxBytes)
      if (!this.#giveWay(line.bytes + bytes)) return Promise.resolve(undefined);
    const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
    line.waiting.push({ bytes, run: () => work().then(resolve, reject), drop: () => resolve(undefined) });
    line.bytes += bytes;
    this.#bytes += bytes;
    this.#lines.set(peer, line);
    this.#next();
    return promise;
  }

  /** Drops the waiting work of a peer that is gone; work under way is completed. */
  drop(peer: PeerId): void {
    const line = this.#lines.get(peer);
    for (const piece of line?.waiting.splice(0) ?? []) {
      this.#release(line!, piece);
      piece.drop();
    }
    if (line && !line.running) this.#lines.delete(peer);
  }

  /** Drops the newest piece of the peer with most waiting. Returns false if nobody has more than `bytes`. */
  #giveWay(bytes: number): boolean {
    const lines = [...this.#lines.values()].filter(({ waiting }) => waiting.length > 0);
    const [most] = lines.sort((a, b) => b.bytes - a.bytes);
    if (!most || most.bytes <= bytes) return false;
    const piece = most.waiting.pop()!;
    this.#release(most, piece);
    piece.drop();
    return true;
  }

  #next(): void {
    for (const [peer, line] of this.#lines) {
      if (this.#running >= this.#limits.maxRunning) return;
      const piece = line.running ? undefined : line.waiting.shift();
      if (!piece) continue;
      line.running = true;
      this.#running++;
      const ended = piece.run().finally(() => {
        this.#running--;
        line.running = false;
        this.#release(line, piece);
        // Its next turn is after those of all others.
        this.#lines.delete(peer);
        if (line.waiting.length > 0) this.#lines.set(peer, line);
        this.#next();
      });
      inBackground(ended);
    }
  }

  #release(line: Line, { bytes }: Piece): void {
    line.bytes -= bytes;
    this.#bytes -= bytes;
  }
}
