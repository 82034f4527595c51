import { describe, expect, test } from "vitest";
import { attack, type Lie } from "./strangers.ts";

const lies: readonly (readonly [Lie, number])[] = [
  ["claims", 3],
  ["claims", 30],
  ["silent", 30],
  ["withholds", 5],
];

describe.each(lies)("strangers that lie (%s, %i ids)", (lie, strangers) => {
  test("lying strangers take no authority out of step, and delay no block", async () => {
    const result = await attack({ lie, strangers, fromMs: 10_000, untilMs: 70_000 });
    expect(result.left).toEqual([]);
    expect(result.blamed).toEqual([]);
    expect(result.errors).toEqual([]);
    // The attacker's authority makes no blocks, so the next in line waits half a period.
    expect(result.longestGapMs).toBeLessThan(lie === "withholds" ? 2_500 : 1_500);
    expect(result.height).toBeGreaterThan(lie === "withholds" ? 50 : 66);
    expect(result.finalizedHeight).toBeGreaterThan(result.height - 3);
  });

  test.each([false, true])(
    "lying strangers do not keep a new node from one honest peer (all of them connected by themselves: %s)",
    async (allInbound) => {
      const options = { lie, strangers, fromMs: 10_000, untilMs: 50_000, joinAtMs: 30_000, allInbound };
      const result = await attack(options);
      expect(result.joinedAfterMs).toBeLessThan(10_000);
      // The new node is ready when no peer has proved a claim for a few seconds, and behind once it is shown the chain.
      expect(result.left.filter((line) => !line.startsWith("late "))).toEqual([]);
      expect(result.blamed).toEqual([]);
    },
  );
});
