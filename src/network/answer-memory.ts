/**
 * Bytes of answers that have arrived and were not taken yet: more than four full blocks, or two of the largest genesis
 * blocks, and far from all memory.
 */
export const answerBytes = 96 * 2 ** 20;

/** The memory of one request's answer. */
export interface HeldAnswer {
  grow(bytes: number): void;
  shrink(bytes: number): void;
  /** Nothing is held any more. */
  end(): void;
}

interface Holding {
  bytes: number;
  drop(): void;
}

/**
 * Bounds the memory of all answers that are being received. A peer that is asked may send almost all of a block, and
 * keep back the rest until the time-out, and so may any number of ids. If there is too much, the largest answer of the
 * address with most is given up, for which nobody is blamed: it may be slow for honest reasons.
 */
export class AnswerMemory {
  readonly #most: number;
  readonly #hosts = new Map<string, Set<Holding>>();
  #total = 0;

  constructor(most = answerBytes) {
    this.#most = most;
  }

  /** `drop` ends the request. */
  begin(host: string, drop: () => void): HeldAnswer {
    const holding: Holding = { bytes: 0, drop };
    const own = this.#hosts.get(host) ?? new Set();
    this.#hosts.set(host, own.add(holding));
    return {
      grow: (bytes) => {
        if (!own.has(holding)) return;
        holding.bytes += bytes;
        this.#total += bytes;
        while (this.#total > this.#most) this.#dropLargest();
      },
      shrink: (bytes) => {
        const freed = Math.min(bytes, holding.bytes);
        holding.bytes -= freed;
        this.#total -= freed;
      },
      end: () => this.#end(host, holding),
    };
  }

  #dropLargest(): void {
    const bytesOf = ([, holdings]: [string, Set<Holding>]) =>
      [...holdings].reduce((sum, { bytes }) => sum + bytes, 0);
    const [host, holdings] = largest([...this.#hosts], bytesOf);
    const holding = largest([...holdings], ({ bytes }) => bytes);
    this.#end(host, holding);
    holding.drop();
  }

  #end(host: string, holding: Holding): void {
    const own = this.#hosts.get(host);
    if (!own?.delete(holding)) return;
    if (own.size === 0) this.#hosts.delete(host);
    this.#total -= holding.bytes;
    holding.bytes = 0;
  }
}

function largest<T>(all: readonly T[], size: (one: T) => number): T {
  return all.reduce((best, one) => (size(one) > size(best) ? one : best));
}
