import type { FinalityConflictError } from "../chain/checkpoints.ts";
import type { Finalizer } from "../chain/finalizer.ts";
import { type Hex, toHex } from "../util/bytes.ts";

/** Each takes a third of the authorities to make. */
const maxKept = 8;

/** Another block than here is final, or justified beside what is final here: a quorum has signed, and the signatures were checked. */
export interface FinalityConflict {
  height: number;
  own: Hex;
  /** Height of the other block. */
  otherHeight: number;
  other: Hex;
}

/**
 * Keeps what certificates have shown to be final elsewhere. No branch leads from one finalized block to another, so two that differ stay
 * apart for ever, and somebody has to be told. The word of a peer shows nothing.
 */
export class ConflictingFinality {
  readonly stop: () => void;
  #conflicts: FinalityConflict[] = [];

  constructor({ events }: Pick<Finalizer, "events">) {
    this.stop = events.on("conflict", (error) => this.#add(error));
  }

  /** The first ones since the start. */
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
