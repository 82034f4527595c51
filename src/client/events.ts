import { ClientError, shown } from "./bytes.ts";
import { EventParser, type RawEvent } from "./event-parser.ts";
import { ApiError, type Fetch, isTransient, openStream, reach } from "./http.ts";
import { pause } from "./pause.ts";
import type { BlockRef, BlockSummary, Mode, Transaction } from "./types.ts";

/** An event (docs/http.md, Events). Passing its `id` as `lastEventId` resumes after it. */
export type ChainEvent = { id: string } & (
  | { type: "block" | "retracted"; data: Omit<BlockSummary, "finalized"> }
  | { type: "finalized"; data: BlockRef }
  /** Has only the id if the stream was resumed and the node no longer has the transaction. */
  | { type: "transaction"; data: Pick<Transaction, "id"> & Partial<Transaction> }
  | { type: "mode"; data: { mode: Mode } }
);

export type EventType = ChainEvent["type"];

export interface EventOptions {
  /** The types to receive, by default all. */
  types?: readonly EventType[];
  /** Resumes after the event with this id. */
  lastEventId?: string;
  /** Ends the iteration. */
  signal?: AbortSignal;
}

/** A node sends a comment every 15 s, so a connection that is silent for this long is dead. */
const silenceMs = 45_000;
/** Delay before reconnecting, unless the stream asks for another; doubled after each failure. */
const defaultRetryMs = 1_000;
const maxRetryMs = 10_000;

/**
 * Resolves once the stream is open; no later event is missed. Reconnects without limit when the connection breaks, and
 * resumes after the last event that was seen. @throws the same errors as `request`
 */
export async function openEvents(
  url: string,
  options: EventOptions,
  fetch?: Fetch,
): Promise<AsyncGenerator<ChainEvent, void, void>> {
  const parser = new EventParser(options.lastEventId);
  const open = () => connect(url, options, parser, fetch);
  return follow(await open(), open, options, parser);
}

async function* follow(
  first: Connection,
  open: () => Promise<Connection>,
  options: EventOptions,
  parser: EventParser,
): AsyncGenerator<ChainEvent, void, void> {
  const { signal } = options;
  let connection: Connection | undefined = first;
  for (let failures = 0; !signal?.aborted; failures++) {
    try {
      connection ??= await open();
      for await (const event of connection.events()) {
        failures = 0;
        yield event;
      }
    } catch (error) {
      if (error instanceof ApiError && !isTransient(error)) throw error;
    } finally {
      connection?.close();
      connection = undefined;
    }
    await pause(Math.min((parser.retryMs ?? defaultRetryMs) * 2 ** failures, maxRetryMs), signal);
  }
}

interface Connection {
  events(): AsyncGenerator<ChainEvent, void, void>;
  close(): void;
}

async function connect(
  url: string,
  { types, signal }: EventOptions,
  parser: EventParser,
  fetch: Fetch | undefined,
): Promise<Connection> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const close = () => {
    signal?.removeEventListener("abort", abort);
    abort();
  };
  signal?.addEventListener("abort", abort, { once: true });
  try {
    signal?.throwIfAborted();
    const path = `/v1/events${types ? `?types=${types.join(",")}` : ""}`;
    const { lastEventId } = parser;
    const stream = await openStream(url, path, "text/event-stream", {
      headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId },
      signal: controller.signal,
      fetch,
    });
    parser.reset();
    const decoder = new TextDecoder();
    const reader = stream.getReader();
    /** Resolves to undefined at the end. Times the silence only during a read: a busy caller reads nothing. */
    const read = async (): Promise<ChainEvent[] | undefined> => {
      const timer = setTimeout(abort, silenceMs);
      try {
        const { done, value } = await reach(url, () => reader.read());
        return done
          ? undefined
          : [...parser.push(decoder.decode(value, { stream: true }))].flatMap(toChainEvent);
      } finally {
        clearTimeout(timer);
      }
    };
    // The node first sends the id of its position. With it, no event is missed even if this connection breaks before
    // the next one.
    const first: ChainEvent[] = [];
    while (parser.lastEventId === undefined) {
      const events = await read();
      if (!events) throw new ClientError("UNREACHABLE", `${url} ended the stream of events at once`);
      first.push(...events);
    }
    return {
      close,
      async *events() {
        for (let events: ChainEvent[] | undefined = first; events; events = await read()) yield* events;
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Drops events without id or type. The node is trusted to send `data` as docs/http.md says: it is not checked. */
function toChainEvent({ id, type, data }: RawEvent): ChainEvent[] {
  if (id === undefined || type === "message") return [];
  try {
    return [{ id, type, data: JSON.parse(data) } as ChainEvent];
  } catch (error) {
    throw new ClientError("NOT_A_NODE", `an event is not JSON: ${shown(data)}`, { cause: error });
  }
}
