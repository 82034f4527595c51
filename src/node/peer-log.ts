import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";

/** Lines of one kind that are logged in a window of time. */
export const peerLogLimits = { lines: 20, windowMs: 60_000 };
/** Peers that a summary names. */
const maxNamed = 64;

type Level = "info" | "warn" | "error";

/** The lines of one message in one window. */
interface Kind {
  lines: number;
  peers: Set<unknown>;
  cancel: () => void;
  end(): void;
}

/**
 * The log of the parts that report on others: whoever comes again under new ids, or has a key, can provoke any number
 * of lines. Those above a number for each kind and minute are counted instead, and summed up when the minute ends.
 * Level `debug` has all of them. Messages of these parts are constants, and name the kind.
 */
export class PeerLog {
  readonly logger: Logger;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Kind>();
  #isStopped = false;

  constructor(logger: Logger, clock: Clock) {
    this.logger = this.#limited(logger);
    this.#clock = clock;
  }

  /** Sums up what is still counted, and logs everything from now on. */
  stop(): void {
    this.#isStopped = true;
    for (const kind of this.#kinds.values()) {
      kind.cancel();
      kind.end();
    }
  }

  #limited(logger: Logger): Logger {
    const at = (level: Level) => (fields: object, message: string) =>
      this.#log(logger, level, fields, message);
    return {
      debug: (fields, message) => logger.debug(fields, message),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      child: (fields) => this.#limited(logger.child(fields)),
    };
  }

  #log(logger: Logger, level: Level, fields: object, message: string): void {
    const kind = this.#isStopped
      ? undefined
      : (this.#kinds.get(message) ?? this.#begin(logger, level, message));
    if (!kind || ++kind.lines <= peerLogLimits.lines) {
      logger[level](fields, message);
      return;
    }
    logger.debug(fields, message);
    if ("peer" in fields && kind.peers.size < maxNamed) kind.peers.add(fields.peer);
  }

  #begin(logger: Logger, level: Level, message: string): Kind {
    const end = () => {
      this.#kinds.delete(message);
      const omitted = kind.lines - peerLogLimits.lines;
      if (omitted <= 0) return;
      const peers = kind.peers.size > 0 ? { peers: [...kind.peers] } : {};
      logger[level]({ omitted, ...peers }, `${message}: more times than are logged`);
    };
    const cancel = this.#clock.after(peerLogLimits.windowMs, end);
    const kind: Kind = { lines: 0, peers: new Set(), cancel, end };
    this.#kinds.set(message, kind);
    return kind;
  }
}
