import { applyLink, type FinalityStatus, recoveredFinality } from "../consensus/index.ts";
import type { Write } from "../storage/database.ts";
import type { BlockRef, Certificate, Checkpoint, FinalityVote, Recovery } from "../types/index.ts";
import { equalBytes, toHex } from "../util/bytes.ts";
import { CodedError } from "../util/errors.ts";
import type { BlockTree } from "./block-tree.ts";
import { isAncestor } from "./branches.ts";
import type { Participants } from "./participants.ts";
import type { ChainStores } from "./stores.ts";

/** A block in a voting round. */
export interface FinalityPoint extends BlockRef {
  round: number;
}

export interface CheckpointsOptions {
  stores: Pick<ChainStores, "database" | "finality">;
  tree: BlockTree;
  participants: Participants;
}

/** The settled checkpoints, on disk with the certificates that prove them. */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #status: FinalityStatus;
  /** The newest round whose justification is known to be on disk. */
  #storedRound = 0;

  constructor(options: CheckpointsOptions, status: FinalityStatus) {
    this.#options = options;
    this.#status = status;
  }

  get status(): FinalityStatus {
    return this.#status;
  }

  /** The block that every head descends from. */
  get justified(): FinalityPoint {
    return point(this.#status.justified);
  }

  /** The highest block that no reorganization takes away. */
  get finalized(): FinalityPoint {
    return point(this.#status.finalized);
  }

  /**
   * True if a certificate of this link would prove the justification of the final block, and none is on disk: the votes
   * that finalized the block can arrive first. Until then the block has no proof that others can check.
   */
  async lacks({ target }: FinalityVote): Promise<boolean> {
    const { finalized } = this.#status;
    if (target.round !== finalized.round || !equalBytes(target.block, finalized.block)) return false;
    if (this.#storedRound === target.round) return false;
    if ((await this.#options.stores.finality.certificate(target.round)) === undefined) return true;
    this.#storedRound = target.round;
    return false;
  }

  /**
   * Accepts a checked certificate whose blocks are known. Returns false if it says nothing new.
   * @throws {CodedError} `CONFLICTING_FINALITY`: more than a third of the authorities have equivocated.
   */
  async add(certificate: Certificate): Promise<boolean> {
    const { database, finality } = this.#options.stores;
    const before = this.#status;
    const status = applyLink(before, certificate.link);
    if (status.justified === before.justified && status.finalized === before.finalized) {
      if (await this.lacks(certificate.link)) await database.commit([finality.putCertificate(certificate)]);
      return false;
    }
    // The head follows the justified block, so that one must not leave the branch of the final block either.
    await this.#requireDescent(status.finalized, before.finalized);
    await this.#requireDescent(status.justified, status.finalized);
    const writes = [finality.putCertificate(certificate)];
    if (status.finalized !== before.finalized) writes.push(finality.putFinalizedRound(status.finalized));
    await this.#set(status, writes);
    return true;
  }

  /**
   * People have agreed that the recovery's block, which is here, is final. @throws {CodedError} `CONFLICTING_FINALITY`
   */
  async recover(recovery: Recovery): Promise<void> {
    const status = recoveredFinality(recovery);
    await this.#requireDescent(status.finalized, this.#status.finalized);
    const { finality } = this.#options.stores;
    await this.#set(status, await finality.forgetProofsAcross(status.finalized.height));
  }

  async #set(status: FinalityStatus, writes: Write[]): Promise<void> {
    const { stores, participants } = this.#options;
    const { height, block: id } = status.finalized;
    const isHigher = height > this.#status.finalized.height;
    const prepared = isHigher ? participants.prepareFinal({ height, id }) : undefined;
    await stores.database.commit([stores.finality.setStatus(status), ...writes, ...(prepared?.writes ?? [])]);
    this.#status = status;
    prepared?.applied();
  }

  async #requireDescent(checkpoint: Checkpoint, finalized: Checkpoint): Promise<void> {
    const { tree } = this.#options;
    const block = await tree.require(checkpoint.block);
    if (await isAncestor(tree, point(finalized), block)) return;
    throw new FinalityConflictError(point(finalized), block);
  }
}

function point({ round, height, block }: Checkpoint): FinalityPoint {
  return { round, height, id: block };
}

/** A quorum has signed for a block that cannot be final together with this node's. */
export class FinalityConflictError extends CodedError<"CONFLICTING_FINALITY"> {
  readonly own: BlockRef;
  readonly other: BlockRef;

  constructor(own: BlockRef, other: BlockRef) {
    super(
      "CONFLICTING_FINALITY",
      `blocks ${toHex(own.id)} and ${toHex(other.id)} are both final, or the second is justified and does not descend from the first: more than a third of the authorities have signed conflicting votes. Compare the chains with their operators before going on`,
    );
    this.own = { height: own.height, id: own.id };
    this.other = { height: other.height, id: other.id };
  }
}
