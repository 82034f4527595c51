import { ClientError, shown } from "./bytes.ts";
import { EventParser, type RawEvent } from "./event-parser.ts";
import { ApiError, isTransient, openStream, reach } from "./http.ts";
import { pause } from "./pause.ts";
import type { BlockHeader, BlockRef, Mode, Transaction } from "./types.ts";

/** An event (docs/http.md, Events). `id`: for `lastEventId`, to go on after it. */
export type ChainEvent = { id: string } & (
  | { type: "block" | "retracted"; data: BlockHeader & { transactionCount: number } }
  | { type: "finalized"; data: BlockRef }
  /** Only its id where it was read later and is nowhere any more. */
  | { type: "transaction"; data: Pick<Transaction, "id"> & Partial<Transaction> }
  | { type: "mode"; data: { mode: Mode } }
);

export type EventType = ChainEvent["type"];

export interface EventOptions {
  /** All of them without it. */
  types?: readonly EventType[];
  /** Resumes after this event. */
  lastEventId?: string;
  /** Ends the iteration. */
  signal?: AbortSignal;
}

/** A node sends a comment every 15 s: a connection that is silent for so long is dead. */
const silenceMs = 45_000;
/** Before a broken connection is opened again, unless the stream says otherwise; doubled each time that fails. */
const defaultRetryMs = 1_000;
const maxRetryMs = 10_000;

/**
 * Resolves once the stream is open: nothing that happens from then on is missed. A connection that breaks is opened
 * again, for ever, from the last event that was seen. @throws as `request`
 */
export async function openEvents(
  url: string,
  options: EventOptions,
): Promise<AsyncGenerator<ChainEvent, void, void>> {
  const parser = new EventParser(options.lastEventId);
  return follow(await connect(url, options, parser), url, options, parser);
}

async function* follow(
  first: Connection,
  url: string,
  options: EventOptions,
  parser: EventParser,
): AsyncGenerator<ChainEvent, void, void> {
  const { signal } = options;
  let connection: Connection | undefined = first;
  for (let failures = 0; !signal?.aborted; failures++) {
    try {
      connection ??= await connect(url, options, parser);
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
    const stream = await openStream(url, path, {
      headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId },
      signal: controller.signal,
    });
    parser.reset();
    const decoder = new TextDecoder();
    const reader = stream.getReader();
    /** Undefined at the end. Nobody reads while the caller is busy: only a read can tell that the node is silent. */
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
    // The node begins with where the stream is: from there on nothing is missed, whenever this connection breaks.
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

/** Those that this version knows; `data` is what docs/http.md says, as the node is trusted with it. */
function toChainEvent({ id, type, data }: RawEvent): ChainEvent[] {
  if (id === undefined || type === "message") return [];
  try {
    return [{ id, type, data: JSON.parse(data) } as ChainEvent];
  } catch (error) {
    throw new ClientError("NOT_A_NODE", `an event is not JSON: ${shown(data)}`, { cause: error });
  }
}
