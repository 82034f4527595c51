import type { ServerResponse } from "node:http";
import type { CanonicalBlock } from "../chain/types.ts";
import { toHex } from "../util/bytes.ts";
import { messageOf } from "../util/errors.ts";
import type { HttpLimits } from "./limits.ts";
import { commonHeaders, ProblemError } from "./problem.ts";
import type { ApiServices } from "./services.ts";
import { headerView, transactionView } from "./views.ts";

export const eventNames = ["block", "retracted", "finalized", "transaction", "mode"] as const;
export type EventName = (typeof eventNames)[number];

interface Stream {
  outgoing: ServerResponse;
  wanted: ReadonlySet<EventName>;
}

/** Tells every open event stream what happens (server-sent events, WHATWG HTML 9.2). */
export class EventHub {
  readonly #services: ApiServices;
  readonly #limits: HttpLimits;
  readonly #streams = new Set<Stream>();
  readonly #unsubscribe: (() => void)[];
  /** Id of the last event: counts from 1 since the start of the server, whoever listens. */
  #sequence = 0;
  #stopHeartbeat: () => void = () => undefined;

  constructor(services: ApiServices, limits: HttpLimits) {
    this.#services = services;
    this.#limits = limits;
    const { events } = services;
    this.#unsubscribe = [
      events.on("head", ({ retracted, applied }) => {
        this.#publish("retracted", retracted, blockEvent);
        this.#publish("block", applied, blockEvent);
      }),
      events.on("finalized", ({ height, id }) =>
        this.#publish("finalized", [{ height, id: toHex(id) }], asIs),
      ),
      events.on("transactions", (records) => this.#publish("transaction", records, transactionView)),
      events.on("mode", (mode) => this.#publish("mode", [mode], asIs)),
    ];
    this.#scheduleHeartbeat();
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** Takes the response over. @throws {ProblemError} `OVERLOADED` */
  open(outgoing: ServerResponse, wanted: ReadonlySet<EventName>): void {
    if (this.#streams.size >= this.#limits.maxEventStreams) {
      throw new ProblemError("OVERLOADED", `${this.#streams.size} event streams are open already`, {
        "retry-after": "10",
      });
    }
    const stream = { outgoing, wanted };
    this.#streams.add(stream);
    outgoing.once("close", () => this.#streams.delete(stream));
    outgoing.on("error", () => this.#streams.delete(stream));
    outgoing.writeHead(200, { ...commonHeaders, "content-type": "text/event-stream" });
    outgoing.write("retry: 1000\n\n");
  }

  close(): void {
    this.#stopHeartbeat();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const { outgoing } of this.#streams) outgoing.end();
    this.#streams.clear();
  }

  /** Never throws: whoever emits is in the middle of something else. */
  #publish<Item>(name: EventName, items: readonly Item[], view: (item: Item) => object): void {
    const first = this.#sequence + 1;
    this.#sequence += items.length;
    const listeners = [...this.#streams].filter(({ wanted }) => wanted.has(name));
    if (listeners.length === 0 || items.length === 0) return;
    try {
      const text = items
        .map((item, index) => `id: ${first + index}\nevent: ${name}\ndata: ${JSON.stringify(view(item))}\n\n`)
        .join("");
      for (const stream of listeners) this.#write(stream, text);
    } catch (error) {
      this.#services.logger.error({ error: messageOf(error), event: name }, "cannot send an event");
    }
  }

  #write(stream: Stream, text: string): void {
    const { outgoing } = stream;
    if (outgoing.writableLength <= this.#limits.maxEventBacklogBytes) {
      outgoing.write(text);
      return;
    }
    this.#services.logger.debug({ backlogBytes: outgoing.writableLength }, "dropped a slow event stream");
    this.#streams.delete(stream);
    outgoing.destroy();
  }

  #scheduleHeartbeat(): void {
    this.#stopHeartbeat = this.#services.clock.after(this.#limits.heartbeatMs, () => {
      for (const stream of this.#streams) this.#write(stream, ": heartbeat\n\n");
      this.#scheduleHeartbeat();
    });
  }
}

function blockEvent(block: CanonicalBlock): object {
  return { ...headerView(block), transactionCount: block.records.length };
}

function asIs<Body extends object>(body: Body): Body {
  return body;
}
