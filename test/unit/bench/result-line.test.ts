import { describe, expect, test } from "vitest";
import { defineFigure, type Measured } from "../../bench/figure.ts";
import { goalTable } from "../../bench/lib/goal-table.ts";
import { middleOf } from "../../bench/lib/middle-run.ts";
import {
  isMet,
  jsonLine,
  type Result,
  round,
  selectFigures,
  textLines,
} from "../../bench/lib/result-line.ts";

const environment = {
  version: "1.2.3",
  commit: "abc",
  node: "v24",
  cpu: "a CPU",
  cores: 2,
  memoryBytes: 8e9,
  kernel: "6",
};

const measured: Measured = {
  value: 12_345.6,
  unit: "tx/s",
  limit: { what: "verifies/s", value: 20_000 },
  cpuSeconds: 1.2345,
  peakMemoryBytes: 123_456_789,
  details: { slowestMs: 0.012345 },
};

const result: Result = {
  figure: "sync",
  settings: { blocks: 40 },
  measured,
  runs: [measured],
  goals: [
    { of: "ratio", is: ">=", bound: 0.65 },
    { of: "slowestMs", is: "<", bound: 0.1 },
    { of: "aboveEmptyMb", is: "<", bound: 250 },
  ],
};

describe("result lines", () => {
  test("numbers have three significant digits", () => {
    expect([0, 0.012345, 1.2345, 12.345, 123.45, 12_345.6, -0.5].map(round)).toEqual([
      0, 0.0123, 1.23, 12.3, 123, 12_346, -0.5,
    ]);
  });

  test("JSON: the ratio, the goals, the settings and the machine in one line", () => {
    const line = jsonLine(result, environment);
    expect(line).not.toContain("\n");
    expect(JSON.parse(line)).toEqual({
      figure: "sync",
      settings: { blocks: 40 },
      runs: 1,
      value: 12_346,
      unit: "tx/s",
      ratio: 0.617,
      limit: { what: "verifies/s", value: 20_000 },
      cpuSeconds: 1.23,
      peakMemoryBytes: 123_456_789,
      details: { slowestMs: 0.0123 },
      goals: [
        { of: "ratio", is: ">=", bound: 0.65, met: false },
        { of: "slowestMs", is: "<", bound: 0.1, met: true },
        { of: "aboveEmptyMb", is: "<", bound: 250, met: false },
      ],
      ...environment,
    });
  });

  test("text: what is met, and what was not measured", () => {
    expect(textLines(result)).toBe(
      [
        "sync blocks=40  12346 tx/s  0.617 of 20000 verifies/s",
        "    CPU 1.23 s, peak 123 MB, slowestMs 0.0123",
        "    goal ratio >= 0.65: NOT met (0.617)",
        "    goal slowestMs < 0.1: met (0.0123)",
        "    goal aboveEmptyMb < 250: not measured",
      ].join("\n"),
    );
  });

  test("goals at their bounds", () => {
    const measured = { value: 5, unit: "ms" };
    const met = (is: ">=" | "<=" | "<", bound: number) => isMet({ of: "value", is, bound }, measured);
    expect([met(">=", 5), met("<=", 5), met("<", 5), met("<", 5.1), met(">=", 5.1)]).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
    expect(isMet({ of: "ratio", is: ">=", bound: 0 }, measured)).toBe(false);
  });
});

describe("several runs", () => {
  const run = (value: number, limit: number, slowestMs: number): Measured => ({
    value,
    unit: "tx/s",
    limit: { what: "verifies/s", value: limit },
    details: { slowestMs },
  });

  test("the middle is that of the ratios, with the median of each detail", () => {
    const runs = [run(90, 100, 1), run(80, 100, 3), run(95, 95, 2)];
    expect(middleOf(runs)).toEqual(run(90, 100, 2));
    expect(
      middleOf([
        { value: 3, unit: "ms" },
        { value: 2, unit: "ms" },
      ]),
    ).toEqual({ value: 2, unit: "ms" });
  });

  test("a table of goals", () => {
    const runs = [run(70, 100, 1), run(60, 100, 3), run(50, 100, 2)];
    const table = goalTable([{ ...result, measured: middleOf(runs), runs }]);
    expect(table.split("\n").slice(2)).toEqual([
      "| `sync blocks=40` | ratio >= 0.65 | 0.6 | 0.5 to 0.7 | missed |",
      "| `sync blocks=40` | slowestMs < 0.1 | 2 | 1 to 3 | missed |",
      "| `sync blocks=40` | aboveEmptyMb < 250 | not measured |  | missed |",
    ]);
  });
});

describe("the choice of figures", () => {
  const figures = ["submit-ssz", "submit-json", "sync", "synchrony"].map((name) =>
    defineFigure({ name, measures: "", quick: [], full: [], run: async () => ({ value: 1, unit: "" }) }),
  );
  const names = (only: string[]) => selectFigures(figures, only).map(({ name }) => name);

  test("chooses figures by name, or by what comes before a hyphen", () => {
    expect(names([])).toHaveLength(4);
    expect(names(["submit"])).toEqual(["submit-ssz", "submit-json"]);
    expect(names(["sync", "submit-ssz"])).toEqual(["submit-ssz", "sync"]);
    expect(() => names(["syn"])).toThrow("submit-ssz, submit-json, sync, synchrony");
  });
});
