import { type HttpServer, serveProblem } from "../api/index.ts";
import type { NodeOptions } from "../config/index.ts";
import { type Clock, sleep } from "../util/clock.ts";
import { CodedError, codeOf, messageOf, UserError } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { HttpsPlace, RunningNode } from "./running-node.ts";
import { tlsCertificate } from "./tls-keeper.ts";

/** Room for LevelDB's log, and for the tables that it makes of the log when it is opened. */
export const minRoomBytes = 32 * 2 ** 20;
const lookEveryMs = 1_000;
const sayEveryMs = 60_000;
/** A second failure this soon, with free space, is not ENOSPC. */
const minLifeMs = 60_000;

const mebibytes = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MiB`;

export interface KeepRunningParts {
  start(options: NodeOptions): Promise<RunningNode>;
  /** The free bytes of the disk that contains the node's folder; undefined if unknown. */
  freeBytes(): number | undefined;
  clock: Clock;
  logger: Logger;
}

/**
 * Runs a node, and restarts it from what is on disk after a failed write, from which LevelDB never recovers while it is
 * open. It restarts at once if there is free space, and otherwise once there is. Until then HTTP answers 503
 * `WRITE_FAILED`, and nothing is signed.
 * @throws {UserError} `DISK_FULL` if there is no space from the beginning
 */
export async function keepRunning(options: NodeOptions, parts: KeepRunningParts): Promise<RunningNode> {
  try {
    return new KeptNode(await parts.start(options), options, parts);
  } catch (error) {
    const free = parts.freeBytes();
    if (free === undefined || !mayBeOfFullDisk(error)) throw error;
    if (free < minRoomBytes)
      throw new UserError(`${fullDisk(options, free)}: make room, and start the node again`, "DISK_FULL", {
        cause: error,
      });
    if (!saysFull(error)) throw error;
    throw new UserError(
      `the disk of ${options.dataDir.folder} takes no more (${messageOf(error)}) although it has ${mebibytes(free)} left: a quota or the number of its files is used up`,
      "DISK_FULL",
      { cause: error },
    );
  }
}

/** A mistake of a person has nothing to do with the disk. */
function mayBeOfFullDisk(error: unknown): boolean {
  return !(error instanceof UserError) || saysFull(error);
}

/** True if the file system itself has said so. */
function saysFull(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (["ENOSPC", "EDQUOT"].includes(codeOf(cause) ?? "")) return true;
  return false;
}

function fullDisk({ dataDir }: NodeOptions, free: number): string {
  return `the disk of ${dataDir.folder} has ${mebibytes(free)} left, the database needs ${mebibytes(minRoomBytes)}`;
}

class KeptNode implements RunningNode {
  readonly exitCode: Promise<number>;
  readonly #options: NodeOptions;
  readonly #parts: KeepRunningParts;
  readonly #stopping = new AbortController();
  #node: RunningNode;
  #startedAt: number;

  constructor(node: RunningNode, options: NodeOptions, parts: KeepRunningParts) {
    this.#node = node;
    this.#parts = parts;
    // If any free port was requested, the restarted node keeps the one that was taken.
    this.#options = { ...options, httpPort: options.httpPort || Number(new URL(node.url).port) };
    this.#startedAt = parts.clock.now();
    this.exitCode = this.#run();
    // The reason of an end that nobody awaits is in the log; the process must not end by it.
    this.exitCode.catch(() => undefined);
  }

  get url(): string {
    return this.#node.url;
  }

  get https(): HttpsPlace | undefined {
    return this.#node.https;
  }

  reload(): Promise<void> {
    return this.#node.reload();
  }

  get joinLine(): string | undefined {
    return this.#node.joinLine;
  }

  async stop(reason: string): Promise<void> {
    this.#stopping.abort();
    await this.#node.stop(reason);
    // `exitCode` has the reason of a bad end, for others that await it.
    await this.exitCode.catch(() => undefined);
  }

  async #run(): Promise<number> {
    for (;;) {
      try {
        return await this.#node.exitCode;
      } catch (failure) {
        if (!(await this.#startAgain(failure))) return 0;
      }
    }
  }

  /**
   * Returns false if it was stopped meanwhile. @throws the reason for which the node ended, if restarting does not
   * help.
   */
  async #startAgain(failure: unknown): Promise<boolean> {
    const { clock, logger, start, freeBytes } = this.#parts;
    const { signal } = this.#stopping;
    if (!this.#mayGoOn(failure)) throw failure;
    await this.#waitForRoom(failure);
    if (signal.aborted) return false;
    logger.warn({ free: freeBytes() }, "the disk has room again: the node restarts");
    this.#startedAt = clock.now();
    try {
      this.#node = await start(this.#options);
    } catch (error) {
      return this.#startAgain(error);
    }
    if (signal.aborted) await this.#node.stop("stopped while it started");
    return true;
  }

  #mayGoOn(failure: unknown): boolean {
    if (!this.#hasRoom()) return mayBeOfFullDisk(failure);
    if (!(failure instanceof CodedError) || failure.code !== "WRITE_FAILED") return false;
    return this.#parts.clock.now() - this.#startedAt >= minLifeMs;
  }

  #hasRoom(): boolean {
    return (this.#parts.freeBytes() ?? Number.POSITIVE_INFINITY) >= minRoomBytes;
  }

  async #waitForRoom(failure: unknown): Promise<void> {
    if (this.#hasRoom()) return;
    const { clock, logger, freeBytes } = this.#parts;
    const { signal } = this.#stopping;
    const detail = () =>
      `${fullDisk(this.#options, freeBytes() ?? 0)}: the node signs nothing and goes on by itself when there is room; nothing is lost`;
    const http = await this.#answer(detail());
    let saidAt = Number.NEGATIVE_INFINITY;
    while (!this.#hasRoom() && !signal.aborted) {
      if (clock.now() - saidAt >= sayEveryMs) {
        saidAt = clock.now();
        logger.error({ error: messageOf(failure) }, `DISK FULL: ${detail()}`);
      }
      await sleep(clock, lookEveryMs, signal);
    }
    await http?.close();
  }

  /** If the port has been taken meanwhile, only the log gives the reason. */
  async #answer(detail: string): Promise<Pick<HttpServer, "close"> | undefined> {
    const { httpHost: host, httpPort: port } = this.#options;
    const { clock } = this.#parts;
    try {
      const tls = await tlsCertificate(this.#options, clock.now());
      return await serveProblem({ host, port, code: "WRITE_FAILED", detail, clock, tls });
    } catch (error) {
      this.#parts.logger.error({ error: messageOf(error) }, "cannot serve HTTP while the disk is full");
      return undefined;
    }
  }
}
