import { expect, test } from "vitest";
import { DownloadProgress } from "../../../src/sync/download-progress.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

test("logs its progress, rate and remaining time every ten seconds", async () => {
  const clock = new ManualClock();
  const lines: string[] = [];
  const logger = { ...silentLogger, info: (_fields: object, line: string) => void lines.push(line) };
  const progress = new DownloadProgress({ clock, logger }, 100, 10_100);
  expect(progress.current).toEqual({
    startHeight: 100,
    currentHeight: 100,
    targetHeight: 10_100,
    blocksPerSecond: 0,
    remainingMs: undefined,
  });
  for (let second = 1; second <= 25; second++) {
    await clock.advance(1_000);
    progress.update(100 + 200 * second);
  }
  expect(lines).toEqual([
    "downloading: block 2100 of 10100, 200 a second, 40 s left",
    "downloading: block 4100 of 10100, 200 a second, 30 s left",
  ]);
  expect(progress.current).toMatchObject({ currentHeight: 5_100, remainingMs: 25_000 });
});
