import type { Chain } from "../chain/chain.ts";
import type { HeadChange, WeightedHeader } from "../chain/types.ts";
import { authorityIndex } from "../consensus/index.ts";
import type { ChainSnapshot } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import type { ActivityInput } from "./diagnosis-types.ts";

/** Two turns of every authority of the largest set, 1,024. Older blocks say nothing about now. */
const maxLookBack = 2048;

type ReadableChain = Pick<Chain, "head" | "snapshot" | "reader" | "tree">;

/** The times at which each authority was last seen at work: in the newest headers, and by its finality votes. */
export class AuthorityActivity {
  readonly #chain: ReadableChain;
  readonly #byAddress = new Map<Hex, ActivityInput>();
  #authorities: ChainSnapshot["authorities"];

  constructor(chain: ReadableChain) {
    this.#chain = chain;
    this.#authorities = chain.snapshot.authorities;
  }

  /** Reads the newest blocks. */
  async load(): Promise<void> {
    const { reader, tree, head } = this.#chain;
    const wanted = Math.min(maxLookBack, 2 * this.#authorities.length + 1, head.height);
    if (wanted === 0) return;
    for (const id of await reader.idsDown(head.height, wanted)) {
      const block = await tree.get(id);
      if (block && block.height > 0) this.#onBlock(block);
    }
  }

  onHead({ applied, head }: HeadChange): void {
    for (const block of applied) this.#onBlock(block);
    const { authorities } = this.#chain.snapshot;
    if (authorities === this.#authorities) return;
    for (const authority of authorities) {
      if (authorityIndex(this.#authorities, authority) < 0)
        this.#update(authority, { sinceHeight: head.height });
    }
    this.#authorities = authorities;
    this.#forgetStrangers();
  }

  /** `voter` is an authority whose signature was checked. */
  onFinalityVote(voter: Uint8Array, nowMs: number): void {
    this.#update(voter, { lastVoteMs: nowMs });
  }

  all(): ReadonlyMap<Hex, ActivityInput> {
    return this.#byAddress;
  }

  /** True if it signed one of the blocks of the last two rounds of turns; `undefined` if not, which proves nothing. */
  hasSignedRecently(address: Uint8Array): true | undefined {
    const { lastHeight } = this.#byAddress.get(toHex(address)) ?? {};
    const oldest = this.#chain.head.height - 2 * this.#authorities.length;
    return lastHeight !== undefined && lastHeight >= oldest ? true : undefined;
  }

  #onBlock({ height, header }: WeightedHeader): void {
    const { proposer, timestamp } = header.message;
    const known = this.#byAddress.get(toHex(proposer))?.lastHeight;
    if (known === undefined || known < height) {
      this.#update(proposer, { lastHeight: height, lastBlockMs: timestamp });
    }
  }

  #update(address: Uint8Array, news: Partial<ActivityInput>): void {
    const key = toHex(address);
    const none = { lastHeight: undefined, lastBlockMs: undefined, lastVoteMs: undefined, sinceHeight: 0 };
    this.#byAddress.set(key, { ...none, ...this.#byAddress.get(key), ...news });
  }

  /** Authorities that were removed long ago are forgotten. */
  #forgetStrangers(): void {
    const members = new Set(this.#authorities.map(toHex));
    const oldest = this.#chain.head.height - maxLookBack;
    for (const [key, { lastHeight = 0 }] of this.#byAddress) {
      if (!members.has(key) && lastHeight < oldest) this.#byAddress.delete(key);
    }
  }
}
