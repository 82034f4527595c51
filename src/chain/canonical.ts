import type { Write } from "../storage/database.ts";
import { BlockError } from "../types/errors.ts";
import type { ChainSnapshot } from "../types/index.ts";
import type { Logger } from "../util/logger.ts";
import type { Pause } from "../util/slices.ts";
import type { BlockReader } from "./block-reader.ts";
import { type BlockTree, blockWrites, summaryOf } from "./block-tree.ts";
import { type BlockPlan, type BuiltBlock, buildBlock } from "./build-block.ts";
import type { Genesis } from "./genesis.ts";
import type { InvalidBlocks } from "./invalid-blocks.ts";
import type { Ledger, Snapshots } from "./ledger.ts";
import type { Participants } from "./participants.ts";
import type { KnownRules } from "./rules.ts";
import type { ChainStores } from "./stores.ts";
import type { CanonicalBlock, HeadChange, StageTimer, WeightedHeader } from "./types.ts";

export interface CanonicalChainOptions {
  genesis: Genesis;
  rules: KnownRules;
  stores: Pick<ChainStores, "database" | "meta" | "blocks">;
  tree: BlockTree;
  reader: BlockReader;
  ledger: Ledger;
  participants: Participants;
  invalid: InvalidBlocks;
  logger: Logger;
  /** Lets other work run within a long task. */
  pause: Pause;
  /** Informs observers. `imported` are the blocks that are new. */
  onChange(change: HeadChange, imported: readonly WeightedHeader[]): void;
  /** A block is signed, and the record of the signature is on disk. The block itself is written next. */
  onSealed(block: CanonicalBlock): void;
}

/** A block that is not stored yet. */
export interface NewBlock extends Snapshots {
  block: CanonicalBlock;
}

/**
 * The head, and the authorities and accounts after it. Stages 4 to 6 of an import move it, all or nothing. Allows one
 * call at a time.
 */
export class CanonicalChain {
  readonly #options: CanonicalChainOptions;
  #head: WeightedHeader;
  #snapshot: ChainSnapshot;

  /** `snapshot` is the one in the head's state root. */
  constructor(options: CanonicalChainOptions, head: WeightedHeader, snapshot: ChainSnapshot) {
    this.#options = options;
    this.#head = head;
    this.#snapshot = options.tree.recoveries.after(head.id, snapshot);
  }

  get head(): WeightedHeader {
    return this.#head;
  }

  /** The snapshot by which the next block is checked. */
  get snapshot(): ChainSnapshot {
    return this.#snapshot;
  }

  /**
   * Moves to `target`, which is on the head or on another branch. `writes` store it if it is new. @throws {BlockError}
   */
  async moveTo(target: CanonicalBlock, writes: Write[], stageEnded: StageTimer): Promise<void> {
    const { tree, logger } = this.#options;
    const path = await tree.path(this.#head, target);
    if (path.apply.length === 0) throw new Error("the head only goes back where a recovery says so");
    const fork = path.apply[0]!.header.message.parent;
    await this.#follow(path, await tree.stateAfter(fork), target, writes, stageEnded);
    const { height, idHex: id } = this.#head;
    if (path.retract.length > 0)
      logger.warn(
        { retracted: path.retract.length, applied: path.apply.length, height, id },
        "reorganized to a better branch",
      );
  }

  /**
   * Goes back to an ancestor of the head, from which a recovery continues. The blocks above it are kept as a side
   * branch. @throws {CodedError} `DAMAGED`
   */
  async goBackTo(target: WeightedHeader): Promise<void> {
    const { tree, reader, logger } = this.#options;
    const path = await tree.path(this.#head, target);
    const block = await reader.canonicalBlock(target);
    await this.#follow(path, await tree.stateAfter(target.id), block, [], () => undefined);
    const { height, idHex: id } = target;
    logger.warn(
      { retracted: path.retract.length, height, id },
      "retracted the blocks above a recovery's block",
    );
  }

  /**
   * Moves to the last of these consecutive blocks on the head, in one batch. After an error everything is as before.
   * @throws {BlockError}
   */
  async extend(news: readonly NewBlock[], writes: Write[], stageEnded: StageTimer): Promise<void> {
    const { ledger } = this.#options;
    const applied = news.map(({ block }) => block);
    let move: () => void;
    try {
      for (const { block, ...snapshots } of news) await ledger.apply(block, snapshots, stageEnded);
      move = await this.#commit({ head: applied.at(-1)!, retracted: [], applied }, news, writes);
    } catch (error) {
      ledger.rollback();
      throw error;
    }
    move();
    stageEnded("commit");
  }

  /**
   * Makes, signs and adopts a block on the head; `undefined` if an empty one was not wanted. @throws {BlockError},
   * errors of the signer
   */
  async produce(plan: BlockPlan, stageEnded: StageTimer): Promise<CanonicalBlock | undefined> {
    const { ledger, genesis, rules, pause, stores, onSealed } = this.#options;
    let built: BuiltBlock | undefined;
    let move: () => void;
    try {
      built = await buildBlock(
        { head: this.#head, snapshot: this.#snapshot, rules: rules.after(this.#snapshot) },
        ledger,
        genesis,
        plan,
        pause,
        stageEnded,
      );
      if (!built) return undefined;
      const { checked, block, snapshot } = built;
      const writes = blockWrites(stores.blocks, checked, block, snapshot);
      onSealed(block);
      // Others wait for the block: it leaves before its writes are put together.
      await pause();
      move = await this.#commit(
        { head: block, retracted: [], applied: [block] },
        [{ block, after: snapshot }],
        writes,
        { indexLater: true },
      );
    } catch (error) {
      ledger.rollback();
      throw error;
    }
    move();
    stageEnded("commit");
    return built.block;
  }

  /**
   * Retracts and executes in memory, writes everything in one atomic, synced batch, and moves the head. After an error
   * everything is as before, except that blocks found invalid, and their descendants, are remembered and removed. The
   * valid blocks before them are no better than the head: each was compared with it when it arrived. `snapshot` is the
   * one at which the branches part.
   */
  async #follow(
    path: { retract: WeightedHeader[]; apply: WeightedHeader[] },
    snapshot: ChainSnapshot,
    target: CanonicalBlock,
    writes: Write[],
    stageEnded: StageTimer,
  ): Promise<void> {
    const { tree, reader, ledger, genesis, rules, invalid, pause } = this.#options;
    const retracted: CanonicalBlock[] = [];
    const applied: CanonicalBlock[] = [];
    let after = snapshot;
    let move: () => void;
    try {
      for (const head of path.retract) {
        const block = await reader.canonicalBlock(head);
        await ledger.retract(block, await reader.undo(head.id));
        retracted.push(block);
        await pause();
      }
      for (const head of path.apply) {
        const block = head.idHex === target.idHex ? target : await reader.canonicalBlock(head);
        const before = tree.recoveries.after(head.header.message.parent, after);
        after = rules.applyHeader(before, head.header.message, genesis.config);
        await ledger.apply(block, { before, after }, stageEnded);
        applied.push(block);
      }
      if (path.apply.length === 0) await ledger.requireStateOf(target, after);
      const change = { head: target, retracted, applied };
      const news = [{ block: target, after }];
      move = await this.#commit(change, news, writes, { indexLater: applied.length === 1 });
    } catch (error) {
      ledger.rollback();
      if (!(error instanceof BlockError) || error.code === "UNKNOWN_RULES") throw error;
      const refused = path.apply.slice(applied.length);
      await invalid.add(refused);
      throw error;
    }
    move();
    stageEnded("commit");
  }

  /**
   * Stage 5, for what the ledger has executed. Returns stage 6, which moves the head in memory. The change is on disk
   * then, so nothing that happens in stage 6 makes it look failed. `news` is the end of the new chain, with the
   * snapshots in the state roots. `indexLater`: another block is hardly about to follow, so the indexes may wait.
   */
  async #commit(
    change: HeadChange,
    news: readonly Omit<NewBlock, "before">[],
    writes: Write[],
    { indexLater = false } = {},
  ): Promise<() => void> {
    const { stores, ledger, tree, participants, pause, onChange } = this.#options;
    const { block: last, after: state } = news.at(-1)!;
    const executed = await ledger.pendingWrites({ indexLater });
    await pause();
    const prepare = await participants.prepare(change, ledger.state, pause);
    const prepared = prepare();
    await stores.database.commit([
      ...writes,
      ...executed,
      ...stores.meta.setHead(change.head.id, state),
      ...prepared.writes,
    ]);
    return () => {
      ledger.settle();
      for (const { block, after } of news) tree.remember(summaryOf(block), after);
      this.#head = change.head;
      this.#snapshot = tree.recoveries.after(last.id, state);
      prepared.applied();
      onChange(change, change.applied.length > 0 ? news.map(({ block }) => block) : []);
    };
  }
}
