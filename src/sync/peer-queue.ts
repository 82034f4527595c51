import type { PeerId } from "../network/types.ts";
import { inBackground } from "../util/background.ts";
import type { Causer } from "./places.ts";

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

/** The work of one peer. */
interface Line {
  peer: PeerId;
  crowd: Crowd;
  bytes: number;
  running: boolean;
  waiting: Piece[];
}

/** The peers of one address that have work, in the order of their turns. */
interface Crowd {
  host: string;
  bytes: number;
  running: number;
  lines: Set<Line>;
}

/**
 * Work that peers cause, charged to them before it is done. One piece of a peer runs at a time. Addresses take turns,
 * the one with the least work under way first, and so do the peers of one address: any number of ids of a few addresses
 * delay nobody elsewhere. Work above a peer's own limits is not accepted; if all together have sent too much, the peer
 * with most of the address with most gives way.
 */
export class PeerQueue {
  readonly #limits: PeerQueueLimits;
  readonly #lines = new Map<PeerId, Line>();
  /** The addresses in the order of their turns. */
  readonly #crowds = new Map<string, Crowd>();
  #bytes = 0;
  #running = 0;

  constructor(limits: PeerQueueLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The number of peers and addresses with work. */
  get size(): number {
    return this.#lines.size + this.#crowds.size;
  }

  /**
   * Undefined if the peer has used up its share. Resolves to undefined if the work was dropped, for which the peer is
   * not at fault.
   */
  add<T>({ id, host }: Causer, bytes: number, work: () => Promise<T>): Promise<T | undefined> | undefined {
    const { maxBytes, maxBytesPerPeer, maxCountPerPeer } = this.#limits;
    const line = this.#lines.get(id) ?? this.#newLine(id, host);
    if (line.bytes + bytes > maxBytesPerPeer) return undefined;
    if (line.waiting.length + Number(line.running) >= maxCountPerPeer) return undefined;
    while (this.#bytes + bytes > maxBytes)
      if (!this.#makeRoom(line, bytes)) return Promise.resolve(undefined);
    const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
    line.waiting.push({ bytes, run: () => work().then(resolve, reject), drop: () => resolve(undefined) });
    this.#lines.set(id, line);
    line.crowd.lines.add(line);
    this.#crowds.set(line.crowd.host, line.crowd);
    this.#count(line, bytes);
    this.#next();
    return promise;
  }

  /** Drops the waiting work of a peer that is gone; work under way is completed. */
  drop(peer: PeerId): void {
    const line = this.#lines.get(peer);
    if (!line) return;
    for (const piece of line.waiting.splice(0)) this.#drop(line, piece);
    this.#forgetIdle(line);
  }

  #newLine(peer: PeerId, host: string): Line {
    const crowd = this.#crowds.get(host) ?? { host, bytes: 0, running: 0, lines: new Set() };
    return { peer, crowd, bytes: 0, running: false, waiting: [] };
  }

  /**
   * Drops the newest piece of the peer with most: of the address with most, or of the newcomer's own if no other has
   * more. Returns false if that would be the newcomer.
   */
  #makeRoom(newcomer: Line, bytes: number): boolean {
    const { crowd } = newcomer;
    const others = [...this.#crowds.values()].filter(
      (other) => other !== crowd && other.bytes > crowd.bytes + bytes,
    );
    const largest = most(others.filter(({ lines }) => [...lines].some(isWaiting)));
    const line = most([...(largest ?? crowd).lines].filter(isWaiting));
    if (!line || (!largest && line.bytes <= newcomer.bytes + bytes)) return false;
    this.#drop(line, line.waiting.pop()!);
    this.#forgetIdle(line);
    return true;
  }

  #drop(line: Line, piece: Piece): void {
    this.#count(line, -piece.bytes);
    piece.drop();
  }

  #next(): void {
    while (this.#running < this.#limits.maxRunning) {
      const line = this.#lineInTurn();
      if (!line) return;
      this.#start(line);
    }
  }

  #lineInTurn(): Line | undefined {
    let best: Line | undefined;
    for (const { running, lines } of this.#crowds.values()) {
      if (best && running >= best.crowd.running) continue;
      best = [...lines].find((line) => isWaiting(line) && !line.running) ?? best;
    }
    return best;
  }

  #start(line: Line): void {
    const { crowd } = line;
    const piece = line.waiting.shift()!;
    this.#run(line, 1);
    const ended = piece.run().finally(() => {
      this.#run(line, -1);
      this.#count(line, -piece.bytes);
      // The next turns of the peer and of its address are after those of all others.
      crowd.lines.delete(line);
      crowd.lines.add(line);
      this.#crowds.delete(crowd.host);
      this.#crowds.set(crowd.host, crowd);
      this.#forgetIdle(line);
      this.#next();
    });
    inBackground(ended);
  }

  #run(line: Line, by: 1 | -1): void {
    line.running = by > 0;
    line.crowd.running += by;
    this.#running += by;
  }

  #count(line: Line, bytes: number): void {
    line.bytes += bytes;
    line.crowd.bytes += bytes;
    this.#bytes += bytes;
  }

  #forgetIdle(line: Line): void {
    if (line.running || isWaiting(line)) return;
    this.#lines.delete(line.peer);
    line.crowd.lines.delete(line);
    if (line.crowd.lines.size === 0) this.#crowds.delete(line.crowd.host);
  }
}

function isWaiting({ waiting }: Line): boolean {
  return waiting.length > 0;
}

function most<T extends { bytes: number }>(all: readonly T[]): T | undefined {
  return all.reduce<T | undefined>((best, one) => (best && best.bytes >= one.bytes ? best : one), undefined);
}
