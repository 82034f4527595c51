import { expect, it } from "vitest";
import type { Authority, BlockSummary, Genesis, Status } from "../../../src/client/index.ts";
import {
  expectedProposer,
  haltSamples,
  intervals,
  nextBlockMs,
  recentRate,
  shownFinal,
  transactionRates,
} from "../../../src/explorer/shape.ts";

/** Makes blocks, newest first, from `[timestamp in s, transactions]`, oldest first with the genesis block. */
function blocks(...made: readonly [number, number][]): BlockSummary[] {
  return made
    .map(
      ([s, transactionCount], height) => ({ height, timestamp: s * 1000, transactionCount }) as BlockSummary,
    )
    .reverse();
}

const values = (samples: readonly { value: number }[]) => samples.map(({ value }) => value);

it("measures intervals and rates between blocks, oldest first, not from the genesis block", () => {
  const chain = blocks([-5000, 0], [1, 4], [2, 10], [4, 10]);
  expect(values(intervals(chain))).toEqual([1000, 2000]);
  expect(values(transactionRates(chain))).toEqual([10, 5]);
  expect(intervals(blocks([0, 0]))).toEqual([]);
  expect(intervals([])).toEqual([]);
});

it("computes the rate over the last minute, or over the known blocks if they are fewer", () => {
  expect(recentRate(blocks([0, 0], [10, 1000], [90, 30], [100, 30]), 100_000)).toBe(1);
  expect(recentRate(blocks([80, 0], [90, 30], [100, 30]), 100_000)).toBe(3);
  expect(recentRate([], 100_000)).toBe(0);
  // A halted chain has a rate of 0.
  expect(recentRate(blocks([0, 0], [10, 1000]), 1_000_000)).toBe(0);
});

it("computes when the next block is due", () => {
  const [head] = blocks([100, 0]);
  const period = { periodMs: 1000, emptyBlockPeriodMs: 5000 };
  const waiting = (count: number) => ({ mempool: { count, bytes: 0, minFee: "1" } });
  expect(nextBlockMs(head!, waiting(1), period)).toBe(101_000);
  expect(nextBlockMs(head!, waiting(0), period)).toBe(105_000);
  expect(nextBlockMs(head!, waiting(0), { ...period, emptyBlockPeriodMs: 0 })).toBeUndefined();
});

it("expects the authority in turn, or the next that may sign", () => {
  const set = (turn: number, maySign: readonly boolean[]) =>
    maySign.map((may, place) => ({ turn: place, inTurn: place === turn, maySign: may }) as Authority);
  expect(expectedProposer(set(1, [true, true, true]))?.turn).toBe(1);
  expect(expectedProposer(set(2, [true, true, false]))?.turn).toBe(0);
  expect(expectedProposer(set(1, [true, false, true]))?.turn).toBe(2);
  expect(expectedProposer(set(0, [false]))).toBeUndefined();
});

it("shows a halt as the last sample of each plot once the next block is late", () => {
  const chain = blocks([0, 0], [100, 4], [101, 4], [102, 4]);
  const period = { periodMs: 1000, emptyBlockPeriodMs: 1000 };
  const state = (finalHeight: number, count = 0) => ({
    status: { mempool: { count }, finalized: { height: finalHeight } } as Status,
    genesis: period as Genesis,
    blocks: chain,
  });
  expect(haltSamples(state(1), 104_500)).toBeUndefined();
  expect(haltSamples(state(1), 162_000)).toEqual({
    interval: { label: "after block 3", value: 60_000 },
    rate: { label: "after block 3", value: 0 },
    finality: { label: "block 2", value: 61_000 },
  });
  expect(haltSamples(state(3), 162_000)?.finality).toBeUndefined();
  const onDemand = { ...state(3), genesis: { ...period, emptyBlockPeriodMs: 0 } as Genesis };
  expect(haltSamples(onDemand, 162_000)).toBeUndefined();
  expect(haltSamples({ ...state(3), status: undefined }, 162_000)).toBeUndefined();
});

it("shows a newer final block only once the head that is shown has reached it", () => {
  const ref = (height: number) => ({ height, id: `0x${height}` });
  expect(shownFinal(ref(4), ref(5), ref(5))).toEqual(ref(5));
  expect(shownFinal(ref(4), ref(6), ref(5))).toEqual(ref(4));
  expect(shownFinal(ref(4), ref(3), ref(5))).toEqual(ref(4));
  expect(shownFinal(ref(4), undefined, ref(5))).toEqual(ref(4));
});
