import { expect, test } from "vitest";
import { BlockEntries, type BlockEntry, type Payer, waitingLimits } from "../../../src/sync/block-entries.ts";
import { toHex } from "../../../src/util/bytes.ts";

function entry(number: number, payer: Payer, bytes = 100): BlockEntry {
  const id = new Uint8Array(32).fill(1);
  new DataView(id.buffer).setUint32(0, number);
  const block = { id, header: { message: { parent: new Uint8Array(32) } }, body: { length: bytes } };
  return { id, idHex: toHex(id), payer, state: { kind: "orphan", loaded: { block, from: "peer" } as never } };
}

function wait(entries: BlockEntries, one: BlockEntry): boolean {
  return entries.wait(one, one.state as never);
}

test("one proposer has places for a few waiting blocks; its oldest give way", () => {
  const entries = new BlockEntries();
  const all = Array.from({ length: waitingLimits.perPayer.blocks + 3 }, (_, at) => entry(at, "authority a"));
  for (const one of all) expect(wait(entries, one)).toBe(true);
  expect(all.map(({ idHex }) => entries.get(idHex) !== undefined)).toEqual(all.map((_, at) => at >= 3));
});

test("nobody pushes out the blocks of others by size or by number", () => {
  const entries = new BlockEntries();
  const honest = entry(1, "authority honest");
  wait(entries, honest);
  for (let at = 2; at < 12; at++) wait(entries, entry(at, "authority evil", 16 * 2 ** 20));
  for (let at = 12; at < 600; at++) wait(entries, entry(at, `peer ${at % 40}`));
  expect(entries.get(honest.idHex)).toBe(honest);
  expect(entries.count("orphan")).toBeLessThanOrEqual(waitingLimits.inAll.blocks);
});

test("all waiting blocks together have a bound in bytes", () => {
  const entries = new BlockEntries();
  const big = waitingLimits.perPayer.bytes;
  for (let at = 0; at < 10; at++) wait(entries, entry(at, `authority ${at}`, big));
  expect(entries.count("orphan")).toBe(waitingLimits.inAll.bytes / big);
});

test("loads have places for each payer and in all", () => {
  const entries = new BlockEntries();
  const load = (at: number, payer: Payer) => {
    if (!entries.mayLoad(payer)) return false;
    entries.add({ ...entry(at, payer), state: { kind: "loading", load: {} as never } });
    return true;
  };
  for (let at = 0; at < 16; at++) expect(load(at, "peer a")).toBe(true);
  expect(load(16, "peer a")).toBe(false);
  expect(load(17, "authority b")).toBe(true);
  for (let at = 100; at < 339; at++) expect(load(at, "vote")).toBe(true);
  expect(load(400, "authority c")).toBe(false);
});
