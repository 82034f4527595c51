import type { IncludedTransaction } from "../chain/types.ts";
import type { EventLog, LoggedEvent, NumberedEvent } from "../storage/event-log.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";
import type { LedgerServices } from "./services.ts";
import { headerView, transactionView } from "./views.ts";

export const eventNames = ["block", "retracted", "finalized", "transaction", "mode"] as const;
export type EventName = (typeof eventNames)[number];

/** The size of one piece: a stream's memory in addition to the socket's own buffer. */
const pieceBytes = 64 * 1024;
const pieceRows = 128;
/** Events that are looked up together: about a piece. */
const batchEvents = 128;
/** Pieces kept for streams that are at the end of the log and read the same ones. */
const sharedPieces = 8;
/** Events kept as text for streams that are at the end of the log and want other types of it. */
const sharedTexts = 1_024;

/** A part of the log as server-sent events (WHATWG HTML 9.2). */
export interface Piece {
  text: string;
  /** The number of the event that follows. */
  next: number;
}

/** Formats the log once for all streams that read the same part. */
export class EventTexts {
  readonly #log: Pick<EventLog, "read">;
  readonly #ledger: () => LedgerServices | undefined;
  readonly #pieces = new LruMap<string, Promise<Piece | undefined>>(sharedPieces);
  readonly #texts = new LruMap<number, string>(sharedTexts);

  constructor(log: Pick<EventLog, "read">, ledger: () => LedgerServices | undefined) {
    this.#log = log;
    this.#ledger = ledger;
  }

  /** The events from `number` on, as many as fit; undefined if there is none yet. */
  async read(number: number, wanted: ReadonlySet<EventName>): Promise<Piece | undefined> {
    const key = `${number} ${[...wanted].sort().join()}`;
    // An empty piece of an earlier reader says nothing about now.
    const shared = await this.#pieces.get(key);
    if (shared) return shared;
    const piece = this.#write(number, wanted);
    this.#pieces.set(key, piece);
    try {
      if (!(await piece)) this.#pieces.delete(key);
    } catch (error) {
      this.#pieces.delete(key);
      throw error;
    }
    return piece;
  }

  async #write(from: number, wanted: ReadonlySet<EventName>): Promise<Piece | undefined> {
    let text = "";
    let next = from;
    let last = from - 1;
    let batch: NumberedEvent[] = [];
    /** Formats the batch; returns false if the piece ends within it. */
    const flush = async (): Promise<boolean> => {
      const included = await this.#included(batch.filter(({ number }) => !this.#texts.has(number)));
      for (const each of batch) {
        const written = this.#texts.get(each.number) ?? (await this.#text(each, included));
        // The chain is being loaded. The events are sent when it is available.
        if (written === undefined) return false;
        text += written;
        next = each.number + 1;
        if (text.length >= pieceBytes) return false;
      }
      batch = [];
      next = last + 1;
      return true;
    };
    for await (const each of this.#log.read(from, pieceRows, wanted.has("transaction"))) {
      last = each.number;
      if (wanted.has(each.event.name)) batch.push(each);
      if (batch.length >= batchEvents && !(await flush())) return { text, next };
    }
    await flush();
    return next > from ? { text, next } : undefined;
  }

  async #text(
    { number, event }: NumberedEvent,
    included: ReadonlyMap<Hex, IncludedTransaction>,
  ): Promise<string | undefined> {
    const data = await this.#data(event, included);
    if (!data) return undefined;
    const text = `id: ${number}\nevent: ${event.name}\ndata: ${JSON.stringify(data)}\n\n`;
    this.#texts.set(number, text);
    return text;
  }

  /** Transactions of the batch that have left the mempool: those of one block are read together. */
  async #included(batch: readonly NumberedEvent[]): Promise<ReadonlyMap<Hex, IncludedTransaction>> {
    const ledger = this.#ledger();
    const ids = batch.flatMap(({ event }) => (event.name === "transaction" ? [event.id] : []));
    const gone = ids.filter((id) => !ledger?.mempool.get(toHex(id)));
    return ledger && gone.length > 0 ? ledger.chain.reader.transactions(gone) : new Map();
  }

  async #data(
    event: LoggedEvent,
    included: ReadonlyMap<Hex, IncludedTransaction>,
  ): Promise<object | undefined> {
    if (event.name === "mode") return { mode: event.mode };
    const idHex = toHex(event.id);
    if (event.name === "finalized") return { height: event.height, id: idHex };
    const ledger = this.#ledger();
    if (!ledger) return undefined;
    const { chain, mempool } = ledger;
    if (event.name === "transaction") {
      const found = included.get(idHex) ?? mempool.get(idHex) ?? (await chain.reader.transaction(event.id));
      return found ? transactionView(found.record) : { id: idHex };
    }
    const block = await chain.tree.get(event.id);
    if (!block) return { id: idHex };
    return { ...headerView(block), transactionCount: block.transactionCount, bytes: block.bodyBytes };
  }
}
