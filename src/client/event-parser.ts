import { ClientError } from "./bytes.ts";

/** An event as it is on the wire: `id` is the last one that the stream has named. */
export interface RawEvent {
  id: string | undefined;
  type: string;
  data: string;
}

/** Characters of one event. Those of a node have a few thousand. */
const maxEventLength = 2 ** 20;

/**
 * Turns the text of an event stream (WHATWG HTML, section 9.2.6) into events, piece by piece. The package `eventsource-parser` keeps the id
 * of an event without data to itself, and a node begins each stream with one (docs/adr/0010-event-parser.md).
 */
export class EventParser {
  /** Also of an event without data, which is not returned. */
  lastEventId: string | undefined;
  /** As the stream asks for. */
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

  /** Forgets what another stream has left unfinished. */
  reset(): void {
    this.#rest = "";
    this.#endsInCr = false;
    this.#id = this.lastEventId;
    this.#clear();
  }

  /** @throws {ClientError} `NOT_A_NODE`: an event is longer than any node's */
  *push(text: string): Generator<RawEvent, void, void> {
    if (text === "") return;
    // A line may end in CR LF, of which the LF comes with this piece.
    const lines = (this.#rest + text.slice(this.#endsInCr && text[0] === "\n" ? 1 : 0)).split(/\r\n|\n|\r/);
    this.#endsInCr = text.endsWith("\r");
    this.#rest = lines.pop()!;
    this.#check(this.#rest.length);
    for (const line of lines) {
      if (line !== "") this.#take(line);
      else yield* this.#dispatch();
    }
  }

  /** A line that begins with a colon is a comment: its field has no name. */
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
      throw new ClientError("NOT_A_NODE", "the stream of events does not end an event");
  }
}
