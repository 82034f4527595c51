import type { Write } from "../storage/database.ts";
import { BlockError } from "../types/errors.ts";
import type { ChainConfig } from "../types/genesis.ts";
import type { ChainSnapshot } from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import { checkBlockLimits } from "./block-check.ts";
import { type BlockTree, BrokenBranch, blockWrites, summaryOf } from "./block-tree.ts";
import type { Branches } from "./branches.ts";
import type { CanonicalChain, NewBlock } from "./canonical.ts";
import type { ForkBlocks } from "./fork-blocks.ts";
import type { HeaderRules } from "./header-rules.ts";
import type { InvalidBlocks } from "./invalid-blocks.ts";
import type { KnownRules } from "./rules.ts";
import type { ChainStores } from "./stores.ts";
import type {
  CanonicalBlock,
  CheckedBlock,
  ImportOutcome,
  StageTimer,
  StartStageTimer,
  WeightedHeader,
} from "./types.ts";

/**
 * The reason for which a block of a side branch is stored. There can be no flood of blocks that a majority of the
 * authorities must have signed, or that more than a third have voted for.
 */
export type StoringReason = "alone" | "built upon" | "voted for" | "of a majority";

export interface BlockImportOptions {
  config: ChainConfig;
  rules: KnownRules;
  stores: Pick<ChainStores, "database" | "blocks">;
  tree: BlockTree;
  canonical: CanonicalChain;
  branches: Branches;
  forks: ForkBlocks;
  invalid: InvalidBlocks;
  headers: HeaderRules;
  startTimer: StartStageTimer;
  /** A block was stored on a side branch. */
  onSide(block: CanonicalBlock): void;
}

/** A block that keeps the rules of stages 2 and 3, and the writes that store it. */
interface Candidate extends NewBlock {
  writes: Write[];
}

/**
 * Imports blocks that have passed stage 1 (`block-check.ts`): stages 2 and 3 of docs/consensus.md, the fork choice, and
 * then stages 4 to 6 (`CanonicalChain`). Allows one call at a time.
 */
export class BlockImport {
  readonly #options: BlockImportOptions;

  constructor(options: BlockImportOptions) {
    this.#options = options;
  }

  /** @throws {BlockError} */
  async run(checked: CheckedBlock, reason: StoringReason): Promise<ImportOutcome> {
    const { invalid, startTimer } = this.#options;
    try {
      return await this.#import(checked, reason, startTimer("import"));
    } catch (error) {
      if (!(error instanceof BrokenBranch)) throw error;
      return invalid.refuseBranch(error, { height: checked.header.message.height, id: checked.id });
    }
  }

  /**
   * Imports consecutive blocks in one batch. Returns false if they do not extend the head, or one of them is refused.
   * Nothing has changed then; importing them one by one finds the refused one.
   */
  async extend(blocks: readonly CheckedBlock[]): Promise<boolean> {
    const { canonical, startTimer } = this.#options;
    const stageEnded = startTimer("import");
    try {
      const candidates = this.#checkOnHead(blocks);
      if (!candidates) return false;
      stageEnded("check");
      const writes = candidates.flatMap((candidate) => candidate.writes);
      await canonical.extend(candidates, writes, stageEnded);
      stageEnded("total");
      return true;
    } catch (error) {
      if (!(error instanceof BlockError)) throw error;
      return false;
    }
  }

  async #import(
    checked: CheckedBlock,
    reason: StoringReason,
    stageEnded: StageTimer,
  ): Promise<ImportOutcome> {
    const { tree, canonical } = this.#options;
    if (await tree.get(checked.id)) return "known";
    const candidate = await this.#checkOnParent(checked);
    stageEnded("check");
    const wins = await this.#winsHead(candidate.block);
    this.#requireRoom(candidate.block, reason, wins);
    if (!wins) return this.#storeAside(candidate);
    await canonical.moveTo(candidate.block, candidate.writes, stageEnded);
    stageEnded("total");
    return "head";
  }

  /** Stages 2 and 3 on a parent of any branch. @throws {BlockError | BrokenBranch} */
  async #checkOnParent(checked: CheckedBlock): Promise<Candidate> {
    const { tree, invalid, headers } = this.#options;
    invalid.refuse(checked.idHex, toHex(checked.header.message.parent));
    const parent = await headers.parentOf(checked.header);
    const before = await tree.snapshotAfter(parent.id);
    const header = headers.check(parent, before, checked.header);
    try {
      checkBlockLimits(checked.records, before.parameters);
    } catch (error) {
      invalid.note(checked.id);
      throw error;
    }
    return this.#candidate(checked, header, before);
  }

  /** Stages 2 and 3 of consecutive blocks; `undefined` if they do not extend the head. @throws {BlockError} */
  #checkOnHead(blocks: readonly CheckedBlock[]): Candidate[] | undefined {
    const { tree, canonical, invalid, headers } = this.#options;
    const candidates: Candidate[] = [];
    let parent = canonical.head;
    let before = canonical.snapshot;
    for (const checked of blocks) {
      if (toHex(checked.header.message.parent) !== parent.idHex) return undefined;
      invalid.refuse(checked.idHex, parent.idHex);
      parent = headers.check(parent, before, checked.header);
      checkBlockLimits(checked.records, before.parameters);
      const candidate = this.#candidate(checked, parent, before);
      candidates.push(candidate);
      before = tree.recoveries.after(parent.id, candidate.after);
    }
    return candidates;
  }

  #candidate(checked: CheckedBlock, header: WeightedHeader, before: ChainSnapshot): Candidate {
    const { config, rules, stores } = this.#options;
    const after = rules.applyHeader(before, header.header.message, config);
    const writes = blockWrites(stores.blocks, checked, header, after);
    return { block: { ...header, records: checked.records }, before, after, writes };
  }

  /** The fork choice: true if the block becomes the head. */
  async #winsHead(block: CanonicalBlock): Promise<boolean> {
    const { canonical, branches } = this.#options;
    return this.#extendsHead(block) || branches.prefers(block, canonical.head);
  }

  /**
   * A block of a side branch needs room there. So does one that becomes the head by a tie-break: the displaced head
   * then takes a place on a side branch. @throws {BlockError} `TOO_MANY_SIDE_BLOCKS`
   */
  #requireRoom(block: CanonicalBlock, reason: StoringReason, wins: boolean): void {
    const { canonical, forks } = this.#options;
    const isTie = block.totalDifficulty === canonical.head.totalDifficulty && !this.#extendsHead(block);
    if (wins && !isTie) return;
    if (reason === "of a majority" || reason === "voted for") return;
    forks.requireRoom(block, reason === "built upon");
  }

  async #storeAside({ block, after, writes }: Candidate): Promise<ImportOutcome> {
    const { stores, forks, tree, onSide } = this.#options;
    await stores.database.commit([...writes, forks.writeFor(block)]);
    forks.add(block);
    tree.remember(summaryOf(block), after);
    onSide(block);
    return "side";
  }

  #extendsHead({ header }: CanonicalBlock): boolean {
    return toHex(header.message.parent) === this.#options.canonical.head.idHex;
  }
}
