import type { ServerResponse } from "node:http";
import type { BlockReader } from "../chain/block-reader.ts";
import type { IncludedTransaction } from "../chain/types.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import { clientAddress } from "./client-address.ts";
import { bytesPerToken, type ClientLimiter } from "./client-limiter.ts";
import type { DearReads } from "./dear-reads.ts";
import { overloaded, ProblemError } from "./problem.ts";

/** Bytes of the blocks that one request may read. At least one block is always read. */
const maxRequestBytes = 32 * 2 ** 20;
/** The least cost of a block in `maxRequestBytes`: a block of no size takes several look-ups. */
const leastBlockBytes = 16 * 1024;
/** Bytes that a request reads at once: they take no longer than other requests do. */
const cheapBytes = 64 * 1024;
/** Ids that are looked up in the index in one turn, which takes some ms. */
const idsPerTurn = 128;
/** Ids that are looked up for the price of one request. */
const idsPerToken = 16;

export interface Lookup {
  found: ReadonlyMap<Hex, IncludedTransaction>;
  /** Ids that may be in a block that was not read: there are too many, or the node is busy. */
  unread: ReadonlySet<Hex>;
}

/**
 * Finds transactions in canonical blocks by their ids. It reads what a request needs of each block once, in a turn of
 * its own if that is much, and charges the client.
 */
export class TransactionReads {
  readonly #reads: DearReads;
  readonly #limiter: ClientLimiter;

  constructor(reads: DearReads, limiter: ClientLimiter) {
    this.#reads = reads;
    this.#limiter = limiter;
  }

  /** @throws {ProblemError} `OVERLOADED` */
  async one(
    reader: BlockReader,
    id: Uint8Array,
    outgoing: ServerResponse,
  ): Promise<IncludedTransaction | undefined> {
    const lookup = await this.find(reader, [id], outgoing);
    requireRead(lookup);
    return lookup.found.get(toHex(id));
  }

  /** Stops when the reader of the answer is gone. */
  async find(reader: BlockReader, ids: readonly Uint8Array[], outgoing: ServerResponse): Promise<Lookup> {
    const found = new Map<Hex, IncludedTransaction>();
    const unread = new Set(ids.map(toHex));
    try {
      const blocks = await this.#blocksOf(reader, ids, outgoing);
      const waiting = new Set([...blocks.values()].flatMap((places) => places.map(({ idHex }) => idHex)));
      for (const idHex of unread) if (!waiting.has(idHex)) unread.delete(idHex);
      let bytes = 0;
      for (const [height, places] of blocks) {
        const indexes = [...new Set(places.map(({ index }) => index))];
        const size = await reader.readBytesAt(height, indexes);
        const cost = Math.max(size, leastBlockBytes);
        if (outgoing.closed || (bytes > 0 && bytes + cost > maxRequestBytes)) break;
        bytes += cost;
        this.#charge(outgoing, size / bytesPerToken);
        const read = () => reader.transactionsAt(height, indexes);
        for (const each of await (bytes <= cheapBytes ? read() : this.#inTurn(outgoing, read)))
          found.set(each.record.idHex, each);
        for (const { idHex } of places) unread.delete(idHex);
      }
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
    }
    return { found, unread };
  }

  /** The places at which the transactions may be, by height. Ids share prefixes, in theory. */
  async #blocksOf(
    reader: BlockReader,
    ids: readonly Uint8Array[],
    outgoing: ServerResponse,
  ): Promise<Map<number, { index: number; idHex: Hex }[]>> {
    const blocks = new Map<number, { index: number; idHex: Hex }[]>();
    for (let at = 0; at < ids.length && !outgoing.closed; at += idsPerTurn) {
      const turn = ids.slice(at, at + idsPerTurn);
      this.#charge(outgoing, turn.length / idsPerToken);
      const look = async () => {
        for (const id of turn)
          for (const { height, index } of await reader.placesOf(id)) {
            const places = blocks.get(height) ?? [];
            places.push({ index, idHex: toHex(id) });
            blocks.set(height, places);
          }
      };
      await (at === 0 ? look() : this.#inTurn(outgoing, look));
    }
    return blocks;
  }

  #inTurn<T>({ req }: ServerResponse, read: () => Promise<T>): Promise<T> {
    return this.#reads.run(clientAddress(req), read);
  }

  #charge({ req }: ServerResponse, tokens: number): void {
    this.#limiter.charge(clientAddress(req), tokens);
  }
}

/** @throws {ProblemError} `OVERLOADED` if a block that may hold one of the transactions was not read */
export function requireRead({ unread }: Lookup): void {
  if (unread.size > 0) throw overloaded("too many blocks are being read: try again");
}
