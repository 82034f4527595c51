import fc from "fast-check";
import { expect, test } from "vitest";
import { maxIdsPerPage } from "../../../protocols/index.ts";
import { findCommonAncestor } from "../../../src/sync/common-ancestor.ts";
import { compareBytes, uint32Bytes } from "../../../src/util/bytes.ts";
import { codeOf } from "../support/chain.ts";

/** Returns the ids of a chain of this height that shares blocks 0 to `shared` with all others. */
function chainOf(branch: number, shared: number, height: number) {
  const id = (at: number) => new Uint8Array([at > shared ? branch : 0, ...uint32Bytes(at)]);
  const pages: { from: number; count: number }[] = [];
  return {
    id,
    pages,
    idsDown: async (from: number, count: number) => {
      expect(count).toBeGreaterThan(0);
      expect(count).toBeLessThanOrEqual(maxIdsPerPage);
      expect(from).toBeLessThanOrEqual(height);
      pages.push({ from, count });
      return Array.from({ length: Math.min(count, from + 1) }, (_, depth) => id(from - depth));
    },
  };
}

test("finds the same block as a walk block by block, in few pages and never below the floor", async () => {
  const height = fc.oneof(fc.nat(5), fc.nat(350), fc.nat(100_000));
  await fc.assert(
    fc.asyncProperty(height, height, fc.nat(100_000), fc.nat(100_000), async (ours, theirs, share, low) => {
      const top = Math.min(ours, theirs);
      const shared = share % (top + 1);
      const floor = low % (shared + 1);
      const local = chainOf(1, shared, ours);
      const remote = chainOf(2, shared, theirs);
      const found = await findCommonAncestor({
        local: local.idsDown,
        remote: remote.idsDown,
        top,
        floor: { height: floor, id: local.id(floor) },
      });
      let naive = Math.min(top, shared + 500);
      while (compareBytes(local.id(naive), remote.id(naive)) !== 0) naive--;
      expect(found).toEqual({ height: naive, id: local.id(naive) });
      for (const { from, count } of remote.pages) expect(from - count + 1).toBeGreaterThanOrEqual(floor);
      const depth = top - shared;
      expect(remote.pages.length).toBeLessThanOrEqual(3 + 2 * Math.ceil(Math.log2(2 + depth / 100)));
    }),
    { numRuns: 500, seed: 1, endOnFailure: true },
  );
});

test("jumps down until a page has a shared block, then halves the gap", async () => {
  const pagesFor = async (shared: number, top: number) => {
    const remote = chainOf(2, shared, top);
    const local = chainOf(1, shared, top);
    const floor = { height: 0, id: local.id(0) };
    await findCommonAncestor({ local: local.idsDown, remote: remote.idsDown, top, floor });
    return remote.pages.map(({ from, count }) => `${from}-${from - count + 1}`);
  };
  expect(await pagesFor(2_000, 2_000)).toEqual(["2000-1901"]);
  expect(await pagesFor(1_950, 2_000)).toEqual(["2000-1901"]);
  expect(await pagesFor(1_820, 2_000)).toEqual(["2000-1901", "1800-1701", "1900-1801"]);
  expect(await pagesFor(700, 2_000)).toEqual([
    "2000-1901",
    "1800-1701",
    "1500-1401",
    "1000-901",
    "100-1",
    "500-401",
    "700-601",
    "800-701",
  ]);
  expect(await pagesFor(0, 350)).toEqual(["350-251", "150-51", "0-0", "50-1"]);
});

test("refuses a chain without the finalized block, even a lower one", async () => {
  for (const [shared, floor, theirs] of [
    [10, 11, 500],
    [0, 400, 500],
    [10, 300, 200],
    [499, 500, 500],
  ] as const) {
    const local = chainOf(1, shared, 600);
    const remote = chainOf(2, shared, theirs);
    const search = findCommonAncestor({
      local: local.idsDown,
      remote: remote.idsDown,
      top: theirs,
      floor: { height: floor, id: local.id(floor) },
    });
    expect(await codeOf(search)).toBe("CONFLICTS_WITH_FINALIZED");
  }
});

test("ends at a page that is too short, too long or empty", async () => {
  const local = chainOf(1, 5, 300);
  const floor = { height: 0, id: local.id(0) };
  for (const remote of [
    async () => [],
    async () => [new Uint8Array(4)],
    async (from: number) =>
      Array.from({ length: 100 }, (_, depth) => new Uint8Array([9, ...uint32Bytes(from + depth)])),
  ])
    expect(await codeOf(findCommonAncestor({ local: local.idsDown, remote, top: 300, floor }))).toBe(
      "CONFLICTS_WITH_FINALIZED",
    );
});
