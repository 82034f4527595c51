import { blocksById, type Network, type Offence, type PeerId, type Verdict } from "../../protocols/index.ts";
import type { Chain } from "../chain/chain.ts";
import { checkBlock, checkHeaderForm, checkHeaderSignatures, checkRecords } from "../chain/check.ts";
import { OrphanPool } from "../chain/orphans.ts";
import type { CheckedBlock } from "../chain/types.ts";
import type { Mempool } from "../mempool/mempool.ts";
import { BlockError } from "../types/errors.ts";
import { CompactBlock, Header, rootOf, type SignedHeader } from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { BlockLoad, type BlockSource } from "./block-load.ts";
import { completeBlock } from "./complete-block.ts";
import { EarlyBlocks } from "./early-blocks.ts";
import { SlotLimit } from "./slot-limit.ts";
import { blockVerdicts } from "./verdicts.ts";

/** A longer way to a known block is a matter for sync. */
const maxParentChase = 16;
/** Blocks of one peer being completed at once: who sends more floods. */
const maxUnderWay = 32;
/** An authority that hears of a block later than this part of a period may miss its turn; much more is long for any answer. */
const patience = { partOfPeriod: 1 / 4, maxMs: 1_000 };

export interface BlockInboxOptions {
  network: Network;
  chain: Chain;
  mempool: Mempool;
  clock: Clock;
  logger: Logger;
  /** A block is too far from what we know: the peer that has it should be asked for its height. */
  onFarAhead(peer: PeerId): void;
  /** A header whose signature is right, whatever else is wrong with it. */
  onSigned?(header: SignedHeader): void;
}

/** Takes blocks that come one by one: completes them, imports them, keeps those that come too early and asks for their parents. */
export class BlockInbox {
  readonly #options: BlockInboxOptions;
  readonly #orphans = new OrphanPool();
  /** Blocks being completed or fetched, so that none is twice. */
  readonly #underWay = new Map<Hex, BlockLoad>();
  /** Those of them that votes alone have told of. */
  readonly #forVotes = new Set<Hex>();
  /** Parents of blocks that are all here and being checked. */
  readonly #checking: Hex[] = [];
  /** Settled in any case when the import has ended. */
  readonly #importing = new Map<Hex, Promise<unknown>>();
  readonly #early: EarlyBlocks;
  readonly #slots: SlotLimit;
  readonly #stop = new AbortController();
  readonly #stopFollowing: () => void;

  constructor(options: BlockInboxOptions) {
    this.#options = options;
    this.#early = new EarlyBlocks(options, (block, from) => void this.#import(block, from));
    this.#slots = new SlotLimit(options.chain.genesis.config.slotMs);
    // Blocks come by sync too.
    this.#stopFollowing = options.chain.events.on("imported", ({ idHex }) => this.#adoptChildren(idHex));
  }

  get orphans(): number {
    return this.#orphans.size;
  }

  /** Whether a block on this parent, whose transactions are all here, is being checked. */
  isChecking(parent: Uint8Array): boolean {
    return this.#checking.includes(toHex(parent));
  }

  stop(): void {
    this.#stop.abort();
    this.#stopFollowing();
    this.#early.stop();
  }

  /** The validator of the topic `blocks`: a header that keeps the rules travels on before its transactions are here. */
  async onGossip(message: Uint8Array, from: PeerId): Promise<Verdict> {
    let compact: CompactBlock;
    try {
      compact = CompactBlock.deserialize(message);
    } catch {
      return "reject";
    }
    const { chain } = this.#options;
    const { header } = compact;
    const id = rootOf(Header, header.message);
    this.#underWay.get(toHex(id))?.add(this.#whole(id, from));
    if (this.#isUnderWay(id) || (await chain.find(id))) return "ignore";
    const verdict = await this.#judgeHeader(header, id, compact.shortIds.length);
    if (verdict === "surplus") return "ignore";
    if (verdict !== "reject") void this.#load(id, this.#compact(compact, id, from));
    return verdict;
  }

  /** Fetches a block that is not here, and what it needs to be imported. Never rejects. */
  async fetch(id: Uint8Array, peer: PeerId): Promise<void> {
    // Votes for a block come from those that were faster while it is being executed here.
    await this.#importing.get(toHex(id));
    if (this.#stop.signal.aborted) return;
    if (await this.#options.chain.find(id)) return this.#adoptChildren(toHex(id));
    await this.#load(id, this.#whole(id, peer));
  }

  /** As `fetch`, for a block that a vote names: `charge` says whether it may be asked for, and the peer's places stay free. Never rejects. */
  async fetchVoted(id: Uint8Array, peer: PeerId, charge: () => boolean): Promise<void> {
    const idHex = toHex(id);
    await this.#importing.get(idHex);
    if (this.#isUnderWay(id) || (await this.#options.chain.find(id)) || !charge()) return;
    this.#forVotes.add(idHex);
    await this.fetch(id, peer);
    this.#forVotes.delete(idHex);
  }

  /** The block itself, signatures and all. */
  #whole(id: Uint8Array, from: PeerId): BlockSource {
    const { network, chain } = this.#options;
    const { signal } = this.#stop;
    return {
      from,
      fetch: async (load) => {
        for await (const block of network.request(from, blocksById, { ids: [id] }, { signal })) {
          if (!equalBytes(rootOf(Header, block.header.message), id))
            throw new BlockError("MALFORMED", "not the block that was asked for");
          return this.#check(load, block.header, () => checkBlock(block, chain.checks));
        }
        return undefined;
      },
    };
  }

  /** The transactions of a header that was judged. */
  #compact({ header, shortIds }: CompactBlock, id: Uint8Array, from: PeerId): BlockSource {
    const { chain } = this.#options;
    return {
      from,
      fetch: async (load) => {
        const sources = { ...this.#options, signal: this.#stop.signal };
        const records = await completeBlock({ id, shortIds, from }, sources);
        try {
          return await this.#check(load, header, () =>
            checkRecords(header, records, chain.checks, { signedHeader: true }),
          );
        } catch (error) {
          // Two transactions can share a short id, and nobody vouches for the short ids: then only the block itself tells.
          if (!(error instanceof BlockError)) throw error;
          return this.#whole(id, from).fetch(load);
        }
      },
    };
  }

  async #check(
    load: BlockLoad,
    { message }: SignedHeader,
    check: () => Promise<CheckedBlock>,
  ): Promise<CheckedBlock | undefined> {
    const parent = toHex(message.parent);
    this.#checking.push(parent);
    try {
      return await load.check(check);
    } finally {
      this.#checking.splice(this.#checking.indexOf(parent), 1);
    }
  }

  async #judgeHeader(
    header: SignedHeader,
    id: Uint8Array,
    transactions: number,
  ): Promise<Verdict | "surplus"> {
    const { chain, onSigned } = this.#options;
    try {
      checkHeaderForm(header);
      await checkHeaderSignatures([{ header, id }], chain.checks);
      onSigned?.(header);
      if (!this.#slots.admits(header.message, id)) return "surplus";
      await chain.checkHeaders([header]);
      const { parameters } = await chain.tree.snapshotAfter(header.message.parent);
      return transactions > parameters.maxBlockTransactions ? "reject" : "accept";
    } catch (error) {
      if (error instanceof BlockError) return blockVerdicts[error.code];
      throw error;
    }
  }

  #isUnderWay(id: Uint8Array): boolean {
    const idHex = toHex(id);
    return this.#underWay.has(idHex) || this.#orphans.has(idHex) || this.#early.has(idHex);
  }

  async #load(id: Uint8Array, source: BlockSource): Promise<void> {
    const { clock, chain } = this.#options;
    const idHex = toHex(id);
    this.#underWay.get(idHex)?.add(source);
    if (this.#stop.signal.aborted || this.#isUnderWay(id)) return;
    const ofPeer = [...this.#underWay].filter(
      ([id, { from }]) => from === source.from && !this.#forVotes.has(id),
    );
    if (ofPeer.length >= maxUnderWay && !this.#forVotes.has(idHex)) return;
    const load = new BlockLoad(source, {
      clock,
      patienceMs: Math.min(chain.snapshot.parameters.periodMs * patience.partOfPeriod, patience.maxMs),
      onFailure: (error, from) => this.#onFailure(error, idHex, from),
    });
    this.#underWay.set(idHex, load);
    const loaded = await load.ended;
    this.#underWay.delete(idHex);
    if (loaded) await this.#import(loaded.block, loaded.from);
  }

  #onFailure(error: unknown, id: Hex, from: PeerId): void {
    const { network, logger, onFarAhead } = this.#options;
    if (this.#stop.signal.aborted) return;
    logger.debug({ peer: from, id, error: messageOf(error) }, "block not received");
    if (error instanceof BlockError) network.penalize(from, offenceOf(error), error.message);
    onFarAhead(from);
  }

  async #import(block: CheckedBlock, from: PeerId): Promise<void> {
    const { chain, logger, network } = this.#options;
    if (this.#stop.signal.aborted) return;
    try {
      const importing = chain.importBlock(block);
      this.#importing.set(block.idHex, Promise.allSettled([importing]));
      const outcome = await importing;
      const { message } = block.header;
      logger.debug(
        { height: message.height, id: block.idHex, transactions: block.records.length, outcome },
        "block imported",
      );
    } catch (error) {
      if (!(error instanceof BlockError)) {
        return logger.error({ id: block.idHex, error: messageOf(error) }, "block could not be imported");
      }
      if (error.code === "UNKNOWN_PARENT") return this.#keepOrphan(block, from);
      if (error.code === "FUTURE_BLOCK") return this.#early.add(block, from);
      logger.warn({ peer: from, id: block.idHex, code: error.code, error: error.message }, "block refused");
      this.#orphans.removeDescendants(block.idHex);
      if (blockVerdicts[error.code] === "reject") network.penalize(from, "invalidBlock", error.message);
    } finally {
      this.#importing.delete(block.idHex);
    }
  }

  #adoptChildren(parent: Hex): void {
    for (const { block, from } of this.#orphans.takeChildren(parent)) void this.#import(block, from);
  }

  async #keepOrphan(block: CheckedBlock, from: PeerId): Promise<void> {
    const { chain, onFarAhead } = this.#options;
    this.#orphans.add(block, from);
    const gap = block.header.message.height - chain.head.height;
    if (gap > maxParentChase || this.#orphans.size > maxParentChase) return onFarAhead(from);
    await this.fetch(this.#orphans.missingAncestor(block.id), from);
  }
}

/** A relay has seen the header only; who answers a request has seen it all. */
function offenceOf({ code }: BlockError): Offence {
  return code === "MALFORMED" ? "invalidResponse" : "invalidBlock";
}
