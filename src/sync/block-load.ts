import type { PeerId } from "../../protocols/index.ts";
import type { CheckedBlock } from "../chain/types.ts";
import type { Clock } from "../util/clock.ts";

/** More peers than this that say they have a block are not remembered: about as many as a node has connections to. */
export const maxSources = 64;

/** A peer that has a block. */
export interface BlockSource {
  from: PeerId;
  /** Fetches it there, and has `load` check it. Undefined where nothing comes, or another was faster. */
  fetch(load: BlockLoad): Promise<CheckedBlock | undefined>;
}

export interface LoadedBlock {
  block: CheckedBlock;
  from: PeerId;
}

export interface BlockLoadOptions {
  clock: Clock;
  /** How long a peer is waited for before the next one is asked too. */
  patienceMs: number;
  /** For each source that fails before the block is here. */
  onFailure(error: unknown, from: PeerId): void;
}

/**
 * A block on its way here, from the first peer that told of it. That one may not have it, not give it, or take its time: another is
 * asked where it fails, and beside it where it is slow, the last and the first to tell of the block in turns, so that a crowd of peers
 * that are fast to tell and give nothing stands between it and nobody. The slow request keeps running so that a peer that never answers
 * is penalized.
 */
export class BlockLoad {
  /** The first source's. */
  readonly from: PeerId;
  /** Undefined where no source had it. Never rejects. */
  readonly ended: Promise<LoadedBlock | undefined>;
  readonly #options: BlockLoadOptions;
  readonly #end: (loaded: LoadedBlock | undefined) => void;
  readonly #peers = new Set<PeerId>();
  /** In the order in which they told of the block. */
  readonly #untried: BlockSource[] = [];
  #asked = 0;
  #asking = 0;
  /** The peer asked last, while it may still answer in time. */
  #waitingFor: PeerId | undefined;
  #checking: Promise<unknown> | undefined;
  /** True once the block is here. */
  #passed = false;

  constructor(first: BlockSource, options: BlockLoadOptions) {
    const { promise, resolve } = Promise.withResolvers<LoadedBlock | undefined>();
    this.#options = options;
    this.from = first.from;
    this.ended = promise;
    this.#end = resolve;
    this.add(first);
  }

  add(source: BlockSource): void {
    if (this.#peers.has(source.from) || this.#peers.size >= maxSources) return;
    this.#peers.add(source.from);
    this.#untried.push(source);
    if (this.#waitingFor === undefined) this.#next();
  }

  /** Checks what sources have sent one after the other, until one of it is right. Rejects as `check` does. */
  async check(check: () => Promise<CheckedBlock>): Promise<CheckedBlock | undefined> {
    while (this.#checking) await this.#checking;
    if (this.#passed) return undefined;
    const checked = check();
    this.#checking = Promise.allSettled([checked]);
    try {
      const block = await checked;
      this.#passed = true;
      return block;
    } finally {
      this.#checking = undefined;
      if (this.#waitingFor === undefined) this.#next();
    }
  }

  #next(): void {
    // The block being checked may be right: then nobody else has to send it.
    if (this.#passed || this.#checking) return;
    const source = this.#asked % 2 === 0 ? this.#untried.shift() : this.#untried.pop();
    if (source) void this.#ask(source);
    else if (this.#asking === 0) this.#end(undefined);
  }

  async #ask({ from, fetch }: BlockSource): Promise<void> {
    const { clock, patienceMs, onFailure } = this.#options;
    this.#asked++;
    this.#asking++;
    this.#waitingFor = from;
    const goOn = () => {
      if (this.#waitingFor === from) this.#waitingFor = undefined;
      this.#next();
    };
    const cancel = clock.after(patienceMs, goOn);
    try {
      const block = await fetch(this);
      if (block) this.#end({ block, from });
    } catch (error) {
      if (!this.#passed) onFailure(error, from);
    } finally {
      cancel();
      this.#asking--;
      goOn();
    }
  }
}
