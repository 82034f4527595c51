import type { Chain } from "../chain/chain.ts";
import type { PeerId } from "../network/types.ts";
import type { Lead } from "./lead.ts";

/** The leads that wait to be downloaded. Their peers keep their places meanwhile. */
export class Leads {
  readonly #chain: Pick<Chain, "tree" | "finalized">;
  readonly #free: (peer: PeerId) => void;
  #waiting: Lead[] = [];

  /** `free` gives the place of a peer back whose lead is of no use any more. */
  constructor(chain: Pick<Chain, "tree" | "finalized">, free: (peer: PeerId) => void) {
    this.#chain = chain;
    this.#free = free;
  }

  /** True if a majority must have signed one of them. */
  get hasMajority(): boolean {
    return this.#waiting.some(({ isOfMajority }) => isOfMajority);
  }

  add(lead: Lead): void {
    this.#waiting.push(lead);
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
