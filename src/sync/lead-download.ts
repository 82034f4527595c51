import type { BlockChecks } from "../chain/block-check.ts";
import type { Chain } from "../chain/chain.ts";
import type { WeightedHeader } from "../chain/types.ts";
import type { Network, PeerId } from "../network/types.ts";
import type { Clock } from "../util/clock.ts";
import { CodedError } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { BlockInbox } from "./block-inbox.ts";
import type { Candidates } from "./candidates.ts";
import { downloadBlocks } from "./download.ts";
import { DownloadProgress, type SyncProgress } from "./download-progress.ts";
import type { Lead } from "./lead.ts";
import type { PeerStatuses } from "./peer-statuses.ts";
import { nextLead, type ScoutOptions } from "./scout.ts";
import { patienceMs, type Standing } from "./standing.ts";

/** Peers from which bodies are downloaded at once. */
export const downloadPeers = 4;
/** A slow line may need this long for a large block. */
const maxPatienceMs = 32_000;

export interface LeadDownloadOptions {
  network: Network;
  chain: ScoutOptions["chain"] & Pick<Chain, "importBlocks" | "snapshot">;
  checks: BlockChecks;
  statuses: Pick<PeerStatuses, "all">;
  /** Charges the proposers of blocks that no honest authority needs to have signed or built upon. */
  inbox: Pick<BlockInbox, "mayDecode">;
  candidates: Candidates;
  standing: Standing;
  clock: Clock;
  logger: Logger;
}

/** Downloads and imports the blocks of a lead, and of the pages of headers that its peer has after it. */
export class LeadDownload {
  readonly #options: LeadDownloadOptions;
  #progress: DownloadProgress | undefined;
  /**
   * Consecutive downloads that were given up because no block arrived. Those of a majority are counted apart: anybody
   * with an authority's key can show other headers, and keep back or deliver their blocks.
   */
  readonly #stalls = { majority: 0, others: 0 };

  constructor(options: LeadDownloadOptions) {
    this.#options = options;
  }

  get progress(): SyncProgress | undefined {
    return this.#progress?.current;
  }

  /** Blocks that arrived before an error are imported. @throws {RequestError | BlockError | CodedError} */
  async run(first: Lead, signal: AbortSignal): Promise<void> {
    const { chain, clock, logger } = this.#options;
    const startedAtMs = clock.now();
    const target = this.#targetOf(first);
    const start = first.heads[0]!.height - 1;
    let blocks = 0;
    this.#progress = new DownloadProgress(this.#options, start, target);
    const log = { peer: first.peer, commonAncestor: start, height: chain.head.height, target };
    if (first.isOfMajority) logger.info(log, "downloading a better chain");
    const options = { ...this.#options, signal };
    try {
      for (let lead: Lead | undefined = first; lead; lead = await nextLead(lead, options)) {
        this.#progress.aimAt(this.#targetOf(lead));
        await this.#importBodies(lead, signal);
        blocks += lead.heads.length;
      }
    } finally {
      this.#progress = undefined;
    }
    const seconds = (clock.now() - startedAtMs) / 1000;
    if (first.isOfMajority) logger.info({ height: chain.head.height, blocks, seconds }, "downloaded");
  }

  /** The height that the peer claims, as far as the chain of these headers can have come by now. */
  #targetOf({ peer, top, next }: Lead): number {
    if (next === undefined) return top.height;
    const { chain, clock, statuses } = this.#options;
    const claimed = statuses.all().find((other) => other.peer === peer)?.status.height ?? 0;
    const sinceMs = Math.max(0, clock.now() - top.header.message.timestamp);
    const possible = top.height + Math.floor(sinceMs / chain.snapshot.parameters.periodMs);
    return Math.max(top.height, Math.min(claimed, possible));
  }

  async #importBodies(lead: Lead, signal: AbortSignal): Promise<void> {
    const { chain, checks, clock, network, logger, candidates, statuses, standing, inbox } = this.#options;
    const { peer, heads, isOfMinority } = lead;
    const having = statuses
      .all()
      .filter((other) => other.peer !== peer && other.status.height >= heads[0]!.height);
    const others = candidates.some(
      having.map((other) => other.peer),
      downloadPeers - 1,
    );
    const kind = lead.isOfMajority ? "majority" : "others";
    const patience = Math.min(patienceMs * 2 ** this.#stalls[kind], maxPatienceMs);
    const stalled = new AbortController();
    let cancel = () => {};
    const wait = () => {
      cancel = clock.after(patience, () => stalled.abort());
    };
    wait();
    const options = {
      ...{ network, checks, clock, logger },
      mayDecode: isOfMinority
        ? undefined
        : ({ id, header }: WeightedHeader, count: number) => inbox.mayDecode(id, header, count),
      signal: AbortSignal.any([stalled.signal, signal]),
      onDelivered: (from: PeerId) => candidates.prove(from),
      onSlow: (from: PeerId) => candidates.doubt(from),
    };
    try {
      for await (const next of downloadBlocks(heads, [peer, ...others], options)) {
        cancel();
        // Gossip may have brought the node to the head of the lead meanwhile.
        if (await lead.showsBehind(chain)) standing.delivered();
        await chain.importBlocks(next, lead);
        this.#progress?.update(next.at(-1)!.header.message.height);
        wait();
      }
      this.#stalls[kind] = 0;
    } catch (error) {
      if (!stalled.signal.aborted || signal.aborted) throw error;
      this.#stalls[kind] = Math.min(this.#stalls[kind] + 1, 4);
      throw new CodedError("STALLED", `no block of the announced chain came for ${patience} ms`);
    } finally {
      cancel();
    }
  }
}
