import type { BlockChecks } from "../chain/block-check.ts";
import type { Chain } from "../chain/chain.ts";
import type { Network, PeerId } from "../network/types.ts";
import { BlockError } from "../types/errors.ts";
import { inBackground } from "../util/background.ts";
import { toHex } from "../util/bytes.ts";
import { type Clock, limited, sleep } from "../util/clock.ts";
import { CodedError, messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { BlockInbox } from "./block-inbox.ts";
import { Candidates } from "./candidates.ts";
import type { SyncProgress } from "./download-progress.ts";
import { gossipGap, type Lead } from "./lead.ts";
import { LeadDownload } from "./lead-download.ts";
import { Leads } from "./leads.ts";
import type { PeerStatus, PeerStatuses } from "./peer-statuses.ts";
import { scout } from "./scout.ts";
import { Standing } from "./standing.ts";
import { blockVerdicts } from "./verdicts.ts";

/** The time for the newest block, which the peer sends by itself; this covers the case that gossip lost it. */
const fetchMs = 2_000;
/** The interval at which peers are asked for their status while a better chain was shown that nobody delivers. */
const askEveryMs = 500;
/** A chain that nobody shows again counts as gone after this time. */
const shownForMs = 60_000;
/** The time that a starting node waits for the first peer's status. */
const settleMs = 3_000;

/** A heavier chain that a majority of the authorities must have signed, by headers that were checked. */
export interface ShownChain {
  /** The peer that showed it. */
  peer: PeerId;
  height: number;
}

export interface SynchronizerOptions {
  network: Network;
  chain: Chain;
  checks: BlockChecks;
  statuses: PeerStatuses;
  inbox: BlockInbox;
  clock: Clock;
  logger: Logger;
  /** Bodies of a heavier chain, which a majority of the authorities must have signed, are arriving. */
  onBehind(): void;
  /** No peer shows a better chain, or its peer delivers no blocks of it. */
  onInStep(): void;
}

/**
 * Follows the best chain that any peer has. A peer's status is a claim that tells which peer to ask. Several peers are
 * asked at once for the last common ancestor and the headers after it. Only what has passed these checks, a `Lead`, is
 * downloaded.
 */
export class Synchronizer {
  readonly #options: SynchronizerOptions;
  readonly #stop = new AbortController();
  readonly #candidates: Candidates;
  readonly #standing: Standing;
  readonly #download: LeadDownload;
  /** The requests to peers that are under way. */
  readonly #jobs = new Set<Promise<void>>();
  readonly #leads: Leads;
  /** The download of a lead that no majority has signed. */
  #minor: { peer: PeerId; stop: AbortController; ended: Promise<void> } | undefined;
  #shown: (ShownChain & { totalDifficulty: number; untilMs: number }) | undefined;
  #isAskingAll = false;
  #wake: () => void = () => undefined;
  #running: Promise<void> | undefined;
  #stops: (() => void)[] = [];

  constructor(options: SynchronizerOptions) {
    this.#options = options;
    this.#candidates = new Candidates(options);
    this.#standing = new Standing(options);
    this.#leads = new Leads(options.chain, (peer) => this.#candidates.free(peer));
    this.#download = new LeadDownload({
      ...options,
      candidates: this.#candidates,
      standing: this.#standing,
    });
  }

  /** The progress of the download that this node is behind by. */
  get progress(): SyncProgress | undefined {
    return this.#standing.isInStep ? undefined : this.#download.progress;
  }

  /** The heaviest chain that was shown recently and whose blocks are not here. */
  get shown(): ShownChain | undefined {
    const { chain, clock } = this.#options;
    const shown = this.#shown;
    if (!shown || shown.totalDifficulty <= chain.head.totalDifficulty || shown.untilMs < clock.now())
      return undefined;
    return { peer: shown.peer, height: shown.height };
  }

  /** `alone`: no peer is expected, so there is nothing to wait for. */
  start(alone: boolean): void {
    const { statuses, clock } = this.#options;
    const begin = () => {
      this.#running ??= this.#run();
      this.#wake();
    };
    this.#stops = [statuses.events.on("status", begin), clock.after(alone ? 0 : settleMs, begin)];
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#stop.abort();
    this.#wake();
    this.#standing.stop();
    await this.#running;
    await Promise.all(this.#jobs);
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    this.#standing.start();
    while (!this.#stop.signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      try {
        await this.#ask();
        if (await this.#followNext()) continue;
        if (this.#candidates.tried === 0 && !this.#minor && this.#leads.isEmpty) this.#settle();
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        // The next status of a peer starts it again.
        this.#options.logger.error(
          { error: messageOf(error) },
          "sync has stopped; it starts again when a peer tells its height",
        );
      }
      await woken;
    }
  }

  /** Nobody claims anything better. If a better chain was shown, another peer that has it may still connect. */
  #settle(): void {
    const { clock, network, statuses } = this.#options;
    const isMissing = this.shown !== undefined && network.peers().length > 0;
    if (!isMissing) this.#standing.settled();
    if (this.#standing.isInStep || this.#isAskingAll) return;
    this.#isAskingAll = true;
    for (const { id } of network.peers()) inBackground(statuses.ask(id));
    inBackground(
      sleep(clock, askEveryMs, this.#stop.signal).then(() => {
        this.#isAskingAll = false;
        this.#wake();
      }),
    );
  }

  /** Gives the free places to peers that claim to have blocks that are not here. */
  async #ask(): Promise<void> {
    const { chain, statuses } = this.#options;
    const ours = { justifiedRound: chain.justified.round, totalDifficulty: chain.head.totalDifficulty };
    const claims = statuses
      .all()
      .filter(({ peer, status }) => compareClaims(status, ours) >= 0 && !this.#isShowing(peer))
      .sort((a, b) => compareClaims(b.status, a.status));
    for (const peer of this.#candidates.untried(claims.map((claim) => claim.peer))) {
      const claim = statuses.get(peer);
      if (!claim || (await chain.tree.get(claim.status.headId))) continue;
      if (this.#stop.signal.aborted) return;
      if (this.#candidates.take(peer)) this.#start(claim);
    }
  }

  /** True if the headers that a peer claims are here. */
  #isShowing(peer: PeerId): boolean {
    return this.#minor?.peer === peer || this.#leads.has(peer);
  }

  #start(claim: PeerStatus): void {
    const job = this.#investigate(claim)
      .then((lead) => {
        if (!lead) this.#candidates.free(claim.peer);
        else if (!this.#leads.add(lead)) this.#doubt(claim.peer);
      })
      .finally(() => {
        this.#jobs.delete(job);
        this.#wake();
      });
    this.#jobs.add(job);
  }

  /** Turns a claim into a checked lead, or nothing. Never rejects. */
  async #investigate(claim: PeerStatus): Promise<Lead | undefined> {
    const { chain } = this.#options;
    const { peer, status } = claim;
    try {
      if (status.height - chain.head.height <= gossipGap && (await this.#fetch(claim))) return undefined;
      const lead = await scout(claim, { ...this.#options, signal: this.#stop.signal });
      if (lead && (await lead.showsBehind(chain))) this.#note(lead);
      // Otherwise the claim was false, or is no longer true.
      if (!lead && !(await chain.tree.get(status.headId))) this.#doubt(peer);
      return lead;
    } catch (error) {
      this.#onFailure(peer, error);
      return undefined;
    }
  }

  #note({ peer, top }: Lead): void {
    const { height, totalDifficulty } = top;
    const { chain, clock } = this.#options;
    const isMissing = this.#shown && this.#shown.totalDifficulty > chain.head.totalDifficulty;
    if (isMissing && this.#shown!.totalDifficulty > totalDifficulty) return;
    this.#shown = { peer, height, totalDifficulty, untilMs: clock.now() + shownForMs };
  }

  /** Fetches the head alone, and what it needs. Returns whether it is here. */
  async #fetch({ peer, status }: PeerStatus): Promise<boolean> {
    const { chain, inbox, clock } = this.#options;
    const { signal, cancel } = limited(clock, fetchMs, this.#stop.signal);
    const tooLong = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([inbox.fetch(status.headId, peer), tooLong]);
    cancel();
    return (await chain.tree.get(status.headId)) !== undefined;
  }

  /**
   * Downloads the blocks of the next lead. One that no majority has signed costs an authority a header, so nobody waits
   * for its blocks: it gives way to one of a majority. Resolves to false if there is nothing to download now.
   */
  async #followNext(): Promise<boolean> {
    if (this.#minor && !this.#leads.hasMajority) return false;
    this.#minor?.stop.abort();
    await this.#minor?.ended;
    const lead = await this.#leads.take();
    if (!lead) return false;
    const stop = new AbortController();
    const ended = this.#follow(lead, stop.signal);
    if (lead.isOfMajority) {
      await ended;
      return true;
    }
    const job = ended.finally(() => {
      this.#minor = undefined;
      this.#jobs.delete(job);
      this.#wake();
    });
    this.#minor = { peer: lead.peer, stop, ended: job };
    this.#jobs.add(job);
    return true;
  }

  /** Never rejects. `until`: the lead gives way, which is no failure of its peer. */
  async #follow(lead: Lead, until: AbortSignal): Promise<void> {
    const { chain, statuses } = this.#options;
    const { peer } = lead;
    try {
      await this.#download.run(lead, AbortSignal.any([until, this.#stop.signal]));
      const claim = statuses.get(peer);
      if (claim && !(await chain.tree.get(claim.status.headId))) statuses.forget(peer);
      this.#candidates.trust(peer);
    } catch (error) {
      if (!until.aborted) this.#onFailure(peer, error);
    } finally {
      this.#candidates.free(peer);
    }
  }

  /** The peer's claim has come to nothing. */
  #doubt(peer: PeerId): void {
    const { clock, statuses } = this.#options;
    const forMs = this.#candidates.doubt(peer);
    statuses.forget(peer);
    inBackground(
      sleep(clock, forMs, this.#stop.signal).then(() => {
        if (!this.#stop.signal.aborted) inBackground(statuses.ask(peer));
      }),
    );
  }

  #onFailure(peer: PeerId, error: unknown): void {
    if (this.#stop.signal.aborted) return;
    const { network, logger, chain } = this.#options;
    this.#doubt(peer);
    logger.debug({ peer, error: messageOf(error) }, "sync with the peer failed; trying other peers");
    if (error instanceof BlockError && error.code === "FUTURE_BLOCK") {
      logger.warn(
        { peer, error: error.message },
        "the peer's chain is ahead of this node's clock: compare the clocks",
      );
    } else if (error instanceof BlockError && blockVerdicts[error.code] === "reject") {
      network.penalize(peer, "invalidBlock", `${error.code}: ${error.message}`);
    } else if (error instanceof CodedError && error.code === "CONFLICTS_WITH_FINALIZED") {
      logger.debug({ peer, error: error.message, head: toHex(chain.head.id) }, "refused the peer's chain");
    }
  }
}

interface Weight {
  justifiedRound: number;
  totalDifficulty: number;
}

/**
 * By the fork choice a later justified round comes first, then the total difficulty; between equals the block itself
 * decides.
 */
function compareClaims(a: Weight, b: Weight): number {
  return a.justifiedRound - b.justifiedRound || a.totalDifficulty - b.totalDifficulty;
}
