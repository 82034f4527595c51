import fc from "fast-check";
import { expect, test } from "vitest";
import { countValues } from "../../../src/api/json-values.ts";

const count = (text: string, most = 1000) => countValues(Buffer.from(text), most);

/** The number of values, where an empty list or object counts as if it had one. */
function valuesOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  const inner = Object.values(value);
  return inner.length === 0 ? 2 : 1 + inner.reduce((sum: number, each) => sum + valuesOf(each), 0);
}

test("counts the values of a text, whatever its strings hold", () => {
  expect(count('[{"a":"[,{","b":"\\"[,\\\\"},"é,",[]]')).toBe(7);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(count(JSON.stringify(value))).toBe(valuesOf(value));
    }),
    { seed: 1, numRuns: 500 },
  );
});

test("stops at the most that is asked for, and at the end of a text that breaks off", () => {
  expect(count("[".repeat(50), 10)).toBe(11);
  expect([count('["a,b'), count('["a,b\\'), count("")]).toEqual([2, 2, 1]);
});
