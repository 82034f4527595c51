import type { Offence } from "../consensus/index.ts";
import type { Address } from "../crypto/address.ts";
import type { Hex } from "../util/bytes.ts";

/** Evidence in memory, of all offenders; the disk keeps every piece. */
const maxListed = 16_384;
/**
 * Evidence kept of one offender and kind while there are few of these: the first pieces forever, and the newest of the
 * others.
 */
export const perGroup = { first: 8, least: 16, most: 256 };

export interface EvidenceSummary {
  id: Hex;
  offender: Address;
  offence: Offence;
  /** The slot of conflicting headers. */
  slot?: number;
  /** The target round of the later vote. */
  round?: number;
  /** The ids of the blocks, or the roots of the votes. */
  conflicting: [Hex, Hex];
  receivedAtMs: number;
}

export interface ListedEvidence {
  summary: EvidenceSummary;
  offender: Uint8Array;
  /** Its place among the evidence of the offender in the store. */
  place: Uint8Array;
}

/** The evidence that is shown and sent to others: no offender, and no kind of offence, crowds out another. */
export class EvidenceList {
  /** The pieces by offender and kind, oldest first. */
  readonly #groups = new Map<string, { listed: ListedEvidence; order: number }[]>();
  #added = 0;

  add(listed: ListedEvidence): void {
    const key = `${listed.summary.offender} ${listed.summary.offence}`;
    const group = this.#groups.get(key) ?? [];
    this.#groups.set(key, group);
    group.push({ listed, order: this.#added++ });
    const share = Math.floor(maxListed / this.#groups.size);
    const kept = Math.max(perGroup.least, Math.min(perGroup.most, share));
    // A group that has room for more gives a negative number, and loses nothing.
    group.splice(perGroup.first, group.length - kept);
  }

  /**
   * At most `limit` pieces, newest first: the newest of each offender and kind, then the second newest of each, and so
   * on.
   */
  newest(limit: number): ListedEvidence[] {
    const chosen: { listed: ListedEvidence; order: number }[] = [];
    const groups = [...this.#groups.values()];
    const deepest = Math.max(0, ...groups.map(({ length }) => length));
    for (let depth = 1; depth <= deepest && chosen.length < limit; depth++)
      chosen.push(...groups.flatMap((group) => group.at(-depth) ?? []));
    return chosen
      .slice(0, limit)
      .sort((a, b) => b.order - a.order)
      .map(({ listed }) => listed);
  }
}
