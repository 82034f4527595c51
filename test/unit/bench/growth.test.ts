import { describe, expect, test } from "vitest";
import type { AxisResult } from "../../bench/growth/axis.ts";
import { growthPlot } from "../../bench/growth/plot.ts";
import { exponentOf, growsTooFast, growthTables } from "../../bench/growth/report.ts";

const result: AxisResult = {
  axis: {
    name: "peers",
    unit: "peers",
    costs: {
      flat: { name: "a block", unit: "CPU ms", should: 0 },
      square: { name: "a message", unit: "bytes", should: 1 },
    },
  },
  points: [1, 10, 100].map((size) => ({ size, values: { flat: 2.5, square: 3 * size ** 2 } })),
};

describe("growth", () => {
  test("a cost that grows faster than it should is told", () => {
    expect(exponentOf(result, "square")).toBeCloseTo(2, 10);
    expect(growsTooFast(result, "square")).toBe(true);
    expect(growsTooFast(result, "flat")).toBe(false);
    expect(growthTables([result])).toBe(
      [
        "| cost, by peers | 1 | 10 | 100 | exponent | should be |",
        "| --- | --- | --- | --- | --- | --- |",
        "| a block, CPU ms | 2.5 | 2.5 | 2.5 | 0.00 | <= 0 |",
        "| a message, bytes | 3 | 300 | 30,000 | 2.00 (too fast) | <= 1 |",
      ].join("\n"),
    );
  });

  test("the plot has a line for each cost, over the whole width, none outside of its panel", () => {
    const svg = growthPlot([result, result, result]);
    const lines = [...svg.matchAll(/<path d="M([^"]*)" fill="none"/g)].map(([, path]) =>
      path!.split("L").map((point) => point.split(" ").map(Number)),
    );
    expect(lines).toHaveLength(6);
    for (const line of lines) {
      expect(line.map(([x]) => x)).toEqual([52, 210, 368]);
      for (const [, y] of line) expect(y! >= 34 && y! <= 208).toBe(true);
    }
    expect(svg).toContain('viewBox="0 0 760 600"');
  });
});
