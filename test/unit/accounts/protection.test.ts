import { describe, expect, test } from "vitest";
import { emptyRecord, type ProtectionRecord } from "../../../src/accounts/index.ts";
import {
  checkHeaderSigning,
  checkVoteSigning,
  mergeDoubt,
  mergeHeader,
  mergeVote,
} from "../../../src/accounts/protection.ts";
import { rootOf } from "./signing.ts";

const record = (changes: Partial<ProtectionRecord> = {}): ProtectionRecord => ({
  ...emptyRecord(0),
  ...changes,
});
const [a, b] = [rootOf(1), rootOf(2)];

function outcome(run: () => string): string {
  try {
    return run();
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("a header", () => {
  test.each<[string, Partial<ProtectionRecord>, (Uint8Array | undefined)[], string]>([
    ["in a free slot", {}, [], "new"],
    ["above the floor", { floorSlot: 4 }, [], "new"],
    ["at the floor", { floorSlot: 5 }, [], "SLASHABLE_HEADER"],
    ["that was signed", {}, [a], "repeated"],
    ["that was signed below the floor", { floorSlot: 9 }, [a], "repeated"],
    ["in a slot with another", {}, [b], "SLASHABLE_HEADER"],
    ["in a slot with both", {}, [a, b], "SLASHABLE_HEADER"],
    ["in a slot with an unknown one", {}, [undefined], "SLASHABLE_HEADER"],
    ["that was the last, its entry pruned", { slot: 5, slotRoot: a, floorSlot: 9 }, [], "repeated"],
    ["in the last slot, which has another", { slot: 5, slotRoot: b }, [], "SLASHABLE_HEADER"],
    ["in the last slot, which has an unknown one", { slot: 5 }, [], "SLASHABLE_HEADER"],
    [
      "in the last slot, where its entry and the record differ",
      { slot: 5, slotRoot: b },
      [a],
      "SLASHABLE_HEADER",
    ],
    ["in a slot beside the last", { slot: 6, slotRoot: b }, [], "new"],
  ])("%s", (_, changes, signed, expected) => {
    const entries = signed.map((root) => ({ slot: 5, root }));
    expect(outcome(() => checkHeaderSigning(record(changes), entries, { slot: 5, root: a }))).toBe(expected);
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53])("refuses a header for the slot %d", (slot) => {
    expect(outcome(() => checkHeaderSigning(record(), [], { slot, root: a }))).toBe("SLASHABLE_HEADER");
  });
});

describe("a vote", () => {
  const last = { sourceRound: 3, targetRound: 5, targetRoot: a };
  test.each<[number, number, Uint8Array, Partial<ProtectionRecord>, string]>([
    [0, 1, a, {}, "new"],
    [3, 6, a, last, "new"],
    [4, 6, a, last, "new"],
    [2, 6, a, last, "SLASHABLE_VOTE"],
    [3, 5, a, last, "repeated"],
    [3, 5, b, last, "SLASHABLE_VOTE"],
    [3, 5, a, { ...last, targetRoot: undefined }, "SLASHABLE_VOTE"],
    [3, 4, a, last, "SLASHABLE_VOTE"],
    [3, 4, b, last, "SLASHABLE_VOTE"],
    [6, 6, a, last, "SLASHABLE_VOTE"],
    [7, 6, a, last, "SLASHABLE_VOTE"],
    [0, 0, a, {}, "SLASHABLE_VOTE"],
    [-1, 6, a, { sourceRound: -9 }, "SLASHABLE_VOTE"],
    [0.5, 6, a, {}, "SLASHABLE_VOTE"],
    [0, 6.5, a, {}, "SLASHABLE_VOTE"],
    [0, 2 ** 53, a, {}, "SLASHABLE_VOTE"],
  ])("%d -> %d", (sourceRound, targetRound, root, changes, expected) => {
    const vote = { sourceRound, targetRound, root };
    expect(outcome(() => checkVoteSigning(record(changes), vote))).toBe(expected);
  });
});

describe("merging", () => {
  const header = { slot: 5, slotRoot: a, floorSlot: 2 };
  test.each<[number, Uint8Array | undefined, Partial<ProtectionRecord>]>([
    [4, b, { slot: 5, slotRoot: a, floorSlot: 5 }],
    [6, b, { slot: 6, slotRoot: b, floorSlot: 6 }],
    [6, undefined, { slot: 6, slotRoot: undefined, floorSlot: 6 }],
    [5, a, { slot: 5, slotRoot: a, floorSlot: 5 }],
    [5, b, { slot: 5, slotRoot: undefined, floorSlot: 5 }],
    [5, undefined, { slot: 5, slotRoot: undefined, floorSlot: 5 }],
  ])("a header in slot %d", (slot, root, expected) => {
    expect(mergeHeader(record(header), { slot, root })).toEqual(record(expected));
    expect(mergeHeader(record({ ...header, floorSlot: 9 }), { slot, root }).floorSlot).toBe(9);
  });

  const vote = { sourceRound: 3, targetRound: 5, targetRoot: a, votedRound: 4 };
  test.each<[number, number, Uint8Array | undefined, Partial<ProtectionRecord>]>([
    [2, 3, b, vote],
    [4, 4, undefined, { ...vote, sourceRound: 4 }],
    [2, 5, a, { ...vote, votedRound: 5 }],
    [2, 5, b, { ...vote, votedRound: 5, targetRoot: undefined }],
    [2, 5, undefined, { ...vote, targetRoot: undefined }],
    [2, 6, b, { ...vote, votedRound: 6, targetRound: 6, targetRoot: b }],
    [2, 6, undefined, { ...vote, targetRound: 6, targetRoot: undefined }],
  ])("a vote %d -> %d", (sourceRound, targetRound, root, expected) => {
    expect(mergeVote(record(vote), { sourceRound, targetRound, root })).toEqual(record(expected));
  });

  test("an unknown root and a known one make an unknown one", () => {
    const known = { sourceRound: 3, targetRound: 5, root: a };
    expect(mergeVote(record({ ...vote, targetRoot: undefined }), known).targetRoot).toBe(undefined);
    expect(mergeHeader(record({ slot: 5 }), { slot: 5, root: a }).slotRoot).toBe(undefined);
  });

  test.each([
    [undefined, undefined, undefined],
    [undefined, 5, 5],
    [5, undefined, 5],
    [5, 7, 5],
    [7, 5, 5],
    [0, 5, 0],
  ])("doubts since %d and %d", (own, other, expected) => {
    expect(mergeDoubt(record({ votesDoubtfulSinceMs: own }), other).votesDoubtfulSinceMs).toBe(expected);
  });
});
