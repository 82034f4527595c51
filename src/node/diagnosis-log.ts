import type { DiagnosisState } from "../api/index.ts";
import { type Clock, every } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { Diagnosis } from "./diagnosis-types.ts";

export const lookEveryMs = 1_000;
/** Trouble that passes sooner, such as a block out of turn, is not logged. A halt is logged at once. */
const settleMs = 5_000;
const repeatMs = 60_000;

export interface DiagnosisLogOptions {
  diagnose(): Diagnosis;
  clock: Clock;
  logger: Logger;
}

/** Logs each change of the diagnosis, and repeats it every minute while the chain is halted. */
export class DiagnosisLog {
  readonly #options: DiagnosisLogOptions;
  #cancel: () => void = () => undefined;
  /** The last logged state, and when it was logged. */
  #said: { state: DiagnosisState; atMs: number };
  /** The state that is seen now, and since when. */
  #seen: { state: DiagnosisState; sinceMs: number };

  constructor(options: DiagnosisLogOptions) {
    const nowMs = options.clock.now();
    this.#options = options;
    this.#said = { state: "ok", atMs: nowMs };
    this.#seen = { state: "ok", sinceMs: nowMs };
  }

  start(): void {
    this.#cancel = every(this.#options.clock, lookEveryMs, () => this.#look());
  }

  stop(): void {
    this.#cancel();
  }

  #look(): void {
    const { clock, diagnose } = this.#options;
    const diagnosis = diagnose();
    const { state } = diagnosis;
    const nowMs = clock.now();
    if (state !== this.#seen.state) this.#seen = { state, sinceMs: nowMs };
    const isSettled = state === "halted" || nowMs - this.#seen.sinceMs >= settleMs;
    const isNews = state !== this.#said.state && isSettled;
    const isReminder = state === "halted" && nowMs - this.#said.atMs >= repeatMs;
    if (!isNews && !isReminder) return;
    this.#said = { state, atMs: nowMs };
    this.#say(diagnosis);
  }

  #say({ state, summary, findings }: Diagnosis): void {
    const { logger } = this.#options;
    const level = state === "halted" ? "error" : state === "waiting" ? "warn" : "info";
    logger[level]({ state }, `${state}: ${summary}`);
    if (state === "ok") return;
    for (const { code, detail, remedy } of findings) logger[level]({ code, remedy }, detail);
  }
}
