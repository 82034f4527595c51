import type { FinalityStatus } from "../consensus/index.ts";
import type { Verify } from "../crypto/ed25519.ts";
import type { AccountState, StateReader } from "../state/index.ts";
import type { Certificate, ChainSnapshot, FinalityVote, Recovery, SignedHeader } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { Emitter } from "../util/emitter.ts";
import type { Logger } from "../util/logger.ts";
import { SerialQueue } from "../util/serial-queue.ts";
import type { Pause } from "../util/slices.ts";
import { type BlockChecks, freshChecks } from "./block-check.ts";
import { BlockImport } from "./block-import.ts";
import { BlockReader } from "./block-reader.ts";
import { BlockTree } from "./block-tree.ts";
import { Branches } from "./branches.ts";
import type { BlockPlan } from "./build-block.ts";
import { CanonicalChain } from "./canonical.ts";
import { Checkpoints, type FinalityPoint } from "./checkpoints.ts";
import { FinalityFollower } from "./finality-follower.ts";
import type { ForkBlocks } from "./fork-blocks.ts";
import type { Genesis } from "./genesis.ts";
import { HeaderRules } from "./header-rules.ts";
import { InvalidBlocks } from "./invalid-blocks.ts";
import { Ledger } from "./ledger.ts";
import { type LoadedChain, loadChain, requireKnownHead } from "./load.ts";
import { type ChainParticipant, Participants } from "./participants.ts";
import { RecoveryAdoption } from "./recovery-adoption.ts";
import type { KnownRules } from "./rules.ts";
import type { ChainStores } from "./stores.ts";
import type {
  CanonicalBlock,
  CheckedBlock,
  WeightedHeader,
  HeadChange,
  ImportOutcome,
  StartStageTimer,
} from "./types.ts";

/**
 * Limits for `importBlocks`: one synced write is enough for many small blocks, and nobody waits long for others behind
 * them.
 */
export const importedTogether = { blocks: 32, bytes: 256 * 1024 };

const untimed: StartStageTimer = () => () => undefined;

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
  imported: WeightedHeader;
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
  readonly #options: ChainOptions;
  readonly #startTimer: StartStageTimer;
  readonly #queue = new SerialQueue();
  readonly #participants: Participants;
  readonly #forks: ForkBlocks;
  readonly #invalid: InvalidBlocks;
  readonly #headers: HeaderRules;
  readonly #ledger: Ledger;
  readonly #canonical: CanonicalChain;
  readonly #checkpoints: Checkpoints;
  readonly #recovery: RecoveryAdoption;
  readonly #import: BlockImport;
  readonly #following: FinalityFollower;
  /** The block that this node has sealed and is writing. */
  #sealed: Hex | undefined;

  private constructor(options: ChainOptions, loaded: LoadedChain) {
    const { genesis, stores, rules, logger, startTimer = untimed } = options;
    const { head, snapshot, state, forks, recoveries } = loaded;
    const { config } = genesis;
    const events = new Emitter<ChainEvents>(logger);
    const tree = new BlockTree(stores.blocks, config, rules, recoveries, snapshot);
    tree.remember(head, snapshot);
    const reader = new BlockReader(stores, tree, genesis, () => this.#canonical.head);
    const participants = new Participants(logger);
    const invalid = new InvalidBlocks(stores, tree, forks);
    const ledger = new Ledger(state, stores, rules, options.pause);
    const parts = { ...options, config, startTimer, tree, reader, forks, participants, invalid, ledger };

    const checkpoints = new Checkpoints(parts, loaded.finality);
    const headers = new HeaderRules({ ...parts, finalized: () => checkpoints.finalized });
    const branches = new Branches(tree, checkpoints.justified, () => forks.refs());
    const onChange = (change: HeadChange, imported: readonly WeightedHeader[]) => {
      events.emit("head", change);
      for (const block of imported) events.emit("imported", block);
    };
    const canonical = new CanonicalChain({ ...parts, onChange }, head, snapshot);
    const onFinality = (status: FinalityStatus) => events.emit("finality", status);
    const onAdopted = () => {
      branches.setRoot(checkpoints.justified);
      onFinality(checkpoints.status);
    };
    const recovery = new RecoveryAdoption({ ...parts, canonical, checkpoints, onAdopted });
    const onSide = (block: WeightedHeader) => events.emit("imported", block);

    this.genesis = genesis;
    this.events = events;
    this.checks = freshChecks({
      genesisId: genesis.id,
      isAccount: (address) => state.indexOf(address) >= 0,
      verify: options.verify,
    });
    this.tree = tree;
    this.reader = reader;
    this.#options = options;
    this.#startTimer = startTimer;
    this.#participants = participants;
    this.#forks = forks;
    this.#invalid = invalid;
    this.#headers = headers;
    this.#ledger = ledger;
    this.#canonical = canonical;
    this.#checkpoints = checkpoints;
    this.#recovery = recovery;
    this.#import = new BlockImport({ ...parts, canonical, branches, headers, onSide });
    this.#following = new FinalityFollower({
      ...parts,
      canonical,
      checkpoints,
      branches,
      recovery,
      onFinality,
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
    this.#participants.join([this.#forks, ...participants]);
    return this.#queue.run(() => this.#following.start());
  }

  get head(): WeightedHeader {
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
      const outcome = await this.#import.run(block, votedFor ? "voted for" : standing);
      await this.#following.onBlocks();
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
      if (await this.#import.extend(blocks)) return this.#following.onBlocks();
      for (const block of blocks) {
        await this.#import.run(block, isOfMajority ? "of a majority" : "built upon");
        await this.#following.onBlocks();
      }
    });
  }

  /**
   * Makes, signs and imports a block; `undefined` if the head is no longer the parent of the plan, or an empty block was
   * not wanted.
   */
  produce(plan: BlockPlan): Promise<CanonicalBlock | undefined> {
    return this.#queue.run(() => this.#produce(plan));
  }

  /**
   * A stored block. Other nodes know this node's own block as soon as it is sealed; here it is returned once it is on
   * disk.
   */
  async find(id: Uint8Array): Promise<WeightedHeader | undefined> {
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
  checkHeaders(headers: readonly SignedHeader[]): Promise<WeightedHeader[]> {
    return this.#headers.checkAll(headers);
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
    return this.#queue.run(() => this.#following.justify(certificate));
  }

  /** Resolves when every import and production requested so far has ended. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /**
   * Passes to `look` the accounts as they were after a block, whatever is under way; imports wait meanwhile. Undefined
   * for a block that is not an ancestor of the head.
   */
  accountsAfter<T>(block: WeightedHeader, look: (accounts: AccountState) => T): Promise<T | undefined> {
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

  async #produce(plan: BlockPlan): Promise<CanonicalBlock | undefined> {
    if (this.awaited || toHex(plan.parentId) !== this.head.idHex) return undefined;
    const stageEnded = this.#startTimer("produce");
    const onSealed = (block: CanonicalBlock) => {
      this.#sealed = block.idHex;
      plan.onSealed?.(block);
    };
    try {
      const block = await this.#canonical.produce({ ...plan, onSealed }, stageEnded);
      if (block) stageEnded("total");
      return block;
    } finally {
      this.#sealed = undefined;
    }
  }
}
