import type { FinalityStatus } from "../consensus/index.ts";
import type { AccountState, StateReader } from "../state/index.ts";
import { BlockError } from "../types/errors.ts";
import type { Certificate, ChainSnapshot, FinalityVote, Recovery, SignedHeader } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import type { Emitter } from "../util/emitter.ts";
import { SerialQueue } from "../util/serial-queue.ts";
import { assembleChain, type ChainEvents, type ChainOptions, type ChainParts } from "./assemble.ts";
import type { BlockChecks } from "./block-check.ts";
import type { BlockReader } from "./block-reader.ts";
import type { BlockTree } from "./block-tree.ts";
import type { BlockPlan } from "./build-block.ts";
import type { FinalityPoint } from "./checkpoints.ts";
import type { Genesis } from "./genesis.ts";
import type { HistoryReader } from "./history-reader.ts";
import { loadChain, requireKnownHead } from "./load.ts";
import type { ChainParticipant } from "./participants.ts";
import type { KnownRules } from "./rules.ts";
import type { BlockSummary, CanonicalBlock, CheckedBlock, ImportOutcome, WeightedHeader } from "./types.ts";

/**
 * Limits for `importBlocks`: one synced write is enough for many small blocks, and nobody waits long for others behind
 * them.
 */
export const importedTogether = { blocks: 32, bytes: 256 * 1024 };

/** The blocks, among them the canonical chain, and the state of its head. One task at a time changes it. */
export class Chain {
  readonly genesis: Genesis;
  readonly events: Emitter<ChainEvents>;
  readonly checks: BlockChecks;
  readonly tree: BlockTree;
  readonly reader: BlockReader;
  readonly history: HistoryReader;
  /** The versions of the rules that this program knows. */
  readonly rules: KnownRules;
  readonly #parts: ChainParts;
  readonly #queue = new SerialQueue();
  #sealed: CanonicalBlock | undefined;

  private constructor({ genesis, rules }: ChainOptions, parts: ChainParts) {
    this.genesis = genesis;
    this.events = parts.events;
    this.checks = parts.checks;
    this.tree = parts.tree;
    this.reader = parts.reader;
    this.history = parts.history;
    this.rules = rules;
    this.#parts = parts;
    parts.events.on("sealed", (block) => {
      this.#sealed = block;
    });
  }

  /** Opens the chain where the database left it. @throws {CodedError} `DAMAGED` if what is stored contradicts itself */
  static async open(options: ChainOptions, participants: readonly ChainParticipant[]): Promise<Chain> {
    const chain = await Chain.load(options);
    await chain.resume(participants);
    return chain;
  }

  /**
   * The first half of `open`: the head stays as it was until `resume`, so that participants can be made from it.
   * @throws {CodedError} `DAMAGED`. {UserError} `UNKNOWN_RULES` if a program that knows later rules has continued the
   * chain.
   */
  static async load(options: ChainOptions): Promise<Chain> {
    const loaded = await loadChain(options.stores, options.genesis, options.seed, options.pause);
    const chain = new Chain(options, assembleChain(options, loaded));
    await requireKnownHead(chain);
    return chain;
  }

  /**
   * Lets the head move. Each change is written together with the writes of the `participants`, which follow it in this
   * order.
   *
   * Continues from the newest recovery, if it was given since the last start. Completes what the last process may have
   * left undone: it follows the highest justified block, and deletes the blocks that finality has passed.
   */
  resume(participants: readonly ChainParticipant[]): Promise<void> {
    this.#parts.participants.join([this.#parts.forks, ...participants]);
    return this.#queue.run(() => this.#parts.following.start());
  }

  get head(): WeightedHeader {
    return this.#parts.canonical.head;
  }

  /** The block that this node has sealed and is writing. Other nodes know it already. */
  get sealed(): CanonicalBlock | undefined {
    return this.#sealed;
  }

  /** Finality as far as the votes have settled it. */
  get finality(): FinalityStatus {
    return this.#parts.checkpoints.status;
  }

  /** The block that every head descends from. */
  get justified(): FinalityPoint {
    return this.#parts.checkpoints.justified;
  }

  /** The highest block that no reorganization takes away. */
  get finalized(): FinalityPoint {
    return this.#parts.checkpoints.finalized;
  }

  /** A recovery that this node was given and whose block has not arrived yet. Until then the node signs nothing. */
  get awaited(): Recovery | undefined {
    return this.#parts.recovery.awaited;
  }

  /** The authority snapshot after the head, by which the next block is checked. */
  get snapshot(): ChainSnapshot {
    return this.#parts.canonical.snapshot;
  }

  /** The version of the rules after the head, if this program does not know it: nothing can be built on the head. */
  get unknownRules(): number | undefined {
    return this.rules.knows(this.snapshot) ? undefined : this.snapshot.parameters.rules;
  }

  /** The accounts after the head. */
  get state(): StateReader {
    return this.#parts.ledger.state.settled;
  }

  /**
   * Imports a block whose parent is here (docs/consensus.md, stages 2 to 6). `needed`: blocks of others build on it, so
   * that more blocks of its proposer are stored on side branches. `votedFor`: more than a third of the authorities have
   * voted for it, so that it is stored however many there are. @throws {BlockError}
   */
  importBlock(block: CheckedBlock, { needed = false, votedFor = false } = {}): Promise<ImportOutcome> {
    return this.#queue.run(async () => {
      const reason = needed ? "built upon" : "alone";
      const outcome = await this.#parts.blockImport.run(block, votedFor ? "voted for" : reason);
      await this.#parts.following.onBlocks();
      return outcome;
    });
  }

  /**
   * Imports consecutive blocks of a download. If they extend the head, they are written and synced together.
   * `isOfMajority`: their headers, which were checked, show that a majority of the authorities has signed them, so that
   * all are stored; others are treated as blocks that others build on. @throws {BlockError} of the first block that is
   * refused; those before it are imported.
   */
  importBlocks(blocks: readonly CheckedBlock[], { isOfMajority = true } = {}): Promise<void> {
    return this.#queue.run(async () => {
      if (await this.#parts.blockImport.extend(blocks)) return this.#parts.following.onBlocks();
      for (const block of blocks) {
        await this.#parts.blockImport.run(block, isOfMajority ? "of a majority" : "built upon");
        await this.#parts.following.onBlocks();
      }
    });
  }

  /**
   * Makes, signs and imports a block; `undefined` if the head is no longer the parent of the plan, or an empty block
   * was not wanted.
   */
  produce(plan: BlockPlan): Promise<CanonicalBlock | undefined> {
    return this.#queue.run(() => this.#produce(plan));
  }

  /**
   * A stored block. Other nodes know this node's own block as soon as it is sealed; here it is returned once it is on
   * disk. `height` is the one in its header, if that is at hand.
   */
  async find(id: Uint8Array, height = 0): Promise<BlockSummary | undefined> {
    const idHex = toHex(id);
    if (this.#sealed?.idHex === idHex) await this.idle();
    // Stored blocks above the head are all on side branches, which are in memory: the disk has no new block.
    if (height > this.head.height && !this.#parts.forks.has(idHex)) this.tree.noteAbsent(idHex);
    return this.tree.get(id);
  }

  /** True if a block that is not here is remembered as invalid. */
  isInvalid(idHex: Hex): boolean {
    return this.#parts.invalid.has(idHex);
  }

  /** A block that failed before its import is invalid forever: its signed header names invalid transactions. */
  noteInvalid(id: Uint8Array): void {
    this.#parts.invalid.note(id);
  }

  /**
   * Checks stages 2 and 3 for consecutive headers from a known parent: their place and rules, without their
   * transactions. Returns them with their weights. @throws {BlockError}
   */
  checkHeaders(headers: readonly SignedHeader[]): Promise<WeightedHeader[]> {
    return this.#parts.headers.checkAll(headers);
  }

  /** True if a block with this header may follow the head now, as far as its header shows. */
  mayFollow(header: SignedHeader): boolean {
    try {
      this.#parts.headers.check(this.head, this.snapshot, header);
      return true;
    } catch (error) {
      if (error instanceof BlockError) return false;
      throw error;
    }
  }

  /** True if a certificate of this link would complete the proof of the final block. */
  lacksProof(link: FinalityVote): Promise<boolean> {
    return this.#parts.checkpoints.lacks(link);
  }

  /**
   * Accepts a checked certificate whose blocks are known, and follows its branch if it is another one.
   * @throws {CodedError} `CONFLICTING_FINALITY`: more than a third of the authorities have equivocated.
   */
  justify(certificate: Certificate): Promise<void> {
    return this.#queue.run(() => this.#parts.following.justify(certificate));
  }

  /** Resolves when every import and production requested so far has ended. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** Resolves when everything that was requested so far is on disk, the indexes too. */
  close(): Promise<void> {
    return this.#queue.run(() => this.#parts.stores.indexer.finish());
  }

  /**
   * Passes to `look` the accounts as they were after a block, whatever is under way; imports wait meanwhile. Undefined
   * for a block that is not an ancestor of the head.
   */
  accountsAfter<T>(block: WeightedHeader, look: (accounts: AccountState) => T): Promise<T | undefined> {
    return this.#queue.run(async () => {
      const { retract, apply } = await this.tree.path(this.head, block);
      return apply.length > 0 ? undefined : this.#parts.ledger.lookBack(retract, this.reader, look);
    });
  }

  /**
   * Rewrites changed accounts on disk as pages, a few at a time between other tasks, which makes the next start faster.
   */
  async foldAccounts(signal: AbortSignal): Promise<void> {
    const { ledger } = this.#parts;
    const pages = ledger.pages();
    for (let more = true; more && !signal.aborted; )
      more = await this.#queue.run(() => ledger.writePages(pages));
  }

  async #produce(plan: BlockPlan): Promise<CanonicalBlock | undefined> {
    if (this.awaited || toHex(plan.parentId) !== this.head.idHex) return undefined;
    const stageEnded = this.#parts.startTimer("produce");
    try {
      const block = await this.#parts.canonical.produce(plan, stageEnded);
      if (block) stageEnded("total");
      return block;
    } finally {
      this.#sealed = undefined;
    }
  }
}
