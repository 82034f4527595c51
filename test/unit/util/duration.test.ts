import { expect, test } from "vitest";
import { duration } from "../../../src/util/duration.ts";

test.each([
  [-5, "0 ms"],
  [850, "850 ms"],
  [1_000, "1 s"],
  [119_400, "119 s"],
  [119_900, "120 s"],
  [570_000, "9 min 30 s"],
  [600_000, "10 min"],
  [7_199_900, "120 min"],
  [7_260_000, "2 h 1 min"],
  [86_400_000, "24 h"],
])("%d ms are %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});
