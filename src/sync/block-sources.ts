import { blocksById, RateLimiter, RequestError } from "../../protocols/index.ts";
import { type BlockChecks, checkBlock, checkRecords } from "../chain/block-check.ts";
import type { Chain } from "../chain/chain.ts";
import type { Finalizer } from "../chain/finalizer.ts";
import { signerLimit } from "../consensus/index.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { Network, PeerId } from "../network/types.ts";
import { BlockError } from "../types/errors.ts";
import { Header, rootOf, type SignedHeader, shortIdCount, transactionCount } from "../types/index.ts";
import { equalBytes, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import type { BlockSource } from "./block-load.ts";
import { completeBlock } from "./complete-block.ts";
import { checkFetchedHeader, type FetchedHeaderOptions } from "./fetched-header.ts";

export interface BlockSourcesOptions {
  network: Network;
  chain: Pick<Chain, "noteInvalid" | "checkHeaders" | "snapshot" | "tree">;
  checks: BlockChecks;
  mempool: Mempool;
  clock: Clock;
  signal: AbortSignal;
  /** A block is too far from the known ones: its peer should be asked for its height. */
  askHeight(peer: PeerId): void;
  evidence: FetchedHeaderOptions["evidence"];
  finalizer: Pick<Finalizer, "isVotedFor">;
}

/** Full blocks of an authority that are decoded at once, beyond those that it may make. */
export const blocksAtOnce = 4;
/** An honest block costs once and a half as much as its transactions if none of them is here. */
const timesItsTurns = 2;
/** Short ids that are looked up for the price of one transaction that is decoded. */
const lookedUpForOne = 2;

/** A header whose signature was checked, and the encoded short ids that came with it, for which nobody vouches. */
export interface AnnouncedBlock {
  id: Uint8Array;
  header: SignedHeader;
  shortIds: Uint8Array;
}

/** The ways to obtain a block's transactions. */
export class BlockSources {
  readonly #options: BlockSourcesOptions;
  /** Transactions that were decoded for the blocks of each authority. */
  readonly #decoded: RateLimiter;

  constructor(options: BlockSourcesOptions) {
    this.#options = options;
    this.#decoded = new RateLimiter(options.clock);
  }

  /**
   * True if this many transactions of a block may be decoded. An authority can sign any number of blocks, each as large
   * as the chain allows and with transactions that nobody has seen. It may do so at twice the rate at which it may make
   * blocks. Sync downloads a block that was refused once others build upon it.
   */
  mayDecode(id: Uint8Array, { message }: SignedHeader, count: number): boolean {
    const { chain, finalizer } = this.#options;
    const { parameters, authorities } = chain.snapshot;
    const { maxBlockTransactions, periodMs } = parameters;
    const everyMs = (periodMs * signerLimit(authorities.length)) / timesItsTurns;
    const quota = { requests: blocksAtOnce * maxBlockTransactions, perMs: blocksAtOnce * everyMs };
    return this.#decoded.take(toHex(message.proposer), quota, count) || finalizer.isVotedFor(id);
  }

  /**
   * The block itself, with all signatures. Nobody stores a block that fails its checks, so the answerer is at fault if
   * it does.
   */
  whole(id: Uint8Array, from: PeerId): BlockSource {
    const { network, checks, signal, askHeight } = this.#options;
    return {
      from,
      fetch: async (load) => {
        for await (const block of network.request(from, blocksById, { ids: [id] }, { signal })) {
          if (!equalBytes(rootOf(Header, block.header.message), id))
            throw new BlockError("MALFORMED", "not the block that was asked for");
          if (!(await checkFetchedHeader(block, id, this.#options))) askHeight(from);
          else if (this.mayDecode(id, block.header, transactionCount(block.body)))
            return load.check(() => checkBlock(block, checks, { id, signedHeader: true }).catch(asLie));
        }
        return undefined;
      },
    };
  }

  /**
   * The transactions of an announced block, by its short ids; the block itself if these lead to others than the
   * header's.
   */
  compact({ id, header, shortIds }: AnnouncedBlock, from: PeerId): BlockSource {
    const { chain, checks } = this.#options;
    return {
      from,
      fetch: async (load) => {
        try {
          const listed = shortIdCount({ shortIds });
          // On a branch with a higher limit, sync finds the block by its headers.
          if (listed > chain.snapshot.parameters.maxBlockTransactions) return undefined;
          if (listed > 0 && !this.mayDecode(id, header, listed / lookedUpForOne)) return undefined;
          const mayRequest = (count: number) => this.mayDecode(id, header, count);
          const announced = { id, shortIds, from, mayRequest };
          const records = await completeBlock(announced, this.#options);
          if (!records) return undefined;
          return await load.check(() => checkRecords(header, records, checks, { id, signedHeader: true }));
        } catch (error) {
          if (isAuthorsFault(error)) {
            chain.noteInvalid(id);
            return undefined;
          }
          if (!isOfShortIds(error)) throw error;
          return this.whole(id, from).fetch(load);
        }
      },
    };
  }
}

/** @throws {BlockError} `MALFORMED` */
function asLie(error: unknown): never {
  if (!(error instanceof BlockError)) throw error;
  throw new BlockError("MALFORMED", `a block that nobody stores: ${error.code}`, { cause: error });
}

/** The transactions are those that the signed header names. A relay of the header has not seen them. */
function isAuthorsFault(error: unknown): boolean {
  return error instanceof BlockError && error.code === "INVALID_TRANSACTION_SIGNATURE";
}

/**
 * Wrong short ids show in two ways: the transactions are not those of the header (two can also share a short id by
 * chance), or the peer, which did not make them, has no transaction at such a position.
 */
function isOfShortIds(error: unknown): boolean {
  if (error instanceof RequestError)
    return error.code === "resourceUnavailable" || error.code === "invalidRequest";
  return error instanceof BlockError && error.code === "WRONG_TRANSACTIONS_ROOT";
}
