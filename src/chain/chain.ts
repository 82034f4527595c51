import { applyHeader, applyLink, type FinalityStatus } from "../consensus/index.ts";
import type { AccountState, StateReader } from "../state/index.ts";
import type { Write } from "../storage/database.ts";
import { BlockError } from "../types/errors.ts";
import type { AuthoritySnapshot, BlockRef, Certificate, Checkpoint, SignedHeader } from "../types/index.ts";
import { equalBytes, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { Emitter } from "../util/emitter.ts";
import { CodedError } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { SerialQueue } from "../util/serial-queue.ts";
import type { Pause } from "../util/slices.ts";
import { BlockReader } from "./block-reader.ts";
import { BlockTree, BrokenBranch, blockWrites } from "./block-tree.ts";
import { Branches, isAncestor } from "./branches.ts";
import type { BlockChecks } from "./check.ts";
import type { Genesis } from "./genesis.ts";
import { HeaderRules } from "./header-rules.ts";
import { InvalidBlocks } from "./invalid-blocks.ts";
import { Ledger } from "./ledger.ts";
import { type LoadedChain, loadChain } from "./load.ts";
import { buildBlock, type Proposal } from "./produce.ts";
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

const untimed: StageTimer = () => undefined;

export interface ChainOptions {
  genesis: Genesis;
  stores: ChainStores;
  checks: Pick<BlockChecks, "verify" | "isVerified">;
  clock: Clock;
  logger: Logger;
  /** 8 random bytes that key the address index. */
  seed: Uint8Array;
  /** Lets others run within a long task. */
  pause: Pause;
  /** Writes of others that go with a change of the head, in the same atomic batch. `after`: the accounts after it. */
  writesWith(change: HeadChange, after: StateReader): Write[];
  /** The same with a block that becomes final, and all below it. */
  writesWithFinal?(block: BlockRef): Write[];
  startTimer?: StartStageTimer;
}

export type ChainEvents = {
  /** A block has been stored, on whichever branch. */
  imported: Head;
  head: HeadChange;
  /** A higher checkpoint is justified, and perhaps one final. */
  finality: FinalityStatus;
};

/** A block of a voting round. */
export interface FinalityPoint extends BlockRef {
  round: number;
}

/** The blocks, the canonical chain among them, and the state of its head. One task at a time changes it. */
export class Chain {
  readonly genesis: Genesis;
  readonly events = new Emitter<ChainEvents>();
  readonly checks: BlockChecks;
  readonly tree: BlockTree;
  readonly reader: BlockReader;
  readonly #branches: Branches;
  readonly #ledger: Ledger;
  readonly #options: ChainOptions;
  readonly #queue = new SerialQueue();
  readonly #invalid: InvalidBlocks;
  readonly #rules: HeaderRules;
  #head: Head;
  #snapshot: AuthoritySnapshot;
  #finality: FinalityStatus;

  private constructor(options: ChainOptions, { head, snapshot, state, finality }: LoadedChain) {
    const { genesis, stores } = options;
    this.genesis = genesis;
    this.checks = { config: genesis.config, genesisId: genesis.id, ...options.checks };
    this.tree = new BlockTree(stores.blocks, genesis.config);
    this.tree.remember(head, snapshot);
    this.reader = new BlockReader(stores, this.tree, genesis, () => this.#head);
    this.#invalid = new InvalidBlocks(stores, this.tree);
    this.#rules = new HeaderRules({
      tree: this.tree,
      invalid: this.#invalid,
      config: genesis.config,
      clock: options.clock,
      finalized: () => this.finalized,
    });
    this.#ledger = new Ledger(state, genesis.config, stores, options.pause);
    this.#options = options;
    this.#head = head;
    this.#snapshot = snapshot;
    this.#finality = finality;
    this.#branches = new Branches(this.tree, head, point(finality.justified));
  }

  /** Opens the chain where the database left it. @throws {CodedError} `DAMAGED` if what is stored contradicts itself. */
  static async open(options: ChainOptions): Promise<Chain> {
    const chain = await Chain.load(options);
    await chain.resume();
    return chain;
  }

  /** The first half of `open`: the head is still as it was, so that others can begin to follow it before `resume`. */
  static async load(options: ChainOptions): Promise<Chain> {
    return new Chain(options, await loadChain(options.stores, options.genesis, options.seed));
  }

  /** Follows the highest justified block, where the last process ended between justifying a branch and following it. */
  resume(): Promise<void> {
    return this.#queue.run(() => this.#followJustified());
  }

  get head(): Head {
    return this.#head;
  }

  /** What the votes have settled so far. */
  get finality(): FinalityStatus {
    return this.#finality;
  }

  /** The block that every head descends from. */
  get justified(): FinalityPoint {
    return point(this.#finality.justified);
  }

  /** The highest block that no reorganization takes away. */
  get finalized(): FinalityPoint {
    return point(this.#finality.finalized);
  }

  /** The authority snapshot after the head. */
  get snapshot(): AuthoritySnapshot {
    return this.#snapshot;
  }

  /** The accounts after the head. */
  get state(): StateReader {
    return this.#ledger.state.settled;
  }

  /** Imports a block whose parent is here (docs/consensus.md, stages 2 to 6). @throws {BlockError} */
  importBlock(block: CheckedBlock): Promise<ImportOutcome> {
    return this.#queue.run(async () => {
      try {
        return await this.#import(block, this.#options.startTimer?.("import") ?? untimed);
      } catch (error) {
        if (!(error instanceof BrokenBranch)) throw error;
        const ref = { height: block.header.message.height, id: block.id };
        return this.#invalid.refuseBranch(error, ref);
      }
    });
  }

  /** Makes, signs and imports a block; `undefined` where the head is no longer the proposal's parent, or an empty block was not wanted. */
  produce(proposal: Proposal): Promise<CanonicalBlock | undefined> {
    return this.#queue.run(() => this.#produce(proposal));
  }

  /**
   * Stages 2 and 3 for headers that follow one another from a known parent: their place and rules, without their
   * transactions. Returns them with their weights. @throws {BlockError}
   */
  checkHeaders(headers: readonly SignedHeader[]): Promise<Head[]> {
    return this.#rules.checkAll(headers);
  }

  /**
   * Takes note of a certificate that has been checked and whose blocks are known; follows its branch if it is another.
   * @throws {CodedError} `CONFLICTING_FINALITY`: more than a third of the authorities have equivocated.
   */
  justify(certificate: Certificate): Promise<void> {
    return this.#queue.run(() => this.#justify(certificate));
  }

  /** Resolves when every import and production asked for so far has ended. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /**
   * Shows `look` the accounts as they were after a block, whatever is under way; imports wait meanwhile. Undefined for a block
   * that the head does not descend from.
   */
  accountsAfter<T>(block: Head, look: (accounts: AccountState) => T): Promise<T | undefined> {
    return this.#queue.run(async () => {
      const { retract, apply } = await this.tree.path(this.#head, block);
      return apply.length > 0 ? undefined : this.#ledger.lookBack(retract, this.reader, look);
    });
  }

  /** Writes accounts on the disk that changed as pages, a few at a time between other tasks: the next start is faster by that. */
  async foldAccounts(signal: AbortSignal): Promise<void> {
    const pages = this.#options.stores.accounts.fold(this.#ledger.state);
    for (let more = true; more && !signal.aborted; )
      more = await this.#queue.run(() => this.#ledger.writePages(pages));
  }

  async #import(block: CheckedBlock, ended: StageTimer): Promise<ImportOutcome> {
    if (await this.tree.get(block.id)) return "known";
    this.#invalid.refuse(block.idHex, toHex(block.header.message.parent));
    const parent = await this.#rules.parentOf(block.header);
    const before = await this.tree.snapshotAfter(parent.id);
    const head = this.#rules.check(parent, before, block.header);
    const after = applyHeader(before, block.header.message, this.genesis.config);
    const candidate: CanonicalBlock = { ...head, records: block.records };
    ended("check");

    if (parent.idHex === this.#head.idHex) {
      const writes = this.#blockWrites(block, head, after);
      await this.#switchTo({ retract: [], apply: [head] }, before, candidate, writes, ended);
      ended("total");
      return "head";
    }
    if (await this.#branches.prefers(head, this.#head)) {
      await this.#reorganize(candidate, this.#blockWrites(block, head, after), ended);
      ended("total");
      return "head";
    }
    await this.#options.stores.database.commit(this.#blockWrites(block, head, after));
    this.tree.remember(head, after);
    this.#branches.add(head);
    this.events.emit("imported", head);
    return "side";
  }

  /** Leaves the head's branch for the one that ends in `target`. `writes` store it where it is new. */
  async #reorganize(target: CanonicalBlock, writes: Write[], ended: StageTimer): Promise<void> {
    const path = await this.tree.path(this.#head, target);
    const fork = path.apply[0]!.header.message.parent;
    await this.#switchTo(path, await this.tree.snapshotAfter(fork), target, writes, ended);
  }

  /**
   * Stages 4 to 6: retracts and executes in memory, writes all in one atomic, synced batch, moves the head. After an error
   * everything is as before, but that blocks found invalid, and those after them, are remembered and removed. The valid ones
   * before them are no better than the head: each was compared with it when it came. `snapshot`: where the branches part.
   */
  async #switchTo(
    path: { retract: Head[]; apply: Head[] },
    snapshot: AuthoritySnapshot,
    target: CanonicalBlock,
    writes: Write[],
    ended: StageTimer,
  ): Promise<void> {
    const retracted: CanonicalBlock[] = [];
    const applied: CanonicalBlock[] = [];
    const { pause } = this.#options;
    let after = snapshot;
    try {
      for (const head of path.retract) {
        const block = await this.reader.canonicalBlock(head);
        this.#ledger.retract(block, await this.reader.undo(head.id));
        retracted.push(block);
        await pause();
      }
      for (const head of path.apply) {
        const block = head.idHex === target.idHex ? target : await this.reader.canonicalBlock(head);
        after = applyHeader(after, head.header.message, this.genesis.config);
        await this.#ledger.apply(block, after, ended);
        applied.push(block);
      }
      await this.#adopt({ head: target, retracted, applied }, after, writes);
      ended("commit");
    } catch (error) {
      this.#ledger.rollback();
      if (!(error instanceof BlockError)) throw error;
      const invalid = path.apply.slice(applied.length);
      for (const { idHex } of invalid) this.#branches.remove(idHex);
      await this.#invalid.add(invalid);
      throw error;
    }
    if (retracted.length === 0) return;
    const { height, idHex: id } = this.#head;
    this.#options.logger.warn(
      { retracted: retracted.length, applied: applied.length, height, id },
      "reorganized to a better branch",
    );
  }

  /** Stages 5 and 6, for what the ledger has executed. */
  async #adopt(change: HeadChange, snapshot: AuthoritySnapshot, writes: Write[]): Promise<void> {
    const { database, meta } = this.#options.stores;
    const executed = await this.#ledger.pendingWrites();
    await this.#options.pause();
    await database.commit([
      ...writes,
      ...executed,
      ...meta.setHead(change.head.id, snapshot),
      ...this.#options.writesWith(change, this.#ledger.state),
    ]);
    this.#ledger.settle();
    this.tree.remember(change.head, snapshot);
    this.#branches.add(change.head);
    this.#head = change.head;
    this.#snapshot = snapshot;
    this.events.emit("head", change);
    this.events.emit("imported", change.head);
  }

  async #justify(certificate: Certificate): Promise<void> {
    const { database, finality } = this.#options.stores;
    const before = this.#finality;
    const status = applyLink(before, certificate.link);
    if (status.justified === before.justified && status.finalized === before.finalized) return;
    const writes = [finality.setStatus(status), finality.putCertificate(certificate)];
    if (status.finalized !== before.finalized) {
      await this.#checkFinalized(status.finalized);
      writes.push(finality.putFinalizedRound(status.finalized));
    }
    const { height, block: id } = status.finalized;
    if (height > before.finalized.height)
      writes.push(...(this.#options.writesWithFinal?.({ height, id }) ?? []));
    await database.commit(writes);
    this.#finality = status;
    await this.#branches.setRoot(point(status.justified));
    await this.#followJustified();
    if (status.finalized !== before.finalized) {
      const { height, round, id } = this.finalized;
      this.#options.logger.info({ height, id: toHex(id), round }, "block finalized");
    }
    this.events.emit("finality", status);
  }

  async #checkFinalized(checkpoint: Checkpoint): Promise<void> {
    const block = await this.tree.require(checkpoint.block);
    if (await isAncestor(this.tree, this.finalized, block)) return;
    throw new CodedError(
      "CONFLICTING_FINALITY",
      `blocks ${toHex(this.finalized.id)} and ${block.idHex} are both final: more than a third of the authorities have signed conflicting votes. Compare the chains of their operators before going on`,
    );
  }

  /** The head descends from the highest justified block. */
  async #followJustified(): Promise<void> {
    while (!(await this.#branches.holdsRoot(this.#head))) {
      const best = await this.#branches.best();
      try {
        await this.#reorganize(await this.reader.canonicalBlock(best), [], untimed);
      } catch (error) {
        // An invalid end of the branch is gone now; the justified block itself was executed by a quorum.
        if (!(error instanceof BlockError) || equalBytes(best.id, this.justified.id)) throw error;
      }
    }
  }

  async #produce(proposal: Proposal): Promise<CanonicalBlock | undefined> {
    if (toHex(proposal.parentId) !== this.#head.idHex) return undefined;
    const ended = this.#options.startTimer?.("produce") ?? untimed;
    try {
      const built = await buildBlock(
        this.#head,
        this.#snapshot,
        this.#ledger,
        this.genesis,
        proposal,
        this.#options.pause,
        ended,
      );
      if (!built) return undefined;
      const { checked, block, snapshot } = built;
      const writes = this.#blockWrites(checked, block, snapshot);
      await this.#adopt({ head: block, retracted: [], applied: [block] }, snapshot, writes);
      ended("commit");
      ended("total");
      return block;
    } catch (error) {
      this.#ledger.rollback();
      throw error;
    }
  }

  #blockWrites(block: CheckedBlock, head: Head, after: AuthoritySnapshot): Write[] {
    return blockWrites(this.#options.stores.blocks, block, head, after);
  }
}

function point({ round, height, block }: Checkpoint): FinalityPoint {
  return { round, height, id: block };
}
