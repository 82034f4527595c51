import type { FinalityStatus } from "../consensus/index.ts";
import type { Verify } from "../crypto/ed25519.ts";
import type { AccountState, StateReader } from "../state/index.ts";
import type { Write } from "../storage/database.ts";
import { BlockError } from "../types/errors.ts";
import type { Certificate, ChainSnapshot, FinalityVote, Recovery, SignedHeader } from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { Emitter } from "../util/emitter.ts";
import { UserError } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { SerialQueue } from "../util/serial-queue.ts";
import type { Pause } from "../util/slices.ts";
import { BlockReader } from "./block-reader.ts";
import { BlockTree, BrokenBranch, blockWrites } from "./block-tree.ts";
import { Branches } from "./branches.ts";
import { CanonicalChain, type NewBlock } from "./canonical.ts";
import { type BlockChecks, checkBlockLimits, freshChecks } from "./check.ts";
import { Checkpoints, type FinalityPoint } from "./checkpoints.ts";
import type { ForkBlocks } from "./fork-blocks.ts";
import type { Genesis } from "./genesis.ts";
import { HeaderRules } from "./header-rules.ts";
import { InvalidBlocks } from "./invalid-blocks.ts";
import { Ledger } from "./ledger.ts";
import { type LoadedChain, loadChain } from "./load.ts";
import { type ChainParticipant, Participants } from "./participants.ts";
import type { Proposal } from "./produce.ts";
import { RecoveryAdoption } from "./recovery-adoption.ts";
import type { KnownRules } from "./rules.ts";
import type { ChainStores } from "./stores.ts";
import type {
  CanonicalBlock,
  CheckedBlock,
  Head,
  HeadChange,
  ImportOutcome,
  StageTimer,
  StartStageTimer,
} from "./types.ts";

/**
 * Limits for `importBlocks`: one synced write is enough for many small blocks, and nobody waits long for others behind
 * them.
 */
export const importedTogether = { blocks: 32, bytes: 256 * 1024 };

/**
 * The reason for which a block of a side branch is stored. There can be no flood of blocks that a majority of the
 * authorities must have signed, or that more than a third have voted for.
 */
type Standing = "alone" | "built upon" | "voted for" | "of a majority";

const untimed: StageTimer = () => undefined;

export interface ChainOptions {
  genesis: Genesis;
  /** The rules that this program knows. */
  rules: KnownRules;
  stores: ChainStores;
  verify: Verify;
  clock: Clock;
  logger: Logger;
  /** 8 random bytes that key the address index. */
  seed: Uint8Array;
  /** Lets other work run within a long task. */
  pause: Pause;
  startTimer?: StartStageTimer;
}

export type ChainEvents = {
  /** A block has been stored, on whichever branch. */
  imported: Head;
  head: HeadChange;
  /** A higher checkpoint is justified, and perhaps one is final. */
  finality: FinalityStatus;
};

/** The blocks, among them the canonical chain, and the state of its head. One task at a time changes it. */
export class Chain {
  readonly genesis: Genesis;
  readonly events: Emitter<ChainEvents>;
  readonly checks: BlockChecks;
  readonly tree: BlockTree;
  readonly reader: BlockReader;
  readonly #branches: Branches;
  readonly #forks: ForkBlocks;
  readonly #ledger: Ledger;
  readonly #options: ChainOptions;
  readonly #queue = new SerialQueue();
  readonly #invalid: InvalidBlocks;
  readonly #rules: HeaderRules;
  readonly #canonical: CanonicalChain;
  readonly #checkpoints: Checkpoints;
  readonly #recovery: RecoveryAdoption;
  readonly #participants: Participants;
  /** The block that this node has sealed and is writing. */
  #sealed: Hex | undefined;

  private constructor(options: ChainOptions, loaded: LoadedChain) {
    const { genesis, stores } = options;
    const { head, snapshot, state, finality, forks, recoveries } = loaded;
    this.genesis = genesis;
    this.checks = freshChecks({
      genesisId: genesis.id,
      isAccount: (address) => state.indexOf(address) >= 0,
      verify: options.verify,
    });
    this.tree = new BlockTree(stores.blocks, genesis.config, options.rules, recoveries, snapshot);
    this.tree.remember(head, snapshot);
    this.reader = new BlockReader(stores, this.tree, genesis, () => this.#canonical.head);
    this.#forks = forks;
    this.#invalid = new InvalidBlocks(stores, this.tree, forks);
    this.#rules = new HeaderRules({
      tree: this.tree,
      invalid: this.#invalid,
      rules: options.rules,
      config: genesis.config,
      clock: options.clock,
      finalized: () => this.finalized,
    });
    this.#ledger = new Ledger(state, stores, options.rules, options.pause);
    this.#options = options;
    this.events = new Emitter(options.logger);
    this.#participants = new Participants(options.logger);
    const participants = this.#participants;
    this.#checkpoints = new Checkpoints({ ...options, tree: this.tree, participants }, finality);
    this.#branches = new Branches(this.tree, this.justified, () => forks.refs());
    const { tree, reader } = this;
    const parts = { tree, reader, ledger: this.#ledger, forks, invalid: this.#invalid, participants };
    const onChange = (change: HeadChange, imported: readonly Head[]) => {
      this.events.emit("head", change);
      for (const head of imported) this.events.emit("imported", head);
    };
    this.#canonical = new CanonicalChain({ ...options, ...parts, onChange }, head, snapshot);
    this.#recovery = new RecoveryAdoption({
      ...options,
      ...parts,
      canonical: this.#canonical,
      checkpoints: this.#checkpoints,
      onAdopted: () => {
        this.#branches.setRoot(this.justified);
        this.events.emit("finality", this.finality);
      },
    });
  }

  /** Opens the chain where the database left it. @throws {CodedError} `DAMAGED` if what is stored contradicts itself. */
  static async open(options: ChainOptions, participants: readonly ChainParticipant[] = []): Promise<Chain> {
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
    const chain = new Chain(options, await loadChain(options.stores, options.genesis, options.seed));
    await chain.#requireKnownHead();
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
    this.#participants.join([this.#forks, ...participants]);
    return this.#queue.run(async () => {
      await this.#recovery.start();
      await this.#followJustified();
      while (await this.#sweep()) await this.#options.pause();
    });
  }

  get head(): Head {
    return this.#canonical.head;
  }

  /** Finality as far as the votes have settled it. */
  get finality(): FinalityStatus {
    return this.#checkpoints.status;
  }

  /** The block that every head descends from. */
  get justified(): FinalityPoint {
    return this.#checkpoints.justified;
  }

  /** The highest block that no reorganization takes away. */
  get finalized(): FinalityPoint {
    return this.#checkpoints.finalized;
  }

  /** A recovery that this node was given and whose block has not arrived yet. Until then the node signs nothing. */
  get awaited(): Recovery | undefined {
    return this.#recovery.awaited;
  }

  /** The authority snapshot after the head, by which the next block is checked. */
  get snapshot(): ChainSnapshot {
    return this.#canonical.snapshot;
  }

  /** The versions of the rules that this program knows. */
  get rules(): KnownRules {
    return this.#options.rules;
  }

  /** The version of the rules after the head, if this program does not know it: nothing can be built on the head. */
  get unknownRules(): number | undefined {
    return this.rules.knows(this.snapshot) ? undefined : this.snapshot.parameters.rules;
  }

  /** The accounts after the head. */
  get state(): StateReader {
    return this.#ledger.state.settled;
  }

  /**
   * Imports a block whose parent is here (docs/consensus.md, stages 2 to 6). `needed`: blocks of others build on it, so
   * that more blocks of its proposer are stored on side branches. `votedFor`: more than a third of the authorities have
   * voted for it, so that it is stored however many there are. @throws {BlockError}
   */
  importBlock(block: CheckedBlock, { needed = false, votedFor = false } = {}): Promise<ImportOutcome> {
    return this.#queue.run(async () => {
      const standing = needed ? "built upon" : "alone";
      const outcome = await this.#importAlone(block, votedFor ? "voted for" : standing);
      await this.#adoptRecoveries();
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
      if (await this.#extend(blocks)) return this.#adoptRecoveries();
      for (const block of blocks) {
        await this.#importAlone(block, isOfMajority ? "of a majority" : "built upon");
        await this.#adoptRecoveries();
      }
    });
  }

  /**
   * Makes, signs and imports a block; `undefined` if the head is no longer the proposal's parent, or an empty block was
   * not wanted.
   */
  produce(proposal: Proposal): Promise<CanonicalBlock | undefined> {
    return this.#queue.run(() => this.#produce(proposal));
  }

  /**
   * A stored block. Other nodes know this node's own block as soon as it is sealed; here it is returned once it is on
   * disk.
   */
  async find(id: Uint8Array): Promise<Head | undefined> {
    if (this.#sealed === toHex(id)) await this.idle();
    return this.tree.get(id);
  }

  /** True if a block that is not here is remembered as invalid. */
  isInvalid(idHex: Hex): boolean {
    return this.#invalid.has(idHex);
  }

  /** A block that failed before its import is invalid forever: its signed header names invalid transactions. */
  noteInvalid(id: Uint8Array): void {
    this.#invalid.note(id);
  }

  /**
   * Checks stages 2 and 3 for consecutive headers from a known parent: their place and rules, without their
   * transactions. Returns them with their weights. @throws {BlockError}
   */
  checkHeaders(headers: readonly SignedHeader[]): Promise<Head[]> {
    return this.#rules.checkAll(headers);
  }

  /** True if a certificate of this link would complete the proof of the final block. */
  lacksProof(link: FinalityVote): Promise<boolean> {
    return this.#checkpoints.lacks(link);
  }

  /**
   * Accepts a checked certificate whose blocks are known, and follows its branch if it is another one.
   * @throws {CodedError} `CONFLICTING_FINALITY`: more than a third of the authorities have equivocated.
   */
  justify(certificate: Certificate): Promise<void> {
    return this.#queue.run(() => this.#justify(certificate));
  }

  /** Resolves when every import and production requested so far has ended. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /**
   * Passes to `look` the accounts as they were after a block, whatever is under way; imports wait meanwhile. Undefined
   * for a block that is not an ancestor of the head.
   */
  accountsAfter<T>(block: Head, look: (accounts: AccountState) => T): Promise<T | undefined> {
    return this.#queue.run(async () => {
      const { retract, apply } = await this.tree.path(this.head, block);
      return apply.length > 0 ? undefined : this.#ledger.lookBack(retract, this.reader, look);
    });
  }

  /**
   * Rewrites changed accounts on disk as pages, a few at a time between other tasks, which makes the next start faster.
   */
  async foldAccounts(signal: AbortSignal): Promise<void> {
    const pages = this.#options.stores.accounts.fold(this.#ledger.state);
    for (let more = true; more && !signal.aborted; )
      more = await this.#queue.run(() => this.#ledger.writePages(pages));
  }

  /**
   * Returns false if they do not extend the head, or one of them is refused. Nothing has changed then; importing them
   * one by one finds the refused one.
   */
  async #extend(blocks: readonly CheckedBlock[]): Promise<boolean> {
    const ended = this.#options.startTimer?.("import") ?? untimed;
    const news: NewBlock[] = [];
    const writes: Write[] = [];
    let parent = this.head;
    let after = this.snapshot;
    try {
      for (const block of blocks) {
        const { message } = block.header;
        if (toHex(message.parent) !== parent.idHex) return false;
        this.#invalid.refuse(block.idHex, parent.idHex);
        parent = this.#rules.check(parent, after, block.header);
        checkBlockLimits(block.records, after.parameters);
        const before = after;
        const state = this.rules.applyHeader(before, message, this.genesis.config);
        writes.push(...blockWrites(this.#options.stores.blocks, block, parent, state));
        news.push({ block: { ...parent, records: block.records }, before, after: state });
        after = this.tree.recoveries.after(parent.id, state);
      }
      ended("check");
      await this.#canonical.extend(news, writes, ended);
      ended("total");
      return true;
    } catch (error) {
      if (!(error instanceof BlockError)) throw error;
      return false;
    }
  }

  async #importAlone(block: CheckedBlock, standing: Standing): Promise<ImportOutcome> {
    try {
      return await this.#import(block, standing, this.#options.startTimer?.("import") ?? untimed);
    } catch (error) {
      if (!(error instanceof BrokenBranch)) throw error;
      const ref = { height: block.header.message.height, id: block.id };
      return this.#invalid.refuseBranch(error, ref);
    }
  }

  async #import(block: CheckedBlock, standing: Standing, ended: StageTimer): Promise<ImportOutcome> {
    if (await this.tree.get(block.id)) return "known";
    this.#invalid.refuse(block.idHex, toHex(block.header.message.parent));
    const parent = await this.#rules.parentOf(block.header);
    const before = await this.tree.snapshotAfter(parent.id);
    const head = this.#rules.check(parent, before, block.header);
    try {
      checkBlockLimits(block.records, before.parameters);
    } catch (error) {
      this.#invalid.note(block.id);
      throw error;
    }
    const after = this.rules.applyHeader(before, block.header.message, this.genesis.config);
    ended("check");

    const writes = blockWrites(this.#options.stores.blocks, block, head, after);
    const extendsHead = parent.idHex === this.head.idHex;
    if (extendsHead || (await this.#branches.prefers(head, this.head))) {
      // If it is better only by its place in the order, it displaces the head's block, and the other one is stored all
      // the same.
      if (!extendsHead && head.totalDifficulty === this.head.totalDifficulty)
        this.#requireRoom({ ...head, records: block.records }, standing);
      await this.#canonical.moveTo({ ...head, records: block.records }, writes, ended);
      ended("total");
      return "head";
    }
    const side = { ...head, records: block.records };
    this.#requireRoom(side, standing);
    await this.#options.stores.database.commit([...writes, this.#forks.writeFor(side)]);
    this.#forks.add(side);
    this.tree.remember(head, after);
    this.events.emit("imported", head);
    return "side";
  }

  #requireRoom(block: CanonicalBlock, standing: Standing): void {
    if (standing === "of a majority" || standing === "voted for") return;
    this.#forks.requireRoom(block, standing === "built upon");
  }

  async #justify(certificate: Certificate): Promise<void> {
    const before = this.finality;
    if (!(await this.#checkpoints.add(certificate))) return;
    const { finality: status } = this;
    this.#branches.setRoot(this.justified);
    await this.#followJustified();
    if (status.finalized !== before.finalized) {
      const { height, round, id } = this.finalized;
      this.#options.logger.info({ height, id: toHex(id), round }, "block finalized");
      // This is one bounded step. The rest is deleted with the next final block, or by the next start.
      await this.#sweep();
    }
    this.events.emit("finality", status);
  }

  /**
   * Moves to the best head that descends from the highest justified block. That may be another one even if the head
   * descends from it: a later round may justify an ancestor of what an earlier one did.
   */
  async #followJustified(): Promise<void> {
    for (;;) {
      const best = await this.#branches.best(this.head);
      if (best.idHex === this.head.idHex) return;
      try {
        await this.#canonical.moveTo(await this.reader.canonicalBlock(best), [], untimed);
      } catch (error) {
        // The invalid end of the branch is deleted now. The justified block itself was executed by a quorum.
        if (!(error instanceof BlockError) || equalBytes(best.id, this.justified.id)) throw error;
      }
    }
  }

  async #adoptRecoveries(): Promise<void> {
    if (await this.#recovery.arrived()) await this.#followJustified();
  }

  /**
   * A node stops at the block that enacts rules that it does not know; only an earlier program can meet the blocks
   * after it.
   */
  async #requireKnownHead(): Promise<void> {
    const { height, header } = this.head;
    if (height === 0 || this.unknownRules === undefined) return;
    const before = await this.tree.snapshotAfter(header.message.parent).catch((error) => {
      if (error instanceof BlockError && error.code === "UNKNOWN_RULES") return undefined;
      throw error;
    });
    if (before && this.rules.knows(before)) return;
    throw new UserError(
      `the database holds block ${height}, which was made by later rules than this program knows (version ${this.rules.newest}): ` +
        "use the release that made it, or a later one",
      "UNKNOWN_RULES",
    );
  }

  /** Deletes some of the blocks that can no longer become canonical. Returns false if there are none. */
  async #sweep(): Promise<boolean> {
    const deleted = await this.#forks.sweep(this.finalized);
    for (const { id } of deleted) this.tree.forget(toHex(id));
    return deleted.length > 0;
  }

  async #produce(proposal: Proposal): Promise<CanonicalBlock | undefined> {
    if (this.awaited || toHex(proposal.parentId) !== this.head.idHex) return undefined;
    const ended = this.#options.startTimer?.("produce") ?? untimed;
    const onSealed = (block: CanonicalBlock) => {
      this.#sealed = block.idHex;
      proposal.onSealed?.(block);
    };
    try {
      const block = await this.#canonical.produce({ ...proposal, onSealed }, ended);
      if (block) ended("total");
      return block;
    } finally {
      this.#sealed = undefined;
    }
  }
}
