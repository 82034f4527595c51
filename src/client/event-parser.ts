import { ClientError } from "./bytes.ts";

/** An event as the stream sends it; `id` is the last id that the stream has named. */
export interface RawEvent {
  id: string | undefined;
  type: string;
  data: string;
}

/** Longest event in characters. A node's events have a few thousand. */
const maxEventLength = 2 ** 20;

/**
 * Parses an event stream (WHATWG HTML, section 9.2.6) piece by piece. A node begins each stream with an event that has
 * an id and no data; the package `eventsource-parser` does not report its id (docs/adr/0010-event-parser.md).
 */
export class EventParser {
  /** The last id of the stream, including that of an event without data, which is not returned. */
  lastEventId: string | undefined;
  /** The delay before a reconnection that the stream asks for. */
  retryMs: number | undefined;
  #rest = "";
  #endsInCr = false;
  #id: string | undefined;
  #type = "";
  #data: string[] = [];
  #length = 0;

  constructor(lastEventId: string | undefined) {
    this.lastEventId = this.#id = lastEventId;
  }

  /** Discards the unfinished event of the previous stream. */
  reset(): void {
    this.#rest = "";
    this.#endsInCr = false;
    this.#id = this.lastEventId;
    this.#clear();
  }

  /** Takes a piece, yields the events that it completes. @throws {ClientError} `NOT_A_NODE` if one is too long */
  *push(text: string): Generator<RawEvent, void, void> {
    if (text === "") return;
    // If the last piece ended in CR, an LF at the start of this one belongs to the same line end.
    const lines = (this.#rest + text.slice(this.#endsInCr && text[0] === "\n" ? 1 : 0)).split(/\r\n|\n|\r/);
    this.#endsInCr = text.endsWith("\r");
    this.#rest = lines.pop()!;
    this.#check(this.#rest.length);
    for (const line of lines) {
      if (line !== "") this.#take(line);
      else yield* this.#dispatch();
    }
  }

  /** Takes a line. One that begins with a colon is a comment: its field has an empty name, which nothing matches. */
  #take(line: string): void {
    const [field = "", value = ""] = /^([^:]*):? ?(.*)$/s.exec(line)!.slice(1);
    if (field === "data") {
      this.#length += value.length + 1;
      this.#check(this.#length);
      this.#data.push(value);
    } else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^[0-9]+$/.test(value)) this.retryMs = Number(value);
  }

  *#dispatch(): Generator<RawEvent, void, void> {
    this.lastEventId = this.#id;
    const event = { id: this.#id, type: this.#type || "message", data: this.#data.join("\n") };
    const hasData = this.#data.length > 0;
    this.#clear();
    if (hasData) yield event;
  }

  #clear(): void {
    this.#type = "";
    this.#data = [];
    this.#length = 0;
  }

  #check(length: number): void {
    if (length > maxEventLength)
      throw new ClientError("NOT_A_NODE", "the stream of events has an event that does not end");
  }
}
