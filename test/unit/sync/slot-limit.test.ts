import { expect, test } from "vitest";
import { SlotLimit } from "../../../src/sync/slot-limit.ts";
import type { Header } from "../../../src/types/index.ts";

const slotMs = 1_000;

/** Returns a function that asks the limit about a new header each time. */
function asker(limit: SlotLimit) {
  let made = 0;
  return (proposer: number, slot: number, height: number, number = ++made) => {
    const id = new Uint8Array(32);
    new DataView(id.buffer).setUint32(0, number);
    const header = { proposer: new Uint8Array(32).fill(proposer), timestamp: slot * slotMs + 1, height };
    return limit.admits(header as Header, id);
  };
}

test("admits two headers of a proposer in a slot, each repeatedly", () => {
  const admits = asker(new SlotLimit(slotMs));
  expect([1, 2, 3].map((number) => admits(1, 5, 5, 1_000 + number))).toEqual([true, true, false]);
  expect([1, 2, 3].map((number) => admits(1, 5, 5, 1_000 + number))).toEqual([true, true, false]);
  expect(admits(2, 5, 5)).toBe(true);
  expect(admits(1, 6, 6)).toBe(true);
});

test("admits eight headers of a proposer at a height, however many slots there are", () => {
  const admits = asker(new SlotLimit(slotMs));
  const said = Array.from({ length: 20 }, (_, slot) => admits(1, slot, 7));
  expect(said).toEqual(said.map((_, slot) => slot < 8));
  expect(admits(1, 19, 8)).toBe(true);
  expect(admits(2, 19, 7)).toBe(true);
});

test("remembers the headers of others whatever one proposer signs", () => {
  const admits = asker(new SlotLimit(slotMs));
  expect([admits(1, 5, 5), admits(1, 5, 5)]).toEqual([true, true]);
  for (let slot = 0; slot < 500; slot++) admits(2, slot, slot);
  expect(admits(1, 5, 5)).toBe(false);
});

test("does not admit the lowest slots again for a proposer that has signed in many slots and at many heights", () => {
  const admits = asker(new SlotLimit(slotMs));
  for (let at = 1; at <= 100; at++)
    expect([1, 2, 3].map(() => admits(1, at, at))).toEqual([true, true, false]);
  for (let at = 1; at <= 100; at++) expect(admits(1, at, at)).toBe(false);
  for (let at = 1; at <= 100; at++) expect(admits(1, 200, at)).toBe(at > 36 && at <= 38);
  expect(admits(1, 101, 101)).toBe(true);
});

test("does not forget an admitted header for a refused one", () => {
  const admits = asker(new SlotLimit(slotMs));
  for (let slot = 0; slot < 8; slot++) expect(admits(1, slot, 5)).toBe(true);
  for (let slot = 8; slot < 200; slot++) expect(admits(1, slot, 5)).toBe(false);
  expect([admits(1, 0, 6), admits(1, 0, 6)]).toEqual([true, false]);
});

test("tells whether a header is surplus without remembering it", () => {
  const limit = new SlotLimit(slotMs);
  const header = { proposer: new Uint8Array(32), timestamp: 1, height: 1 } as Header;
  const ids = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
  expect(ids.map((id) => limit.isSurplus(header, id))).toEqual([false, false, false]);
  expect(ids.map((id) => limit.admits(header, id))).toEqual([true, true, false]);
  expect(ids.map((id) => limit.isSurplus(header, id))).toEqual([false, false, true]);
});
