import type { FinalityConflictError } from "../chain/checkpoints.ts";
import type { Finalizer } from "../chain/finalizer.ts";
import { type Hex, toHex } from "../util/bytes.ts";

/** Each conflict takes a third of the authorities to make. */
const maxKept = 8;

/**
 * Another block than this node's is final, or justified in conflict with this node's final block: a quorum has signed,
 * and the signatures were checked.
 */
export interface FinalityConflict {
  height: number;
  own: Hex;
  /** The height of the other block. */
  otherHeight: number;
  other: Hex;
}

/**
 * Keeps the blocks that certificates have shown to be final elsewhere. No branch leads from one final block to a
 * conflicting one, so the two chains never merge, and a person has to be told. A peer's claim shows nothing.
 */
export class ConflictingFinality {
  readonly stop: () => void;
  #conflicts: FinalityConflict[] = [];

  constructor({ events }: Pick<Finalizer, "events">) {
    this.stop = events.on("conflict", (error) => this.#add(error));
  }

  /** The first conflicts since the start. */
  list(): FinalityConflict[] {
    return this.#conflicts;
  }

  #add({ own, other }: FinalityConflictError): void {
    if (this.#conflicts.length >= maxKept) return;
    const conflict = {
      height: own.height,
      own: toHex(own.id),
      otherHeight: other.height,
      other: toHex(other.id),
    };
    this.#conflicts = [...this.#conflicts, conflict];
  }
}
