import { expect, it } from "vitest";
import { uptime } from "../../../src/explorer/format.ts";
import { longTerm } from "../../../src/explorer/stories/long-term.ts";
import { missedByDay } from "../../../src/explorer/stories/missed-days.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

function hour(start: number, fields: object = {}) {
  const times = { start, since: start - 1_000, until: start + hourMs - 1_000, longest: 3_000 };
  const counts = { fromHeight: 1, blocks: 1_800, transactions: 7_200, accounts: 9, authorities: 4 };
  return { ...times, ...counts, finality: 800, missed: [], ...fields };
}

it("rounds uptime down, so that a missed turn is never hidden", () => {
  expect([uptime(0, 60), uptime(1, 3_000), uptime(3, 9), uptime(5, 5), uptime(0, 0)]).toEqual([
    "100 %",
    "99.9 %",
    "66.6 %",
    "0.0 %",
    "–",
  ]);
});

it("sums missed turns by day, and knows days without figures from days without a missed turn", () => {
  const nowMs = 10 * dayMs;
  const missed = (address: string, turns: number) => ({ missed: [{ address, turns }] });
  const hours = [
    hour(nowMs - hourMs, missed("a", 2)),
    hour(nowMs - 2 * hourMs, missed("a", 3)),
    hour(nowMs - dayMs - hourMs, missed("b", 4)),
    hour(nowMs - 5 * dayMs, missed("a", 100)),
  ];
  expect(missedByDay(hours, { addresses: ["a", "b"], days: 4, nowMs })).toEqual([
    { address: "a", byDay: [undefined, undefined, 0, 5], missed: 5, turns: 1_350 },
    { address: "b", byDay: [undefined, undefined, 4, 0], missed: 4, turns: 1_350 },
  ]);
});

it("shows an hour without a block as a halt, and nothing of hours before the first figures", () => {
  const hours = [hour(10 * hourMs), hour(8 * hourMs, { finality: null })];
  const series = longTerm(hours, { count: 4, label: (start) => `${start / hourMs}` });
  const values = (name: keyof typeof series) => series[name].map(({ value }) => value);
  expect(series.rates.map(({ label }) => label)).toEqual(["7", "8", "9", "10"]);
  expect(values("rates")).toEqual([Number.NaN, 2, 0, 2]);
  expect(values("intervals")).toEqual([Number.NaN, 2_000, Number.NaN, 2_000]);
  expect(values("finality")).toEqual([Number.NaN, Number.NaN, Number.NaN, 800]);
  expect(values("accounts")).toEqual([Number.NaN, 9, 9, 9]);
  expect(longTerm([], { count: 4, label: String }).rates).toEqual([]);
});
