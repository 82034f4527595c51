import type { ServerResponse } from "node:http";
import { inBackground } from "../util/background.ts";
import { sleep } from "../util/clock.ts";
import { isClosed, messageOf } from "../util/errors.ts";
import { clientAddress } from "./client-address.ts";
import { isLoopback } from "./client-limiter.ts";
import type { DearReads } from "./dear-reads.ts";
import { drained, eventStreamHeaders, heartbeat, type Stream } from "./event-stream.ts";
import { type EventName, EventTexts, type Piece } from "./event-texts.ts";
import type { HttpLimits } from "./limits.ts";
import { ending, overloaded, ProblemError } from "./problem.ts";
import type { ApiServices } from "./services.ts";
import { type Holding, holder, Shares } from "./shares.ts";

/** Under load the log grows a thousand times a second. A stream at its end reads it no more often than this. */
const readPauseMs = 20;
/** The time after which a stream that resumes asks again, if too many reads of its client wait. */
const busyPauseMs = 1_000;
/** The share of all streams that one client may hold for as long as it likes; this machine is not limited. */
const clientShare = 0.25;

/**
 * The open event streams. Each reads the event log at its own pace: a stream that is slow, or resumes, reads older
 * events from the disk, and delays no other.
 */
export class EventHub {
  readonly #services: ApiServices;
  readonly #limits: HttpLimits;
  readonly #reads: DearReads;
  readonly #texts: EventTexts;
  readonly #streams = new Set<Stream>();
  /** The places for streams. If all are taken, one of the address with most gives way, never one of this machine. */
  readonly #places: Shares;
  readonly #stopListening: () => void;
  #stopHeartbeat: () => void = () => undefined;
  #isClosed = false;

  constructor(services: ApiServices, limits: HttpLimits, reads: DearReads) {
    this.#services = services;
    this.#limits = limits;
    this.#reads = reads;
    this.#places = new Shares(limits.maxEventStreams);
    this.#texts = new EventTexts(services.eventLog, services.ledger);
    this.#stopListening = services.eventLog.events.on("appended", ({ onlyTransactions }) => {
      for (const stream of this.#streams) {
        if (!onlyTransactions || stream.wanted.has("transaction")) wakeUp(stream);
        else stream.hasPassed = true;
      }
    });
    this.#scheduleHeartbeat();
  }

  get streams(): number {
    return this.#streams.size;
  }

  /**
   * Takes over the response. `after` is the last event that the reader has received; undefined if it wants only new
   * ones.
   * @throws {ProblemError} `OVERLOADED`, `EVENTS_TOO_OLD`, `EVENTS_UNKNOWN`, `ENDING`
   */
  async open(
    outgoing: ServerResponse,
    wanted: ReadonlySet<EventName>,
    after: number | undefined,
  ): Promise<void> {
    const { maxEventStreams } = this.#limits;
    const address = clientAddress(outgoing.req);
    const client = holder(address);
    const own = this.#places.heldBy(client);
    if (!isLoopback(address) && own >= maxEventStreams * clientShare)
      throw overloaded(`your address has ${own} event streams open already`, 10);
    const stream: Stream = {
      outgoing,
      wanted,
      hasBegun: false,
      next: 0,
      told: 0,
      gained: 0,
      hasPassed: false,
      isLive: after === undefined,
      wake: () => undefined,
    };
    const place: Holding = {
      client,
      size: 0,
      mayDrop: () => stream.hasBegun,
      drop: () => {
        this.#streams.delete(stream);
        outgoing.end();
        stream.wake();
      },
    };
    if (!this.#places.grow(place, 1))
      throw overloaded(`${this.#streams.size} event streams are open already`, 10);
    this.#streams.add(stream);
    for (const end of ["close", "error"])
      outgoing.on(end, () => {
        this.#places.release(place);
        this.#streams.delete(stream);
        stream.wake();
      });
    try {
      const last = await this.#services.eventLog.last();
      if (this.#isClosed) throw ending();
      if (after !== undefined) this.#checkKept(after, last);
      stream.told = after ?? last;
      stream.next = stream.told + 1;
    } catch (error) {
      this.#places.release(place);
      this.#streams.delete(stream);
      throw error;
    }
    stream.hasBegun = true;
    outgoing.writeHead(200, eventStreamHeaders);
    // A reader that is cut off before the first event resumes from here.
    outgoing.write(after === undefined ? `retry: 1000\nid: ${stream.told}\n\n` : "retry: 1000\n\n");
    inBackground(this.#serve(stream));
  }

  /** Ends the streams. One that is just being opened answers `ENDING`. */
  close(): void {
    this.#isClosed = true;
    this.#stopHeartbeat();
    this.#stopListening();
    const streams = [...this.#streams];
    this.#streams.clear();
    for (const { outgoing, wake, hasBegun } of streams) {
      if (hasBegun) outgoing.end();
      wake();
    }
  }

  #checkKept(after: number, last: number): void {
    const { first } = this.#services.eventLog;
    const remedy = "connect without Last-Event-ID, then read what was missed from /v1/blocks";
    if (after > last) {
      throw new ProblemError(
        "EVENTS_UNKNOWN",
        `this node's last event is ${last}, not ${after}: it is another node, or its data is new or an older copy; ${remedy}`,
      );
    }
    if (after < first - 1) {
      throw new ProblemError(
        "EVENTS_TOO_OLD",
        `the events after ${after} are no longer kept, the oldest is ${first}: ${remedy}`,
      );
    }
  }

  async #serve(stream: Stream): Promise<void> {
    const { outgoing } = stream;
    const { clock } = this.#services;
    try {
      while (this.#streams.has(stream)) {
        // The reader's next attempt to resume gets the reason.
        if (stream.next < this.#services.eventLog.first) break;
        const { gained } = stream;
        stream.hasPassed = false;
        const piece = await this.#read(stream);
        if (!this.#streams.has(stream)) break;
        if (!piece) {
          stream.isLive = true;
          const endedAtMs = clock.now();
          await this.#more(stream, gained);
          if (!this.#streams.has(stream)) break;
          // A clock that is set back must not stall the stream.
          const sinceMs = Math.max(0, clock.now() - endedAtMs);
          if (sinceMs < readPauseMs) await sleep(clock, readPauseMs - sinceMs);
          continue;
        }
        stream.next = piece.next;
        if (piece.text === "") continue;
        stream.told = piece.next - 1;
        if (outgoing.write(piece.text)) continue;
        await drained(outgoing);
        stream.isLive = false;
      }
    } catch (error) {
      if (this.#streams.has(stream) && !isClosed(error))
        this.#services.logger.error({ error: messageOf(error) }, "an event stream broke off");
    }
    this.#streams.delete(stream);
    outgoing.end();
  }

  /** Waits for as long as the node is too busy to read for the stream's client. */
  async #read(stream: Stream): Promise<Piece | undefined> {
    const read = async () =>
      this.#streams.has(stream) ? this.#texts.read(stream.next, stream.wanted) : undefined;
    if (stream.isLive) return read();
    while (this.#streams.has(stream)) {
      try {
        return await this.#reads.run(clientAddress(stream.outgoing.req), read);
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        await sleep(this.#services.clock, busyPauseMs);
      }
    }
    return undefined;
  }

  /** Resolves when the log has gained more than when `gained` was read, or the stream is closed. */
  #more(stream: Stream, gained: number): Promise<void> {
    if (gained !== stream.gained || !this.#streams.has(stream)) return Promise.resolve();
    return new Promise((resolve) => {
      stream.wake = resolve;
    });
  }

  #scheduleHeartbeat(): void {
    this.#stopHeartbeat = this.#services.clock.after(this.#limits.heartbeatMs, () => {
      for (const stream of this.#streams) {
        heartbeat(stream);
        // The next heartbeat tells the numbers of what it did not want.
        if (stream.hasPassed) wakeUp(stream);
      }
      this.#scheduleHeartbeat();
    });
  }
}

function wakeUp(stream: Stream): void {
  stream.gained++;
  stream.wake();
}
