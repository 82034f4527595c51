import { describe, expect, test } from "vitest";
import { hashesFor } from "../../bench/figures/state-root.ts";
import { parseBytesSent } from "../../bench/lib/socket-bytes.ts";
import { growthExponent, mean, median, quantile } from "../../bench/lib/statistics.ts";
import { parseBusySeconds, parseCpuSeconds, parseKilobytes, threadKind } from "../../bench/lib/usage.ts";

describe("statistics", () => {
  const numbers = [5, 1, 4, 2, 3];

  test("a quantile is one of the numbers (nearest rank)", () => {
    expect([0, 0.2, 0.21, 0.5, 0.99, 1].map((part) => quantile(numbers, part))).toEqual([1, 1, 2, 3, 5, 5]);
    expect(median(new Set([10, 9]))).toBe(9);
    expect(numbers).toEqual([5, 1, 4, 2, 3]);
  });

  test("no numbers have no quantile", () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
    expect(() => mean([])).toThrow(RangeError);
  });

  test.each([
    { cost: "constant", of: () => 7, exponent: 0 },
    { cost: "linear", of: (size: number) => 3 * size, exponent: 1 },
    { cost: "quadratic", of: (size: number) => size ** 2 / 5, exponent: 2 },
  ])("a $cost cost grows with exponent $exponent", ({ of, exponent }) => {
    const points = [10, 100, 500, 1_000].map((size) => ({ size, cost: of(size) }));
    expect(growthExponent(points)).toBeCloseTo(exponent, 10);
  });
});

describe("/proc", () => {
  test("CPU time of a process whose name looks like fields", () => {
    const stat =
      "4242 (a) R (b) S 1 4242 4242 0 -1 4194560 100 0 0 0 123 45 0 0 20 0 11 0 999 1000 200 18446744073709551615";
    expect(parseCpuSeconds(stat)).toBeCloseTo(1.68, 10);
    expect([stat, "7 (V8Worker) S 1", "8 (libuv-worker) S 1"].map(threadKind)).toEqual([
      "main",
      "v8",
      "libuv",
    ]);
  });

  test("CPU time of the machine without its idle time", () => {
    expect(parseBusySeconds("cpu  100 20 30 5000 600 7 8 9 40 0\ncpu0 1 2 3\n")).toBeCloseTo(1.74, 10);
  });

  test("memory", () => {
    const status = "Name:\tnode\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n";
    expect(parseKilobytes(status, "VmHWM")).toBe(2 ** 21);
    expect(() => parseKilobytes(status, "VmSwap")).toThrow("VmSwap");
  });
});

describe("sockets", () => {
  const text = `ESTAB 0 0 127.0.0.1:63261 127.0.0.1:40000 users:(("node",pid=7,fd=20))
\t cubic wscale:10,10 bytes_sent:500 bytes_acked:501
ESTAB 0 0 127.0.0.1:63262 127.0.0.1:40001 users:(("node",pid=7,fd=21))
\t cubic bytes_sent:9000
ESTAB 0 0 127.0.0.1:40000 127.0.0.1:63261 users:(("node",pid=8,fd=19))
\t cubic bytes_sent:70 bytes_retrans:3
ESTAB 0 0 [::1]:40002 [::1]:63261 users:(("node",pid=9,fd=19))
\t cubic bytes_sent:11
ESTAB 0 0 127.0.0.1:40003 127.0.0.1:63261 users:(("node",pid=8,fd=20))
\t cubic lastsnd:5
`;

  test("bytes that processes have sent, without those of the HTTP ports", () => {
    expect(parseBytesSent(text, [7, 8], [63_262])).toBe(570);
    expect(parseBytesSent(text, [9], [])).toBe(11);
    expect(parseBytesSent("", [7], [])).toBe(0);
  });
});

describe("hashes that a changed account needs", () => {
  test("three of its own, and one a level; what two share counts once", () => {
    expect(hashesFor(new Set([0]), 1)).toBe(3);
    expect(hashesFor(new Set([5]), 8)).toBe(3 + 3);
    expect(hashesFor(new Set([4, 5]), 8)).toBe(6 + 3);
    expect(hashesFor(new Set([0, 7]), 8)).toBe(6 + 2 + 2 + 1);
    expect(hashesFor(new Set([4]), 5)).toBe(3 + 3);
  });
});
