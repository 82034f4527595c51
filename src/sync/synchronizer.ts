import { blockIds, maxHeadersPerPage, type Network, type PeerId } from "../../protocols/index.ts";
import type { Chain } from "../chain/chain.ts";
import type { Head } from "../chain/types.ts";
import { BlockError } from "../types/errors.ts";
import { toHex } from "../util/bytes.ts";
import { type Clock, sleep } from "../util/clock.ts";
import { CodedError, messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { BlockInbox } from "./block-inbox.ts";
import { findCommonAncestor } from "./common-ancestor.ts";
import { Doubts } from "./doubts.ts";
import { downloadBlocks } from "./download.ts";
import { DownloadProgress, type SyncProgress } from "./download-progress.ts";
import { fetchHeaders } from "./headers.ts";
import type { PeerStatus, PeerStatuses } from "./peer-statuses.ts";
import { requestOne } from "./request-one.ts";
import { blockVerdicts } from "./verdicts.ts";

/** A ready node this little behind fetches the blocks one by one and stays ready: their gossip may just be on its way. */
const gossipGap = 3;
/** Peers that bodies are downloaded from at once. */
const downloadPeers = 4;
/** After a failure, before the next try. */
const retryMs = 500;
/** How long a node whose download broke off looks for somebody to go on with before it goes on without. */
const resumeMs = 10_000;
/** How long a starting node waits for the first peer to say where it stands. */
const settleMs = 3_000;

export interface SynchronizerOptions {
  network: Network;
  chain: Chain;
  statuses: PeerStatuses;
  inbox: BlockInbox;
  clock: Clock;
  logger: Logger;
  /** A better chain is known, its headers are checked, and it is being downloaded. */
  onBehind(): void;
  /** No peer is known to have a better chain. */
  onInStep(): void;
}

/** Follows the best chain that any peer has: finds the last common ancestor, downloads headers, then bodies. */
export class Synchronizer {
  readonly #options: SynchronizerOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  readonly #doubts: Doubts;
  /** The heaviest chain that checked headers have shown, and until when to look for somebody who has it. */
  #shown = { totalDifficulty: 0, untilMs: 0 };
  #settled = false;
  #progress: DownloadProgress | undefined;
  #stops: (() => void)[] = [];

  constructor(options: SynchronizerOptions) {
    this.#options = options;
    this.#doubts = new Doubts(options.clock);
  }

  get progress(): SyncProgress | undefined {
    return this.#progress?.current;
  }

  /** `alone`: nobody is expected, so there is nothing to wait for. */
  start(alone: boolean): void {
    const { statuses, clock } = this.#options;
    const settle = () => {
      this.#settled = true;
      this.#evaluate();
    };
    this.#stops = [statuses.events.on("status", settle), clock.after(alone ? 0 : settleMs, settle)];
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#stop.abort();
    await this.#running;
  }

  #evaluate(): void {
    if (this.#running || !this.#settled || this.#stop.signal.aborted) return;
    this.#running = this.#followBest()
      .catch((error) =>
        this.#options.logger.error({ error: messageOf(error) }, "sync stopped until a peer tells its height"),
      )
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #followBest(): Promise<void> {
    const { chain, clock, logger, network, statuses, onInStep } = this.#options;
    while (!this.#stop.signal.aborted) {
      const best = await this.#best();
      if (!best && this.#mayResume()) {
        for (const { id } of network.peers()) void statuses.ask(id);
        await sleep(clock, retryMs, this.#stop.signal);
        continue;
      }
      if (!best) return onInStep();
      try {
        await this.#follow(best);
        if (await chain.tree.get(best.status.headId)) {
          this.#doubts.delete(best.peer);
        } else {
          // What it said was not so, or is not any more.
          this.#doubts.add(best.peer);
          statuses.forget(best.peer);
        }
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#doubts.add(best.peer);
        this.#onFailure(best.peer, error);
        logger.debug(
          { peer: best.peer, error: messageOf(error) },
          "sync failed; the next best peer is asked",
        );
        await sleep(clock, retryMs, this.#stop.signal);
      } finally {
        this.#progress = undefined;
      }
    }
  }

  /** Whether a better chain was shown a short while ago that is not here yet: an authority must not build on an old head. */
  #mayResume(): boolean {
    const { chain, clock, network } = this.#options;
    const { totalDifficulty, untilMs } = this.#shown;
    return (
      totalDifficulty > chain.head.totalDifficulty && clock.now() < untilMs && network.peers().length > 0
    );
  }

  /**
   * The believed peer with the best chain, if we do not have its head and it may be better than ours: by the fork choice, a later
   * justified round comes first, then the total difficulty; between equals the block itself decides. Those whose claims came to
   * nothing come after all others, however much they claim: they cannot keep us from the honest ones for ever.
   */
  async #best(): Promise<PeerStatus | undefined> {
    const { chain, statuses } = this.#options;
    const ours = { justifiedRound: chain.justified.round, totalDifficulty: chain.head.totalDifficulty };
    const believed = statuses.all().filter(({ peer }) => !this.#doubts.has(peer));
    const candidates = believed.filter(({ status }) => compareStatus(status, ours) >= 0);
    candidates.sort(
      (a, b) => this.#doubts.times(a.peer) - this.#doubts.times(b.peer) || compareStatus(b.status, a.status),
    );
    for (const candidate of candidates) {
      if (!(await chain.tree.get(candidate.status.headId))) return candidate;
    }
    return undefined;
  }

  async #follow(best: PeerStatus): Promise<void> {
    const { chain, inbox } = this.#options;
    const { status, peer } = best;
    if (status.height - chain.head.height <= gossipGap) {
      await inbox.fetch(status.headId, peer);
      if (await chain.tree.get(status.headId)) return;
    }
    await this.#download(best);
  }

  async #download({ peer, status }: PeerStatus): Promise<void> {
    const { chain, logger, network, onBehind } = this.#options;
    const idsOf = async (height: number, count: number) => {
      const page = await requestOne(
        network,
        peer,
        blockIds,
        { height, count },
        { signal: this.#stop.signal },
      );
      if (page.height !== height) throw new CodedError("PEER_CHANGED", "the peer's chain became shorter");
      return page.ids;
    };
    const ancestor = await findCommonAncestor({
      local: (height, count) => chain.reader.idsDown(height, count),
      remote: idsOf,
      top: Math.min(chain.head.height, status.height),
      floor: chain.finalized,
    });
    const startedAtMs = this.#options.clock.now();
    this.#progress = new DownloadProgress(this.#options, ancestor.height, status.height);
    logger.info(
      { peer, commonAncestor: ancestor.height, height: chain.head.height, target: status.height },
      "downloading a better chain",
    );
    let next = ancestor.height + 1;
    for (
      let heads = await this.#headers(peer, next);
      heads.length > 0;
      heads = await this.#headers(peer, next)
    ) {
      // A claim alone must not stop an authority from making blocks.
      const { totalDifficulty } = heads.at(-1)!;
      const heavier = totalDifficulty > chain.head.totalDifficulty;
      if (heavier) this.#shown = { totalDifficulty, untilMs: this.#options.clock.now() + resumeMs };
      if (heavier || status.justifiedRound > chain.justified.round) onBehind();
      await this.#importBodies(peer, heads);
      next += heads.length;
      if (next > status.height || heads.length < maxHeadersPerPage) break;
    }
    const seconds = (this.#options.clock.now() - startedAtMs) / 1000;
    logger.info({ height: chain.head.height, blocks: next - 1 - ancestor.height, seconds }, "downloaded");
  }

  #headers(peer: PeerId, start: number): Promise<Head[]> {
    const { network, chain, clock } = this.#options;
    return fetchHeaders({ network, chain, clock, peer, start, signal: this.#stop.signal });
  }

  async #importBodies(peer: PeerId, heads: readonly Head[]): Promise<void> {
    const { chain, clock, network, logger, statuses } = this.#options;
    const wanted: Head[] = [];
    for (const head of heads) if (!(await chain.tree.get(head.id))) wanted.push(head);
    if (wanted.length === 0) return;
    const others = statuses
      .all()
      .filter((other) => other.peer !== peer && other.status.height >= wanted[0]!.height);
    const peers = [peer, ...others.slice(0, downloadPeers - 1).map((other) => other.peer)];
    const options = { network, checks: chain.checks, clock, logger, signal: this.#stop.signal };
    for await (const next of downloadBlocks(wanted, peers, options)) {
      await chain.importBlocks(next);
      this.#progress?.update(next.at(-1)!.header.message.height);
    }
  }

  #onFailure(peer: PeerId, error: unknown): void {
    const { network, statuses, logger } = this.#options;
    statuses.forget(peer);
    if (error instanceof BlockError && error.code === "FUTURE_BLOCK") {
      logger.warn(
        { peer, error: error.message },
        "the peer's chain is ahead of this node's clock: compare the clocks",
      );
    } else if (error instanceof BlockError && blockVerdicts[error.code] === "reject") {
      network.penalize(peer, "invalidBlock", `${error.code}: ${error.message}`);
    } else if (error instanceof CodedError && error.code === "CONFLICTS_WITH_FINALIZED") {
      logger.error(
        { peer, error: error.message, head: toHex(this.#options.chain.head.id) },
        "refused the peer's chain",
      );
    }
  }
}

interface Standing {
  justifiedRound: number;
  totalDifficulty: number;
}

function compareStatus(a: Standing, b: Standing): number {
  return a.justifiedRound - b.justifiedRound || a.totalDifficulty - b.totalDifficulty;
}
