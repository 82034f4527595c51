import type { CheckedBlock } from "../chain/types.ts";
import type { PeerId } from "../network/types.ts";
import { inBackground } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";

/** Further peers that claim to have a block are not remembered: about as many as a node has connections. */
export const maxSources = 64;
/** Peers of one address that are remembered: ids cost nothing, and a few addresses must not take all places. */
export const maxSourcesPerHost = 8;

/** A peer that has a block. */
export interface BlockSource {
  from: PeerId;
  /**
   * Fetches the block from this peer, and has `load` check it. Undefined if nothing arrives, or another source was
   * faster.
   */
  fetch(load: BlockLoad): Promise<CheckedBlock | undefined>;
}

export interface LoadedBlock {
  block: CheckedBlock;
  from: PeerId;
}

export interface BlockLoadOptions {
  clock: Clock;
  /** The time before the next peer is asked too. */
  patienceMs: number;
  /** The address that a peer is counted for. */
  hostOf(peer: PeerId): string;
  /** Called for each source that fails before the block is here. */
  onFailure(error: unknown, from: PeerId): void;
}

/**
 * The loading of a block, from the first peer that announced it. That peer may not have the block, not deliver it, or
 * take its time. If it fails, another one is asked; if it is slow, another one is asked too. The addresses that were
 * asked least go first, and of these the last and the first to announce the block take turns, so that a crowd of peers
 * that announce quickly and deliver nothing cannot block the others. The slow request keeps running so that a peer that
 * never answers is penalized.
 */
export class BlockLoad {
  /** The first source's peer. */
  readonly from: PeerId;
  /** Undefined if no source had it. Never rejects. */
  readonly ended: Promise<LoadedBlock | undefined>;
  readonly #options: BlockLoadOptions;
  readonly #end: (loaded: LoadedBlock | undefined) => void;
  readonly #peers = new Set<PeerId>();
  /** The peers of each address that were asked. */
  readonly #askedOfHosts = new Map<string, number>();
  /** The sources in the order in which they announced the block. */
  readonly #untried: BlockSource[] = [];
  #asked = 0;
  #asking = 0;
  /** The peer that was asked last, while it may still answer in time. */
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
    const { hostOf } = this.#options;
    const host = hostOf(source.from);
    if ([...this.#peers].filter((peer) => hostOf(peer) === host).length >= maxSourcesPerHost) return;
    this.#peers.add(source.from);
    this.#untried.push(source);
    if (this.#waitingFor === undefined) this.#next();
  }

  /** Checks what sources have sent, one after the other, until one of them is right. Rejects as `check` does. */
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
    // The block being checked may be right; then nobody else has to send it.
    if (this.#passed || this.#checking) return;
    const source = this.#takeNext();
    if (source) inBackground(this.#ask(source));
    else if (this.#asking === 0) this.#end(undefined);
  }

  #takeNext(): BlockSource | undefined {
    const asked = ({ from }: BlockSource) => this.#askedOfHosts.get(this.#options.hostOf(from)) ?? 0;
    const least = Math.min(...this.#untried.map(asked));
    const next = this.#untried.filter((source) => asked(source) === least).at(this.#asked % 2 === 0 ? 0 : -1);
    if (next) this.#untried.splice(this.#untried.indexOf(next), 1);
    return next;
  }

  async #ask({ from, fetch }: BlockSource): Promise<void> {
    const { clock, patienceMs, hostOf, onFailure } = this.#options;
    const host = hostOf(from);
    this.#askedOfHosts.set(host, (this.#askedOfHosts.get(host) ?? 0) + 1);
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
