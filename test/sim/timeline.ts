import type { Clock } from "../../src/util/clock.ts";
import { Heap } from "../../src/util/heap.ts";
import type { Random } from "./random.ts";

interface Entry {
  timeMs: number;
  sequence: number;
  run: (() => void) | undefined;
}

/** Simulated time: events in the order of (time, sequence). */
export class Timeline {
  readonly #queue = new Heap<Entry>(
    (a, b) => a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.sequence < b.sequence),
  );
  #nowMs = 0;
  #sequence = 0;

  /** Milliseconds since the start, with fractions. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** The number of events that have run. */
  steps = 0;

  /** Schedules an event and returns the function that cancels it. */
  at(timeMs: number, run: () => void): () => void {
    const entry: Entry = { timeMs: Math.max(timeMs, this.#nowMs), sequence: this.#sequence++, run };
    this.#queue.push(entry);
    return () => {
      entry.run = undefined;
    };
  }

  after(delayMs: number, run: () => void): () => void {
    return this.at(this.#nowMs + delayMs, run);
  }

  /** Runs the next event; returns false if there is none. */
  step(): boolean {
    for (let entry = this.#queue.pop(); entry; entry = this.#queue.pop()) {
      if (!entry.run) continue;
      this.#nowMs = entry.timeMs;
      this.steps++;
      entry.run();
      return true;
    }
    return false;
  }
}

/** The start of every simulation, in ms since the Unix epoch. */
export const epochMs = 1_700_000_000_000;

export interface ClockError {
  /** The time by which the clock is ahead. */
  offsetMs: number;
  /** The share by which the clock runs too fast; 1e-4 is 100 ppm. */
  drift: number;
  /** The latest that timers fire; as in libuv, they may also fire up to 1 ms early. */
  jitterMs: number;
}

/** The clock of one process. Once `isAlive` is false, no timer fires. */
export class NodeClock implements Clock {
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #isAlive: () => boolean;
  readonly error: ClockError;

  constructor(timeline: Timeline, random: Random, error: ClockError, isAlive: () => boolean) {
    this.#timeline = timeline;
    this.#random = random;
    this.#isAlive = isAlive;
    this.error = error;
  }

  now(): number {
    const { offsetMs, drift } = this.error;
    return Math.floor(epochMs + this.#timeline.nowMs * (1 + drift) + offsetMs);
  }

  after(delayMs: number, callback: () => void): () => void {
    const { jitterMs } = this.error;
    const late = jitterMs === 0 ? 0 : this.#random.between(-1, jitterMs);
    return this.#timeline.after(Math.max(0, Math.max(delayMs, 1) + late), () => {
      if (this.#isAlive()) callback();
    });
  }
}
