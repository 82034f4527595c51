import { RateLimiter } from "../../protocols/index.ts";
import {
  type BlockChecks,
  checkHeaderForm,
  checkHeaderSignatures,
  checkTransactionCount,
} from "../chain/block-check.ts";
import type { Chain } from "../chain/chain.ts";
import { authorityIndex } from "../consensus/index.ts";
import type { Network, PeerId, Verdict } from "../network/types.ts";
import { BlockError } from "../types/errors.ts";
import { type EncodedCompactBlock, type Header, type SignedHeader, shortIdCount } from "../types/index.ts";
import { inBackground } from "../util/background.ts";
import { toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import type { EvidenceInbox } from "./evidence-inbox.ts";
import type { PeerStatuses } from "./peer-statuses.ts";
import { Places } from "./places.ts";
import { SlotLimit } from "./slot-limit.ts";
import { blockVerdicts } from "./verdicts.ts";

/** Headers that are being judged at once: an honest peer forwards a few blocks at a time. */
export const maxJudged = { each: 16, inAll: 256, always: 4 };
/**
 * Surplus headers of one authority whose signatures are checked. Their relays are not blamed, because they may not know
 * that these are surplus.
 */
export const surplusQuota = { requests: 64, perMs: 16_000 };

export interface HeaderJudgeOptions {
  chain: Pick<Chain, "genesis" | "finalized" | "snapshot" | "unknownRules" | "tree" | "checkHeaders">;
  checks: BlockChecks;
  clock: Clock;
  /** A peer whose block is too far from the known ones is asked for its height. */
  statuses: Pick<PeerStatuses, "ask">;
  network: Pick<Network, "hostOf">;
  /** Sees each header of an authority with a valid signature, whatever else is wrong with it. */
  evidence: Pick<EvidenceInbox, "seenHeader">;
  /** True if received blocks build on this one. */
  isNeeded(id: Uint8Array): boolean;
}

/** Judges gossiped headers, the cheap checks first. */
export class HeaderJudge {
  readonly #options: HeaderJudgeOptions;
  readonly #places = new Places(maxJudged);
  readonly #slots: SlotLimit;
  readonly #surplus: RateLimiter;

  constructor(options: HeaderJudgeOptions) {
    this.#options = options;
    this.#slots = new SlotLimit(options.chain.genesis.config.slotMs);
    this.#surplus = new RateLimiter(options.clock);
  }

  /** A verdict, or an error that says that it is too early for one. */
  async judge(compact: EncodedCompactBlock, id: Uint8Array, from: PeerId): Promise<Verdict | BlockError> {
    try {
      const host = this.#options.network.hostOf(from);
      return (await this.#places.run({ id: from, host }, () => this.#judge(compact, id, from))) ?? "ignore";
    } catch (error) {
      if (error instanceof BlockError) return blockVerdicts[error.code];
      throw error;
    }
  }

  /** Checks the rules that the parent is enough to check. @throws {BlockError} */
  async checkRules(header: SignedHeader, transactionCount: number): Promise<void> {
    const { chain } = this.#options;
    await chain.checkHeaders([header]);
    const { parameters } = await chain.tree.snapshotAfter(header.message.parent);
    checkTransactionCount(transactionCount, parameters);
  }

  /** @throws {BlockError} */
  async #judge(compact: EncodedCompactBlock, id: Uint8Array, from: PeerId): Promise<Verdict | BlockError> {
    const { checks, evidence, statuses, isNeeded } = this.#options;
    const { header } = compact;
    checkHeaderForm(header);
    // Only authorities' signatures are worth a check.
    const standing = await this.#standing(header.message);
    if (standing === "stranger") return "reject";
    if (standing === "stale") return "ignore";
    if (standing === "unknown") {
      inBackground(statuses.ask(from));
      return "ignore";
    }
    const account = toHex(header.message.proposer);
    const isSurplus = this.#slots.isSurplus(header.message, id) && !isNeeded(id);
    if (isSurplus && this.#surplus.delayMs(account, surplusQuota) > 0) return "ignore";
    await checkHeaderSignatures([{ header, id }], checks);
    evidence.seenHeader(header);
    const early = await this.#earlyFor(compact);
    if (!this.#slots.admits(header.message, id) && !isNeeded(id)) {
      this.#surplus.take(account, surplusQuota);
      return "pardon";
    }
    return early ?? "accept";
  }

  /** The reason for which the header cannot be judged now; undefined if it can. @throws {BlockError} */
  async #earlyFor(compact: EncodedCompactBlock): Promise<BlockError | undefined> {
    try {
      await this.checkRules(compact.header, shortIdCount(compact));
      return undefined;
    } catch (error) {
      if (!(error instanceof BlockError)) throw error;
      const isLeftBehind = error.code === "UNKNOWN_PARENT" && this.#options.chain.unknownRules !== undefined;
      if (isLeftBehind) throw new BlockError("UNKNOWN_RULES", "it may be built on the head");
      if (error.code === "UNKNOWN_PARENT" || error.code === "FUTURE_BLOCK") return error;
      throw error;
    }
  }

  /**
   * Tells whether the proposer may be an authority. A stranger is no authority after the parent, which every relay of
   * the header has.
   */
  async #standing({ parent, proposer }: Header): Promise<"authority" | "stranger" | "stale" | "unknown"> {
    const { chain } = this.#options;
    if (authorityIndex(chain.snapshot.authorities, proposer) >= 0) return "authority";
    const known = await chain.tree.get(parent);
    if (!known) return "unknown";
    if (known.height < chain.finalized.height) return "stale";
    const after = await chain.tree.findSnapshotAfter(parent);
    if (!after) return "unknown";
    return authorityIndex(after.authorities, proposer) >= 0 ? "authority" : "stranger";
  }
}
