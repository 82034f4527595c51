import type { Genesis } from "../../src/chain/genesis.ts";
import { FinalityVote, type Header, type SignedFinalityVote, slotOf } from "../../src/types/index.ts";
import { type Hex, toHex } from "../../src/util/bytes.ts";

interface SeenVote {
  source: number;
  target: number;
  root: Hex;
  /** True if another node has the signature. */
  heard: boolean;
}

/** Records all signatures of honest accounts, none of which may contradict another (docs/slashing-protection.md). */
export class SignatureWatch {
  readonly #slotMs: number;
  readonly #report: (rule: string, detail: string) => void;
  readonly #headers = new Map<Hex, Map<number, Hex>>();
  readonly #votes = new Map<Hex, SeenVote[]>();

  constructor(
    genesis: Genesis,
    honest: readonly Uint8Array[],
    report: (rule: string, detail: string) => void,
  ) {
    this.#slotMs = genesis.config.slotMs;
    this.#report = report;
    for (const key of honest) {
      this.#headers.set(toHex(key), new Map());
      this.#votes.set(toHex(key), []);
    }
  }

  onHeader(header: Header, id: Hex): void {
    const slots = this.#headers.get(toHex(header.proposer));
    if (!slots) return;
    const slot = slotOf(header.timestamp, this.#slotMs);
    const known = slots.get(slot);
    if (known && known !== id)
      this.#report(
        "slashable header",
        `${toHex(header.proposer).slice(0, 8)} signed two in slot ${slot}, height ${header.height}`,
      );
    slots.set(slot, id);
  }

  /** Records a vote; `heard` is true if it has reached another node. */
  onVote({ message, voter }: SignedFinalityVote, heard: boolean): void {
    const votes = this.#votes.get(toHex(voter));
    if (!votes) return;
    const vote = {
      source: message.source.round,
      target: message.target.round,
      root: toHex(FinalityVote.hashTreeRoot(message)),
      heard,
    };
    for (const other of votes) {
      if (other.root === vote.root) {
        other.heard ||= heard;
        return;
      }
      const surrounds =
        (other.source < vote.source && vote.target < other.target) ||
        (vote.source < other.source && other.target < vote.target);
      if (other.target !== vote.target && !surrounds) continue;
      const what = surrounds ? "surround" : "double";
      const links = `${other.source}>${other.target} and ${vote.source}>${vote.target}`;
      this.#report("slashable vote", `${toHex(voter).slice(0, 8)} signed a ${what} vote: ${links}`);
    }
    votes.push(vote);
  }

  /**
   * Forgets the signatures of an account with old data that no other node has: the account cannot know them. They count
   * if they arrive later.
   */
  onRestored(account: Uint8Array): void {
    const votes = this.#votes.get(toHex(account));
    if (votes)
      this.#votes.set(
        toHex(account),
        votes.filter(({ heard }) => heard),
      );
  }
}
