import { expect, test } from "vitest";
import { DiagnosisLog } from "../../../src/node/diagnosis-log.ts";
import type { Diagnosis } from "../../../src/node/diagnosis-types.ts";
import type { Logger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

const finding = { code: "NO_PEERS", detail: "no peers", remedy: "find some" };

function start() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const write = (level: string) => (_fields: object, message: string) =>
    void lines.push(`${level} ${message}`);
  const logger: Logger = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: () => logger,
  };
  const current: { is: Diagnosis } = { is: { state: "ok", summary: "fine", findings: [] } };
  const log = new DiagnosisLog({ diagnose: () => current.is, clock, logger });
  log.start();
  /** Resolves to the lines that are logged while `state` lasts for `ms`. */
  const during = async (state: Diagnosis["state"], ms: number) => {
    current.is = { state, summary: "s", findings: state === "ok" ? [] : [finding] };
    await clock.advance(ms);
    return lines.splice(0);
  };
  return { clock, log, during };
}

test("says each state once, a halt at once and again every minute", async () => {
  const { during } = start();
  expect(await during("ok", 100_000)).toEqual([]);
  expect(await during("halted", 1_500)).toEqual(["error halted: s", "error no peers"]);
  expect(await during("halted", 57_000)).toEqual([]);
  expect(await during("halted", 3_000)).toEqual(["error halted: s", "error no peers"]);
  expect(await during("ok", 10_000)).toEqual(["info ok: s"]);
  expect(await during("syncing", 10_000)).toEqual(["info syncing: s", "info no peers"]);
  expect(await during("waiting", 200_000)).toEqual(["warn waiting: s", "warn no peers"]);
});

test("does not log short trouble", async () => {
  const { during } = start();
  for (let count = 0; count < 10; count++) {
    expect(await during("waiting", 3_000)).toEqual([]);
    expect(await during("ok", 2_000)).toEqual([]);
  }
});

test("ends", async () => {
  const { clock, log, during } = start();
  log.stop();
  expect(await during("halted", 10_000)).toEqual([]);
  expect(clock.pending).toBe(0);
});
