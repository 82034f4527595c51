import { expect, it, test } from "vitest";
import type { History, HistoryEntry } from "../../../src/client/index.ts";
import { loadPage, totalsOf } from "../../../src/explorer/history/load.ts";
import { cursorOf, filterTexts, historyHash, nodeFilter } from "../../../src/explorer/history/query.ts";

test("a filter in the page's address is read as it was written", () => {
  const filter = { memo: "März & =", direction: "in", from: "2026-03-01", to: "2026-03-31", min: "5" };
  const hash = historyHash("cc1a", filter, { before: "7-1" });
  const query = new URLSearchParams(hash.split("?")[1]);
  expect(hash).toMatch(/^#\/account\/cc1a\?/);
  expect(filterTexts(query)).toEqual(filter);
  expect(cursorOf(query)).toEqual({ before: "7-1" });
  expect(historyHash("cc1a", {})).toBe("#/account/cc1a");
  expect(nodeFilter(filter)).toMatchObject({
    memo: "März & =",
    direction: "in",
    fromTime: new Date(2026, 2, 1).getTime(),
    toTime: new Date(2026, 3, 1).getTime() - 1,
    minAmount: "5",
  });
  expect(nodeFilter({ direction: "sideways" }).direction).toBeUndefined();
});

const entry = (number: number) => ({ id: `0x${number}` }) as HistoryEntry;
const answer = (numbers: number[], next: string | null, previous: string | null): History => ({
  transactions: numbers.map(entry),
  totals: { received: "0", sent: "0", fees: "0" },
  next,
  previous,
});
const idsOf = ({ rows }: { rows: HistoryEntry[] }) => rows.map(({ id }) => id);

it("goes on where a filter leaves little, in both directions", async () => {
  const asked: unknown[] = [];
  const older = [answer([9], "8-0", null), answer([], "4-0", "x"), answer([3], null, "y")];
  const page = await loadPage(
    async (part) => {
      asked.push(part);
      return older.shift()!;
    },
    { memo: "a" },
    {},
  );
  expect(page).toMatchObject({ next: null, previous: null });
  expect(idsOf(page)).toEqual(["0x9", "0x3"]);
  expect(asked).toEqual([
    { memo: "a", limit: 25 },
    { memo: "a", before: "8-0", limit: 24 },
    { memo: "a", before: "4-0", limit: 24 },
  ]);
  const newer = [answer([3], "3-0", "6-0"), answer([9], "9-0", null)];
  const back = await loadPage(async () => newer.shift()!, {}, { after: "2-0" });
  expect(idsOf(back)).toEqual(["0x9", "0x3"]);
  expect(back).toMatchObject({ next: "3-0", previous: null });
});

it("asks at most twenty times, and says where to go on", async () => {
  let asked = 0;
  const page = await loadPage(async () => answer([], `${++asked}-0`, null), {}, {});
  expect([asked, page.next, page.rows]).toEqual([20, "20-0", []]);
});

it("sums what is shown", () => {
  const rows = [
    { direction: "in", amount: "5", fee: "9" },
    { direction: "out", amount: "7", fee: "1" },
    { direction: "self", amount: "8", fee: "2" },
  ] as HistoryEntry[];
  expect(totalsOf(rows)).toEqual({ received: 5n, sent: 7n, fees: 3n });
});
