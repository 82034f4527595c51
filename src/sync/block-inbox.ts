import type { BlockChecks } from "../chain/block-check.ts";
import type { Chain } from "../chain/chain.ts";
import type { Finalizer } from "../chain/finalizer.ts";
import type { CheckedBlock } from "../chain/types.ts";
import { authorityIndex } from "../consensus/index.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { Network, PeerId, PeerOffence, Verdict } from "../network/types.ts";
import { BlockError } from "../types/errors.ts";
import {
  decodeCompactBlock,
  type EncodedCompactBlock,
  Header,
  rootOf,
  type SignedHeader,
  shortIdCount,
} from "../types/index.ts";
import { inBackground } from "../util/background.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { BlockEntries, type BlockEntry, type Payer } from "./block-entries.ts";
import { BlockLoad, type BlockSource, type LoadedBlock } from "./block-load.ts";
import { BlockSources } from "./block-sources.ts";
import { HeaderHold } from "./header-hold.ts";
import { HeaderJudge, type HeaderJudgeOptions } from "./header-judge.ts";
import { blockVerdicts } from "./verdicts.ts";

/** A longer path to a known block is left to sync. */
const maxParentChase = 16;
/** A block further ahead of the clock than this is not kept: one of the clocks is wrong. */
const maxAheadMs = 30_000;
/**
 * An authority that learns of a block later than this part of a period may miss its turn. More would be too long for
 * any answer.
 */
const patience = { partOfPeriod: 1 / 4, maxMs: 1_000 };

export interface BlockInboxOptions extends Pick<HeaderJudgeOptions, "statuses" | "evidence"> {
  network: Network;
  chain: Chain;
  checks: BlockChecks;
  mempool: Mempool;
  clock: Clock;
  logger: Logger;
  finalizer: Pick<Finalizer, "isVotedFor">;
}

/**
 * Accepts blocks that arrive one by one. A block that is being obtained is one entry, which is first `loading`. It is
 * then `importing`, unless it has to wait: as `early` until its time has come, or as `orphan` while its parent is
 * fetched.
 */
export class BlockInbox {
  readonly #options: BlockInboxOptions;
  readonly #entries: BlockEntries;
  readonly #sources: BlockSources;
  readonly #judge: HeaderJudge;
  readonly #hold: HeaderHold;
  readonly #stop = new AbortController();
  readonly #stopFollowing: () => void;

  constructor(options: BlockInboxOptions) {
    const { signal } = this.#stop;
    this.#options = options;
    this.#entries = new BlockEntries((peer) => options.network.hostOf(peer));
    this.#sources = new BlockSources({ ...options, signal, askHeight: (peer) => this.#askHeight(peer) });
    const isNeeded = (id: Uint8Array) => this.#entries.orphansOf(toHex(id)).length > 0;
    this.#judge = new HeaderJudge({ ...options, isNeeded });
    this.#hold = new HeaderHold({ ...options, signal });
    // Blocks also arrive by sync.
    this.#stopFollowing = options.chain.events.on("imported", ({ idHex }) => this.#adoptChildren(idHex));
  }

  get orphans(): number {
    return this.#entries.count("orphan");
  }

  /** The proposers of blocks on the head that are announced, and are being fetched or checked. */
  coming(): Hex[] {
    const { chain } = this.#options;
    return this.#entries
      .headersOn(chain.head.idHex)
      .filter((header) => chain.mayFollow(header))
      .map(({ message }) => toHex(message.proposer));
  }

  /** The time in ms since a block was announced that is being obtained or imported; 0 for any other. */
  ageMs(idHex: Hex): number {
    const entry = this.#entries.get(idHex);
    return entry ? this.#options.clock.now() - entry.announcedAtMs : 0;
  }

  /**
   * Charges the proposer; returns false if its quota does not allow decoding `count` transactions, unless authorities
   * vote for the block.
   */
  mayDecode(id: Uint8Array, header: SignedHeader, count: number): boolean {
    return this.#sources.mayDecode(id, header, count);
  }

  stop(): void {
    this.#stop.abort();
    this.#stopFollowing();
    this.#entries.clear();
  }

  /**
   * The validator of the topic `blocks`: a header that keeps the rules is forwarded before its transactions are here.
   */
  async onGossip(message: Uint8Array, from: PeerId): Promise<Verdict> {
    let compact: EncodedCompactBlock;
    try {
      compact = decodeCompactBlock(message);
    } catch {
      return "reject";
    }
    const { chain, evidence } = this.#options;
    const { header, shortIds } = compact;
    const id = rootOf(Header, header.message);
    const idHex = toHex(id);
    if (this.#knows(idHex, this.#sources.whole(id, from))) return "ignore";
    const stored = await chain.find(id, header.message.height);
    if (stored) {
      // An earlier process may have seen it; this one has to know the header to notice another of its slot.
      evidence.seenHeader(stored.header);
      return "ignore";
    }
    const judgement = await this.#judge.judge(compact, id, from);
    if (typeof judgement === "string" && judgement !== "accept") return judgement;
    // A copy of this header with other short ids may have arrived during the check.
    if (this.#knows(idHex, this.#sources.whole(id, from))) return "ignore";
    const payer: Payer = `authority ${toHex(header.message.proposer)}`;
    inBackground(this.#load(id, idHex, this.#sources.compact({ id, header, shortIds }, from), payer, header));
    if (typeof judgement === "string") return judgement;
    // Keeps only the number of short ids: they may take half a megabyte.
    const count = shortIdCount(compact);
    return this.#hold.verdict(header, judgement, () => this.#judge.checkRules(header, count));
  }

  /** Fetches a block that is not here, and what it needs to be imported. Never rejects. */
  async fetch(id: Uint8Array, peer: PeerId): Promise<void> {
    await this.#fetch(id, peer, `peer ${peer}`);
  }

  /**
   * Fetches a block that a vote names. Counts against the places for votes, not the peer's. `charge` returns false if
   * over quota. Never rejects.
   */
  async fetchVoted(id: Uint8Array, peer: PeerId, charge: () => boolean): Promise<void> {
    await this.#fetch(id, peer, "vote", charge);
  }

  async #fetch(id: Uint8Array, peer: PeerId, payer: Payer, charge = () => true): Promise<void> {
    const idHex = toHex(id);
    const source = this.#sources.whole(id, peer);
    // While a block is being executed here, votes for it arrive from faster nodes.
    const { state } = this.#entries.get(idHex) ?? {};
    if (state?.kind === "importing") await state.done;
    if (this.#stop.signal.aborted) return;
    const { chain } = this.#options;
    // A block on the head could not be checked; another branch is found by its headers.
    if (chain.isInvalid(idHex) || chain.unknownRules !== undefined) return;
    if (await chain.find(id)) return this.#adoptChildren(idHex);
    if (this.#knows(idHex, source) || !charge()) return;
    await this.#load(id, idHex, source, payer);
  }

  /** True if the block is being obtained already; the peer that announces it is then another source. */
  #knows(idHex: Hex, source: BlockSource): boolean {
    const entry = this.#entries.get(idHex);
    if (entry?.state.kind === "loading") entry.state.load.add(source);
    return entry !== undefined;
  }

  async #load(
    id: Uint8Array,
    idHex: Hex,
    source: BlockSource,
    payer: Payer,
    header?: SignedHeader,
  ): Promise<void> {
    const { clock, chain, network } = this.#options;
    if (this.#stop.signal.aborted || !this.#entries.mayLoad(payer)) return;
    const load = new BlockLoad(source, {
      clock,
      patienceMs: Math.min(chain.snapshot.parameters.periodMs * patience.partOfPeriod, patience.maxMs),
      hostOf: (peer) => network.hostOf(peer),
      onFailure: (error, from) => this.#onFailure(error, idHex, from),
    });
    const announcedAtMs = clock.now();
    const entry: BlockEntry = { id, idHex, announcedAtMs, payer, header, state: { kind: "loading", load } };
    this.#entries.add(entry);
    const loaded = await load.ended;
    if (loaded) await this.#import(entry, loaded);
    else this.#entries.remove(entry);
  }

  #onFailure(error: unknown, id: Hex, from: PeerId): void {
    const { network, logger } = this.#options;
    if (this.#stop.signal.aborted) return;
    logger.debug({ peer: from, id, error: messageOf(error) }, "could not get the block");
    if (error instanceof BlockError && blockVerdicts[error.code] === "reject")
      network.penalize(from, offenceOf(error), error.message);
    this.#askHeight(from);
  }

  async #import(entry: BlockEntry, loaded: LoadedBlock): Promise<void> {
    const { chain, logger, finalizer } = this.#options;
    const { block } = loaded;
    if (this.#stop.signal.aborted) return;
    const needed = this.#entries.orphansOf(entry.idHex).length > 0;
    const importing = chain.importBlock(block, { needed, votedFor: finalizer.isVotedFor(entry.id) });
    entry.state = { kind: "importing", loaded, done: Promise.allSettled([importing]) };
    try {
      const outcome = await importing;
      this.#entries.remove(entry);
      const { height } = block.header.message;
      logger.debug(
        { height, id: block.idHex, transactions: block.records.length, outcome },
        "block imported",
      );
    } catch (error) {
      await this.#onRefused(entry, loaded, error);
    }
  }

  async #onRefused(entry: BlockEntry, loaded: LoadedBlock, error: unknown): Promise<void> {
    const { logger, network } = this.#options;
    const { idHex: id } = entry;
    const { from } = loaded;
    entry.payer = this.#payerOf(entry, loaded.block);
    if (error instanceof BlockError && error.code === "UNKNOWN_PARENT")
      return this.#keepOrphan(entry, loaded);
    if (error instanceof BlockError && error.code === "FUTURE_BLOCK")
      return this.#keepEarly(entry, loaded, error.aheadMs);
    this.#entries.remove(entry);
    if (!(error instanceof BlockError)) {
      return logger.error({ id, error: messageOf(error) }, "block could not be imported");
    }
    logger.warn({ peer: from, id, code: error.code, error: error.message }, "block refused");
    if (error.code !== "TOO_MANY_SIDE_BLOCKS") this.#entries.removeDescendants(id);
    if (blockVerdicts[error.code] === "reject") network.penalize(from, "invalidBlock", error.message);
  }

  #adoptChildren(parent: Hex): void {
    for (const entry of this.#entries.orphansOf(parent))
      if (entry.state.kind === "orphan") inBackground(this.#import(entry, entry.state.loaded));
  }

  #keepEarly(entry: BlockEntry, loaded: LoadedBlock, aheadMs: number): void {
    const { clock, logger } = this.#options;
    if (this.#stop.signal.aborted) return;
    if (aheadMs > maxAheadMs) {
      this.#entries.remove(entry);
      logger.warn(
        { peer: loaded.from, id: entry.idHex, aheadMs },
        "a block is far ahead of this node's clock: compare the clocks",
      );
      return;
    }
    const cancel = clock.after(aheadMs, () => inBackground(this.#import(entry, loaded)));
    this.#entries.wait(entry, { kind: "early", loaded, cancel });
  }

  async #keepOrphan(entry: BlockEntry, loaded: LoadedBlock): Promise<void> {
    const { chain } = this.#options;
    const { block, from } = loaded;
    if (this.#stop.signal.aborted) return;
    if (!this.#entries.wait(entry, { kind: "orphan", loaded })) return;
    const gap = block.header.message.height - chain.head.height;
    if (gap > maxParentChase || this.orphans > maxParentChase) return this.#askHeight(from);
    await this.#fetch(this.#entries.missingBelow(entry), from, entry.payer);
  }

  /** The peer may be far ahead. */
  #askHeight(peer: PeerId): void {
    inBackground(this.#options.statuses.ask(peer));
  }

  /** An authority is charged for what it has signed, whoever delivered it. */
  #payerOf({ payer }: BlockEntry, { header }: CheckedBlock): Payer {
    const { proposer } = header.message;
    const isAuthority = authorityIndex(this.#options.chain.snapshot.authorities, proposer) >= 0;
    return isAuthority ? `authority ${toHex(proposer)}` : payer;
  }
}

/** A relay has seen the header only; a peer that answers a request has seen everything. */
function offenceOf({ code }: BlockError): PeerOffence {
  return code === "MALFORMED" ? "invalidResponse" : "invalidBlock";
}
