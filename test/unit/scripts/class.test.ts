import { expect, test } from "vitest";
import { decided } from "../../../scripts/class/decided.ts";

const final = ["finalized", "finalized"];
const gone = ["unknown", "unknown"];

test("a double spend is decided whichever half of the network wins", () => {
  expect(decided([final, gone])).toEqual({ kept: 0, lost: 1 });
  expect(decided([gone, final])).toEqual({ kept: 1, lost: 0 });
});

test.each([
  ["one node has not finalized it", [["finalized", "included"], gone]],
  ["one node still knows the other payment", [final, ["unknown", "pending"]]],
  ["both are gone", [gone, gone]],
])("a double spend is open while %s", (_, statuses) => {
  expect(decided(statuses)).toBeUndefined();
});
