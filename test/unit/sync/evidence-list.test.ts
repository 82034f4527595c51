import { expect, test } from "vitest";
import type { Offence } from "../../../src/consensus/index.ts";
import type { Address } from "../../../src/crypto/address.ts";
import { EvidenceList, type ListedEvidence } from "../../../src/sync/evidence-list.ts";
import type { Hex } from "../../../src/util/bytes.ts";

function evidence(offender: string, number: number, offence: Offence = "header"): ListedEvidence {
  const id = `0x${offender}${number}` as Hex;
  return {
    summary: {
      id,
      offender: offender as Address,
      offence,
      conflicting: [id, id],
      receivedAtMs: number,
    },
    offender: new Uint8Array(32),
    place: new Uint8Array(8),
  };
}

const names = (list: readonly ListedEvidence[]) => list.map(({ summary }) => summary.id.slice(2));

test("lists the newest first: one of each offender and kind, then a second of each", () => {
  const list = new EvidenceList();
  expect(list.newest(10)).toEqual([]);
  for (const [offender, number] of [
    ["b", 1],
    ["a", 2],
    ["a", 3],
    ["a", 4],
  ] as const)
    list.add(evidence(offender, number));
  list.add(evidence("a", 5, "doubleVote"));
  expect(names(list.newest(10))).toEqual(["a5", "a4", "a3", "a2", "b1"]);
  expect(names(list.newest(3))).toEqual(["a5", "a4", "b1"]);
  expect(names(list.newest(4))).toEqual(["a5", "a4", "a3", "b1"]);
  expect(names(list.newest(1))).toHaveLength(1);
  expect(list.newest(0)).toEqual([]);
});

test("keeps the first 8 and the newest of 256 pieces of one offender and kind", () => {
  const list = new EvidenceList();
  for (let number = 1; number <= 300; number++) list.add(evidence("a", number));
  const kept = names(list.newest(1_000)).map((name) => Number(name.slice(1)));
  expect(kept).toHaveLength(256);
  expect(kept.slice(-8)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  expect([kept[0], kept[247]]).toEqual([300, 53]);
});

test("many offenders share 16,384 places, at least 16 for each", () => {
  const list = new EvidenceList();
  for (let offender = 0; offender < 127; offender++) list.add(evidence(`o${offender}-`, 1));
  for (let number = 1; number <= 200; number++) list.add(evidence("x", number));
  // 16,384 / 128
  expect(names(list.newest(20_000)).filter((name) => name.startsWith("x"))).toHaveLength(128);
  for (let offender = 127; offender < 1_100; offender++) list.add(evidence(`o${offender}-`, 1));
  for (let number = 1; number <= 40; number++) list.add(evidence("y", number));
  expect(names(list.newest(20_000)).filter((name) => name.startsWith("y"))).toHaveLength(16);
});
