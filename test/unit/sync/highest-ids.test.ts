import { expect, test } from "vitest";
import { HighestIds } from "../../../src/sync/highest-ids.ts";

function filled(...numbers: number[]): HighestIds {
  const ids = new HighestIds(3);
  for (const number of numbers) ids.add(number, `0x${number}`);
  return ids;
}

test("keeps the ids of the highest numbers, in whatever order they come", () => {
  for (const ids of [filled(1, 2, 3, 4), filled(4, 3, 2, 1), filled(3, 1, 4, 2)]) {
    expect([1, 2, 3, 4].map((number) => ids.at(number)?.size)).toEqual([undefined, 1, 1, 1]);
    expect(ids.highest).toBe(4);
  }
});

test("gives no ids for a number that has none yet", () => {
  const ids = filled(1, 5);
  expect([...ids.at(0)!]).toEqual([]);
  ids.add(3, "0x3");
  expect([0, 2, 9].map((number) => ids.at(number)?.size)).toEqual([undefined, 0, 0]);
  ids.add(5, "0x6");
  expect([...ids.at(5)!]).toEqual(["0x5", "0x6"]);
});
