import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { isatty } from "node:tty";
import { codeOf } from "./errors.ts";

/** The output for log lines. Writing never waits and never throws: lines that cannot be written are counted. */
export interface LogOutput {
  write(line: string): void;
}

/** Makes the line that says how many lines were not written, and why. */
export type LostLines = (lines: number, reason: string) => string;

/** Text that waits for a reader that has paused; later lines are dropped. */
const maxWaitingBytes = 1024 * 1024;
const retryMs = 50;

interface Waiting {
  bytes: Uint8Array;
  /** How many lines are lost with these bytes. */
  lines: number;
}

/**
 * Writes lines with `tryWrite`, which returns how many bytes it has written, and throws EAGAIN while the reader takes
 * no more. Any other error drops the lines that wait. Once writing works again, a line says how many are missing.
 */
export class StreamOutput implements LogOutput {
  readonly #tryWrite: (bytes: Uint8Array) => number;
  readonly #lostLines: LostLines;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #reason = "";
  /** True after a write that ended within a line. */
  #isWithinLine = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(tryWrite: (bytes: Uint8Array) => number, lostLines: LostLines) {
    this.#tryWrite = tryWrite;
    this.#lostLines = lostLines;
  }

  write(line: string): void {
    if (this.#waiting.length === 0) this.#addNote();
    this.#add(line, 1);
    if (!this.#retry) this.#flush();
  }

  #add(text: string, lines: number): void {
    const bytes = Buffer.from(text);
    if (this.#waiting.length > 0 && this.#waitingBytes + bytes.length > maxWaitingBytes) {
      this.#lost += lines;
      this.#reason = "the reader of the log has paused";
      return;
    }
    this.#waiting.push({ bytes, lines });
    this.#waitingBytes += bytes.length;
  }

  #addNote(): void {
    const lost = this.#lost;
    if (lost === 0) return;
    this.#lost = 0;
    this.#add(`${this.#isWithinLine ? "\n" : ""}${this.#lostLines(lost, this.#reason)}`, lost);
  }

  #flush(): void {
    try {
      while (this.#waiting.length > 0) {
        this.#writeFirst(this.#waiting[0]!);
        if (this.#waiting.length === 0) this.#addNote();
      }
    } catch (error) {
      if (codeOf(error) === "EAGAIN") this.#retryLater();
      else this.#dropAll(error);
    }
  }

  #writeFirst(first: Waiting): void {
    const written = this.#tryWrite(first.bytes);
    this.#waitingBytes -= written;
    first.bytes = first.bytes.subarray(written);
    this.#isWithinLine = first.bytes.length > 0;
    if (!this.#isWithinLine) this.#waiting.shift();
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#flush();
    }, retryMs).unref();
  }

  #dropAll(error: unknown): void {
    for (const { lines } of this.#waiting) this.#lost += lines;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#reason = codeOf(error) ?? String(error);
  }
}

/** Writes to standard error. On Linux a terminal or pipe whose reader has paused holds nothing up. */
export function standardErrorOutput(lostLines: LostLines): LogOutput {
  const fd = nonBlockingStandardError();
  return new StreamOutput((bytes) => writeSync(fd, bytes), lostLines);
}

/** Kept for the life of the process: a socket that is collected closes standard error. */
let standardErrorSocket: Socket | undefined;

/**
 * Opens the terminal or pipe of standard error once more, so that it is non-blocking for this process alone. A socket
 * cannot be opened again; libuv makes it non-blocking when it takes it over.
 */
function nonBlockingStandardError(): number {
  const status = fstatSync(2);
  if (status.isSocket()) {
    standardErrorSocket ??= new Socket({ fd: 2, readable: false, writable: true });
    standardErrorSocket.unref();
    return 2;
  }
  if (!status.isFIFO() && !isatty(2)) return 2;
  try {
    return openSync("/proc/self/fd/2", constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // No /proc, or a terminal of another user: writing may wait for the reader there.
    return 2;
  }
}
