import { expect, test } from "vitest";
import { Metrics } from "../../../src/metrics/metrics.ts";

/** Words of a name that `promtool check metrics` refuses: types, and units other than base units. */
const refusedWords =
  /_(counter|gauge|histogram|summary|ms|msec|milliseconds|microseconds|nanoseconds|minutes|hours|days|kb|mb|gb|kilobytes|megabytes|gigabytes|bits|percent|pct)(_|$)/;

test("the names of the node's metrics keep the rules of promtool", async () => {
  const metrics = new Metrics();
  const text = await metrics.text();
  const typed = [...text.matchAll(/^# TYPE (ccoin_\S+) (\S+)$/gm)];
  expect(typed.length).toBeGreaterThan(20);
  const faults = typed.flatMap(([, name = "", type]) => [
    ...(new RegExp(`^# HELP ${name} \\S`, "m").test(text) ? [] : [`${name} has no help`]),
    ...((type === "counter") === name.endsWith("_total")
      ? []
      : [`${name} is a ${type}: _total is for counters`]),
    ...(refusedWords.test(name) ? [`${name} names a type, or a unit that is no base unit`] : []),
    ...(/^[a-z0-9_]+$/.test(name) ? [] : [`${name} is not in snake case`]),
    ...(/_(bucket|count|sum)$/.test(name) ? [`${name} ends as a part of a histogram does`] : []),
  ]);
  expect(faults).toEqual([]);
});
