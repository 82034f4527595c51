import type { Clock } from "../util/clock.ts";
import { duration } from "../util/duration.ts";
import type { Logger } from "../util/logger.ts";
import { RateMeter } from "../util/rate-meter.ts";

const logEveryMs = 10_000;

/** The progress of a download, in heights. */
export interface SyncProgress {
  startHeight: number;
  currentHeight: number;
  targetHeight: number;
  blocksPerSecond: number;
  /** Undefined while nothing has arrived. */
  remainingMs: number | undefined;
}

/** Measures a download, and logs its progress. */
export class DownloadProgress {
  readonly #options: { clock: Clock; logger: Logger };
  readonly #startHeight: number;
  #targetHeight: number;
  readonly #rate: RateMeter;
  #height: number;
  #loggedAtMs: number;

  constructor(options: { clock: Clock; logger: Logger }, startHeight: number, targetHeight: number) {
    this.#options = options;
    this.#startHeight = startHeight;
    this.#targetHeight = targetHeight;
    this.#height = startHeight;
    this.#rate = new RateMeter(options.clock, startHeight);
    this.#loggedAtMs = options.clock.now();
  }

  /** Corrects the target. */
  aimAt(targetHeight: number): void {
    this.#targetHeight = targetHeight;
  }

  update(height: number): void {
    const { clock, logger } = this.#options;
    this.#height = height;
    this.#rate.update(height);
    if (clock.now() - this.#loggedAtMs < logEveryMs) return;
    this.#loggedAtMs = clock.now();
    const { targetHeight, blocksPerSecond, remainingMs } = this.current;
    const left = remainingMs === undefined ? "" : `, ${duration(remainingMs)} left`;
    logger.info(
      { height, targetHeight, blocksPerSecond: Math.round(blocksPerSecond), remainingMs },
      `downloading: block ${height} of ${targetHeight}, ${Math.round(blocksPerSecond)} a second${left}`,
    );
  }

  get current(): SyncProgress {
    const remainingMs = this.#rate.remainingMs(this.#targetHeight);
    return {
      startHeight: this.#startHeight,
      currentHeight: this.#height,
      targetHeight: this.#targetHeight,
      blocksPerSecond: this.#rate.perSecond,
      remainingMs: remainingMs === undefined ? undefined : Math.round(remainingMs),
    };
  }
}
