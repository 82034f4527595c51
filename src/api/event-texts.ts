import type { EventLog, LoggedEvent } from "../storage/event-log.ts";
import { toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";
import type { LedgerServices } from "./services.ts";
import { headerView, transactionView } from "./views.ts";

export const eventNames = ["block", "retracted", "finalized", "transaction", "mode"] as const;
export type EventName = (typeof eventNames)[number];

/** Of one piece: what a stream has in memory beside the socket's own buffer. */
const pieceBytes = 64 * 1024;
const pieceRows = 128;
/** Streams that are at the end of the log read the same pieces. */
const sharedPieces = 8;

/** A part of the log as server-sent events (WHATWG HTML 9.2). */
export interface Piece {
  text: string;
  /** Number of the event that follows. */
  next: number;
}

/** Writes the log out, once for all streams that read the same. */
export class EventTexts {
  readonly #log: Pick<EventLog, "read">;
  readonly #ledger: () => LedgerServices | undefined;
  readonly #pieces = new LruMap<string, Promise<Piece | undefined>>(sharedPieces);

  constructor(log: Pick<EventLog, "read">, ledger: () => LedgerServices | undefined) {
    this.#log = log;
    this.#ledger = ledger;
  }

  /** The events from `number` on, as many as fit; undefined where there is none yet. */
  async read(number: number, wanted: ReadonlySet<EventName>): Promise<Piece | undefined> {
    const key = `${number} ${[...wanted].join()}`;
    // That there was none for a reader before says nothing of now.
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
    for await (const { number, event } of this.#log.read(from, pieceRows)) {
      if (wanted.has(event.name)) {
        const data = await this.#data(event);
        // The chain is being loaded: what the log says of it comes when it is there.
        if (!data) break;
        text += `id: ${number}\nevent: ${event.name}\ndata: ${JSON.stringify(data)}\n\n`;
      }
      next = number + 1;
      if (text.length >= pieceBytes) break;
    }
    return next > from ? { text, next } : undefined;
  }

  async #data(event: LoggedEvent): Promise<object | undefined> {
    if (event.name === "mode") return { mode: event.mode };
    const idHex = toHex(event.id);
    if (event.name === "finalized") return { height: event.height, id: idHex };
    const ledger = this.#ledger();
    if (!ledger) return undefined;
    const { chain, mempool } = ledger;
    if (event.name === "transaction") {
      const found = mempool.get(idHex) ?? (await chain.reader.transaction(event.id));
      return found ? transactionView(found.record) : { id: idHex };
    }
    const block = await chain.reader.summary(event.id);
    return block ? { ...headerView(block), transactionCount: block.transactionCount } : { id: idHex };
  }
}
