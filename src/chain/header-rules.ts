import { futureBlockMs } from "../consensus/index.ts";
import { BlockError } from "../types/errors.ts";
import type { ChainConfig } from "../types/genesis.ts";
import { type BlockRef, type ChainSnapshot, Header, rootOf, type SignedHeader } from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { type BlockTree, BrokenBranch } from "./block-tree.ts";
import type { InvalidBlocks } from "./invalid-blocks.ts";
import type { KnownRules } from "./rules.ts";
import type { WeightedHeader } from "./types.ts";

export interface HeaderRulesOptions {
  tree: BlockTree;
  invalid: InvalidBlocks;
  rules: KnownRules;
  config: ChainConfig;
  clock: Clock;
  finalized(): BlockRef;
}

/** Stages 2 and 3: the place of a header, and the rules that its parent is enough to check. */
export class HeaderRules {
  readonly #options: HeaderRulesOptions;

  constructor(options: HeaderRulesOptions) {
    this.#options = options;
  }

  /**
   * Checks the parent before anything is computed for the header. @throws {BlockError} `UNKNOWN_PARENT`,
   * `BELOW_FINALIZED`
   */
  async parentOf({ message }: SignedHeader): Promise<WeightedHeader> {
    const parent = await this.#options.tree.get(message.parent);
    if (!parent) throw new BlockError("UNKNOWN_PARENT", `parent ${toHex(message.parent)} is not known`);
    this.#requirePlace(parent);
    return parent;
  }

  /** The block's place and weight. `snapshot` is the one after the parent. @throws {BlockError} */
  check(parent: WeightedHeader, snapshot: ChainSnapshot, header: SignedHeader): WeightedHeader {
    const { message } = header;
    const { tree, rules, config, clock } = this.#options;
    this.#requirePlace(parent);
    const id = rootOf(Header, message);
    tree.recoveries.requireNamed({ height: message.height, id });
    rules
      .after(snapshot)
      .checkHeader({ header: parent.header.message, id: parent.id, snapshot }, message, config);
    // This rule comes last, so that a header that waits for its time was made by an authority that may make it.
    const aheadMs = futureBlockMs(snapshot, message, clock.now());
    if (aheadMs > 0)
      throw new BlockError("FUTURE_BLOCK", `${aheadMs} ms ahead of this node's clock`, { aheadMs });
    const totalDifficulty = parent.totalDifficulty + message.difficulty;
    return { height: message.height, id, idHex: toHex(id), header, totalDifficulty };
  }

  /**
   * Checks consecutive headers from a known parent, without their transactions. Headers whose time has not come, or
   * under rules that this program does not know, are omitted if others come before them. @throws {BlockError}
   */
  async checkAll(headers: readonly SignedHeader[]): Promise<WeightedHeader[]> {
    const [first] = headers;
    if (!first) return [];
    const { tree, invalid, rules, config } = this.#options;
    // An invalid block is not in the tree.
    invalid.refuse(toHex(rootOf(Header, first.message)), toHex(first.message.parent));
    let parent = await this.parentOf(first);
    let snapshot = await tree.snapshotAfter(parent.id).catch((error) => {
      throw error instanceof BrokenBranch ? new BlockError("UNKNOWN_PARENT", error.message) : error;
    });
    const heads: WeightedHeader[] = [];
    for (const header of headers) {
      if (heads.length > 0 && !rules.knows(snapshot)) break;
      try {
        parent = this.check(parent, snapshot, header);
      } catch (error) {
        const isAhead = error instanceof BlockError && error.code === "FUTURE_BLOCK";
        if (isAhead && heads.length > 0) break;
        throw error;
      }
      invalid.refuse(parent.idHex, toHex(header.message.parent));
      const state = rules.applyHeader(snapshot, header.message, config);
      snapshot = tree.recoveries.after(parent.id, state);
      heads.push(parent);
    }
    return heads;
  }

  #requirePlace(parent: BlockRef): void {
    const finalized = this.#options.finalized();
    if (parent.height >= finalized.height) return;
    throw new BlockError("BELOW_FINALIZED", `height ${parent.height + 1}, finalized is ${finalized.height}`);
  }
}
