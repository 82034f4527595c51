import type { Chain } from "../chain/chain.ts";
import type { PeerId } from "../network/types.ts";
import type { Lead } from "./lead.ts";

/** Leads that no majority has signed and that wait at the same time. */
export const maxMinor = 8;

/**
 * The leads that wait to be downloaded, one of a peer at most. Peers keep their places until it is the turn of their
 * lead if a majority must have signed it. Others do not, since with an authority's key each costs a header.
 */
export class Leads {
  readonly #chain: Pick<Chain, "tree" | "finalized">;
  readonly #free: (peer: PeerId) => void;
  readonly #waiting: Lead[] = [];

  /** `free` gives back the place of a peer. */
  constructor(chain: Pick<Chain, "tree" | "finalized">, free: (peer: PeerId) => void) {
    this.#chain = chain;
    this.#free = free;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** True if a majority must have signed one of them. */
  get hasMajority(): boolean {
    return this.#waiting.some(({ isOfMajority }) => isOfMajority);
  }

  /** True if a lead of this peer waits. */
  has(peer: PeerId): boolean {
    return this.#waiting.some((lead) => lead.peer === peer);
  }

  /** Returns false if too many wait. */
  add(lead: Lead): boolean {
    if (!lead.isOfMajority) {
      this.#free(lead.peer);
      const minor = this.#waiting.filter(({ isOfMajority }) => !isOfMajority);
      if (minor.length >= maxMinor) return false;
    }
    this.#waiting.push(lead);
    return true;
  }

  /** The best one whose blocks are still missing: those of a majority come first, then the heaviest. */
  async take(): Promise<Lead | undefined> {
    const { tree, finalized } = this.#chain;
    const still: Lead[] = [];
    for (const lead of this.#waiting.splice(0)) {
      const [first] = lead.heads;
      const isHere = await tree.get(lead.top.id);
      const isOn = await tree.get(first!.header.message.parent);
      if (!isHere && isOn && first!.height > finalized.height) still.push(lead);
      else this.#free(lead.peer);
    }
    const [best, ...others] = still.sort(compareLeads);
    this.#waiting.push(...others);
    return best;
  }
}

function compareLeads(a: Lead, b: Lead): number {
  const byMajority = Number(b.isOfMajority) - Number(a.isOfMajority);
  return byMajority || b.top.totalDifficulty - a.top.totalDifficulty;
}
