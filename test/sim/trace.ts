import type { Logger } from "../../src/util/logger.ts";
import type { Timeline } from "./timeline.ts";

/** A short record of a run's events, kept only on request. */
export class Trace {
  readonly #timeline: Timeline;
  readonly #wanted: boolean;
  readonly lines: string[] = [];

  constructor(timeline: Timeline, wanted: boolean) {
    this.#timeline = timeline;
    this.#wanted = wanted;
  }

  add(who: string, what: string): void {
    if (this.#wanted)
      this.lines.push(`${(this.#timeline.nowMs / 1000).toFixed(3).padStart(8)} ${who.padEnd(4)} ${what}`);
  }

  /** Returns a logger that writes to the trace and passes errors to `onError`. */
  logger(who: string, onError: (message: string, fields: object) => void = () => undefined): Logger {
    const write = (level: string) => (fields: object, message: string) => {
      if (this.#wanted) this.add(who, `${level}${message} ${describe(fields)}`);
    };
    const error = write("ERROR ");
    return {
      debug: write(""),
      info: write(""),
      warn: write("WARN "),
      error: (fields, message) => {
        error(fields, message);
        onError(`${message}: ${(fields as { error?: string }).error ?? ""}`, fields);
      },
      child: () => this.logger(who, onError),
    };
  }
}

function describe(fields: object): string {
  return Object.entries(fields)
    .map(
      ([name, value]) =>
        `${name}=${typeof value === "string" && /^0x[0-9a-f]{64}$/.test(value) ? value.slice(2, 8) : value}`,
    )
    .join(" ");
}
