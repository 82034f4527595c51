import { once } from "node:events";
import { parse, resolve } from "node:path";
import type { Writable } from "node:stream";
import { createStream } from "rotating-file-stream";
import { codeOf } from "./errors.ts";
import type { LogOutput, LostLines } from "./log-output.ts";

/** A file of this size is renamed to `<file>.1`, and that to `<file>.2` and so on. */
const maxFileSize = "10M";
const keptFiles = 5;
/** Text that waits for the disk; later lines are dropped. */
const maxWaitingBytes = 1024 * 1024;
/** The delay before the file is reopened after an error. */
const reopenAfterMs = 1_000;
const closeTimeoutMs = 1_000;

/** Appends lines to a file and rotates it. A full disk costs lines, which are counted, and nothing else. */
export class LogFile implements LogOutput {
  readonly #createStream: () => Writable;
  readonly #lostLines: LostLines;
  #stream: Writable | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  #lost = 0;
  #reason = "";

  private constructor(createStream: () => Writable, lostLines: LostLines) {
    this.#createStream = createStream;
    this.#lostLines = lostLines;
  }

  /**
   * @param createStream opens the file; its stream emits `open` and `error`
   * @throws the error of the file system if the file cannot be written
   */
  static async open(
    path: string,
    lostLines: LostLines,
    createStream = () => rotatingStream(path),
  ): Promise<LogFile> {
    const file = new LogFile(createStream, lostLines);
    await once(file.#openStream(), "open");
    return file;
  }

  write(line: string): void {
    const stream = this.#stream ?? (this.#mayReopen() ? this.#openStream() : undefined);
    if (!stream || stream.writableLength + line.length > maxWaitingBytes) {
      this.#lose(1, stream ? "the disk is slower than the log" : this.#reason);
      return;
    }
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#writeTo(stream, this.#lostLines(lost, this.#reason), lost);
    this.#writeTo(stream, line, 1);
  }

  /** Opens the file anew, for programs that rename it. */
  reopen(): void {
    this.#stream?.end();
    this.#openStream();
  }

  /** Resolves when all is written, or after a second. */
  async close(): Promise<void> {
    const stream = this.#stream;
    if (!stream) return;
    this.#stream = undefined;
    await new Promise<void>((resolved) => {
      const timer = setTimeout(resolved, closeTimeoutMs);
      stream.once("close", () => {
        clearTimeout(timer);
        resolved();
      });
      stream.end();
    });
  }

  #writeTo(stream: Writable, text: string, lines: number): void {
    stream.write(text, (error) => {
      if (error) this.#lose(lines, codeOf(error) ?? error.message);
    });
  }

  #lose(lines: number, reason: string): void {
    this.#lost += lines;
    this.#reason = reason;
  }

  #mayReopen(): boolean {
    return performance.now() - this.#failedAt >= reopenAfterMs;
  }

  #openStream(): Writable {
    const stream = this.#createStream();
    this.#stream = stream;
    stream.on("error", (error) => {
      this.#reason = codeOf(error) ?? error.message;
      if (this.#stream !== stream) return;
      this.#stream = undefined;
      this.#failedAt = performance.now();
    });
    return stream;
  }
}

function rotatingStream(path: string): Writable {
  const { base, dir } = parse(resolve(path));
  return createStream(base, { path: dir, size: maxFileSize, rotate: keptFiles });
}
