import { expect, test } from "vitest";
import {
  BlockEntries,
  type BlockEntry,
  type EntryState,
  type Payer,
  waitingLimits,
} from "../../../src/sync/block-entries.ts";
import { toHex } from "../../../src/util/bytes.ts";

function idOf(number: number): Uint8Array {
  const id = new Uint8Array(32).fill(1);
  new DataView(id.buffer).setUint32(0, number);
  return id;
}

/** An orphan on block 0. */
function entry(number: number, payer: Payer, bytes = 100, parent = 0): BlockEntry {
  const id = idOf(number);
  const block = { id, header: { message: { parent: idOf(parent) } }, body: { length: bytes } };
  return {
    id,
    idHex: toHex(id),
    announcedAtMs: 0,
    payer,
    state: { kind: "orphan", loaded: { block, from: "peer" } as never },
  };
}

/** A peer's name before the first `@` is its address. */
const hostOf = (peer: string) => {
  if (peer.includes(" ")) throw new Error(`no peer: ${peer}`);
  return peer.split("@")[0]!;
};

function wait(entries: BlockEntries, one: BlockEntry): boolean {
  return entries.wait(one, one.state as never);
}

test("keeps a few waiting blocks of each proposer; its oldest are replaced", () => {
  const entries = new BlockEntries(hostOf);
  const all = Array.from({ length: waitingLimits.perPayer.blocks + 3 }, (_, at) => entry(at, "authority a"));
  for (const one of all) expect(wait(entries, one)).toBe(true);
  expect(all.map(({ idHex }) => entries.get(idHex) !== undefined)).toEqual(all.map((_, at) => at >= 3));
});

test("does not let a payer push out the blocks of others by size or number", () => {
  const entries = new BlockEntries(hostOf);
  const honest = entry(1, "authority honest");
  wait(entries, honest);
  for (let at = 2; at < 12; at++) wait(entries, entry(at, "authority evil", 16 * 2 ** 20));
  for (let at = 12; at < 600; at++) wait(entries, entry(at, `peer ${at % 40}`));
  expect(entries.get(honest.idHex)).toBe(honest);
  expect(entries.count("orphan")).toBeLessThanOrEqual(waitingLimits.inAll.blocks);
});

test("bounds the bytes of all waiting blocks", () => {
  const entries = new BlockEntries(hostOf);
  const big = waitingLimits.perPayer.bytes;
  for (let at = 0; at < 10; at++) wait(entries, entry(at, `authority ${at}`, big));
  expect(entries.count("orphan")).toBe(waitingLimits.inAll.bytes / big);
});

test("does not let any number of strangers push out an authority's block, even if it has more blocks than each of them", () => {
  const entries = new BlockEntries(hostOf);
  const honest = [1, 2, 3].map((number) => entry(number, "authority honest"));
  for (const one of honest) wait(entries, one);
  for (let at = 10; at < 1_000; at++) wait(entries, entry(at, `peer ${at}`));
  expect(honest.map(({ idHex }) => entries.get(idHex))).toEqual(honest);
  expect(entries.count("orphan")).toBe(waitingLimits.inAll.blocks);
  for (let at = 1_000; at < 2_000; at++)
    wait(entries, entry(at, `peer ${at}`, waitingLimits.perPayer.bytes / 2));
  expect(honest.map(({ idHex }) => entries.get(idHex))).toEqual(honest);
});

test("removes the oldest block of the payer with the most blocks, or refuses the new block if its payer has the most", () => {
  const entries = new BlockEntries(hostOf);
  const all = Array.from({ length: 17 }, (_, payer) =>
    Array.from({ length: 16 }, (_, at) => entry(payer * 100 + at, `authority ${payer}`)),
  );
  for (const one of all.slice(0, 16).flat()) wait(entries, one);
  expect(entries.count("orphan")).toBe(256);
  for (const one of all[16]!) expect(wait(entries, one)).toBe(true);
  const left = all.map((own) => own.filter(({ idHex }) => entries.get(idHex)).length);
  expect(left.reduce((sum, count) => sum + count)).toBe(256);
  expect(Math.max(...left) - Math.min(...left)).toBeLessThanOrEqual(1);
  for (const own of all)
    expect(own.slice(-left[all.indexOf(own)]!).every(({ idHex }) => entries.get(idHex))).toBe(true);
  const large = entry(9_000, "peer a", waitingLimits.perPayer.bytes + 1);
  expect(wait(entries, large)).toBe(false);
});

test("the payer with the largest part of a limit gives way, be it by blocks or by bytes", () => {
  const many = Array.from({ length: 16 }, (_, at) => entry(at, "authority many"));
  const large = [100, 101].map((number) => entry(number, "authority large", 16 * 2 ** 20));
  const others = [200, 201].map((number) => entry(number, "authority other", 16 * 2 ** 20 - 10_000));
  const byBytes = new BlockEntries(hostOf);
  for (const one of [...many, ...large, ...others]) wait(byBytes, one);
  expect(byBytes.count("orphan")).toBe(20);
  wait(byBytes, entry(300, "authority new", 10 * 2 ** 20));
  expect(large.map(({ idHex }) => byBytes.get(idHex) !== undefined)).toEqual([false, true]);
  expect(byBytes.count("orphan")).toBe(20);

  const byNumber = new BlockEntries(hostOf);
  const few = [100, 101].map((number) => entry(number, "authority few", 2 ** 20));
  for (const one of few) wait(byNumber, one);
  for (let at = 1_000; at < 1_300; at++) wait(byNumber, entry(at, `authority ${Math.floor(at / 16)}`));
  expect(byNumber.count("orphan")).toBe(256);
  expect(few.map(({ idHex }) => byNumber.get(idHex))).toEqual(few);
});

test("blocks that are loaded or imported have no place among those that wait", () => {
  const entries = new BlockEntries(hostOf);
  const busy = (["loading", "importing"] as const).map((kind, at) => {
    const { state, ...rest } = entry(at, "peer a", 2 ** 30);
    return { ...rest, state: { ...state, kind } as never };
  });
  for (const one of busy) entries.add(one);
  for (let at = 10; at < 30; at++) expect(wait(entries, entry(at, "peer a"))).toBe(true);
  expect(entries.count("orphan")).toBe(16);
  expect(busy.map(({ idHex }) => entries.get(idHex))).toEqual(busy);
});

test("blocks ahead of the clock share the places of orphans, and their timers end with them", () => {
  const entries = new BlockEntries(hostOf);
  const cancelled: number[] = [];
  const early = (number: number) => {
    const { state, ...rest } = entry(number, "authority a");
    const { loaded } = state as Extract<EntryState, { kind: "orphan" }>;
    const one = { ...rest, state } satisfies BlockEntry;
    return entries.wait(one, { kind: "early", loaded, cancel: () => cancelled.push(number) });
  };
  for (let at = 1; at <= 10; at++) early(at);
  for (let at = 11; at <= 20; at++) wait(entries, entry(at, "authority a"));
  expect([entries.count("early"), entries.count("orphan")]).toEqual([6, 10]);
  expect(cancelled).toEqual([1, 2, 3, 4]);
  entries.clear();
  expect([entries.count("early"), entries.count("orphan")]).toEqual([0, 0]);
  expect(cancelled).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("the blocks that wait on one are known, with the first one that is missing below, and go with it", () => {
  const entries = new BlockEntries(hostOf);
  // 1 <- 2 <- 3 <- 6 and 2 <- 4; 5 is on another block.
  const chain = [
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 2],
    [5, 9],
    [6, 3],
  ].map(([number, parent]) => entry(number!, "authority a", 100, parent));
  for (const one of chain) wait(entries, one);
  const numbersOn = (number: number) =>
    entries.orphansOf(toHex(idOf(number))).map((one) => chain.indexOf(one) + 1);
  expect([0, 1, 2, 3, 9].map(numbersOn)).toEqual([[1], [2], [3, 4], [6], [5]]);
  expect([2, 4].map((at) => entries.missingBelow(chain[at]!))).toEqual([idOf(0), idOf(9)]);
  // Its parent is here, although it is not in the chain yet.
  const { idHex } = chain[1]!;
  chain[1]!.state = { ...chain[1]!.state, kind: "importing" } as never;
  expect(entries.missingBelow(chain[2]!)).toEqual(idOf(2));
  expect(numbersOn(1)).toEqual([]);
  entries.removeDescendants(idHex);
  expect(chain.map((one) => entries.get(one.idHex) !== undefined)).toEqual([
    true,
    true,
    false,
    false,
    true,
    false,
  ]);
});

test("does not count a block twice that waits again, and does not restore a removed one", () => {
  const entries = new BlockEntries(hostOf);
  const one = entry(1, "authority a");
  for (let times = 0; times < 300; times++) expect(wait(entries, one)).toBe(true);
  expect(entries.count("orphan")).toBe(1);
  // It is the newest then.
  const own = Array.from({ length: 15 }, (_, at) => entry(10 + at, "authority a"));
  for (const each of [...own, one, entry(30, "authority a")]) wait(entries, each);
  expect([one, own[0]!, own[1]!].map(({ idHex }) => entries.get(idHex) !== undefined)).toEqual([
    true,
    false,
    true,
  ]);
  const other = { ...one, state: one.state };
  entries.remove(other);
  expect(entries.get(one.idHex)).toBe(one);
});

/** Loads as many blocks of `payers` as allowed, in turn. */
function loader() {
  const entries = new BlockEntries(hostOf);
  let number = 0;
  return (payer: Payer, times = 1) => {
    let loaded = 0;
    for (; loaded < times && entries.mayLoad(payer); loaded++)
      entries.add({ ...entry(++number, payer), state: { kind: "loading", load: {} as never } });
    return loaded;
  };
}

test("limits the loads of each payer, and of all payers of its kind", () => {
  const load = loader();
  expect(load("peer a", 20)).toBe(1);
  expect(load("authority a", 20)).toBe(16);
  expect(load("vote", 100)).toBe(4);
  for (let at = 0; at < 1_000; at++) load(`peer crowd@${at}`);
  expect(load("peer crowd@new")).toBe(0);
  expect(load("authority b", 20)).toBe(16);
});

test("loads an authority's block however many peers, votes and other authorities ask for others", () => {
  const load = loader();
  for (let at = 0; at < 341; at++) load(`authority ${at}`, 16);
  load("vote", 1_000);
  for (let at = 0; at < 341; at++) load(`peer ${at}`, 16);
  expect(load("authority 5")).toBe(0);
  expect(load("authority honest", 20)).toBe(1);
});

test("a peer of another address loads a block when any number of ids of a few addresses have taken all places", () => {
  const load = loader();
  let taken = 0;
  for (let id = 0; id < 100; id++) taken += load(`peer host${id % 4}@${id}`, 20);
  expect(taken).toBe(4);
  expect(load("peer honest@1", 20)).toBe(1);
  expect(load("peer honest@2")).toBe(0);
  expect(load("peer other@1")).toBe(1);
});

test("a crowd of ids of one address does not push out the waiting blocks of a peer of another", () => {
  const entries = new BlockEntries(hostOf);
  const honest = [1, 2, 3].map((number) => entry(number, "peer honest@1"));
  for (const one of honest) wait(entries, one);
  for (let at = 10; at < 1_000; at++) wait(entries, entry(at, `peer evil@${at}`));
  expect(honest.map(({ idHex }) => entries.get(idHex))).toEqual(honest);
});
