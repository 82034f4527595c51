import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareHeads, type HeadWeight, type ParentHeader, turnScore } from "../../../src/consensus/index.ts";
import { addressOf, byTurn, codeOf, extend, genesisParent } from "./test-chain.ts";

const base: HeadWeight = { totalDifficulty: 10, height: 5, turnScore: 1, id: new Uint8Array(32).fill(9) };
const id = (...bytes: number[]) => {
  const out = new Uint8Array(32);
  out.set(bytes);
  return out;
};

describe("compareHeads", () => {
  const better: [string, Partial<HeadWeight>, Partial<HeadWeight>][] = [
    ["more total difficulty", { totalDifficulty: 11, height: 9, turnScore: 0, id: id(255) }, {}],
    ["the lower height", { height: 4, turnScore: 0, id: id(255) }, {}],
    ["the turn longer ago", { turnScore: 2, id: id(255) }, {}],
    ["the lower id", { id: id(1, 255) }, { id: id(2, 0) }],
    ["the lower id by unsigned bytes", { id: id(127) }, { id: id(128) }],
  ];
  test.each(better)("prefers %s", (_, a, b) => {
    expect(compareHeads({ ...base, ...a }, { ...base, ...b })).toBeLessThan(0);
    expect(compareHeads({ ...base, ...b }, { ...base, ...a })).toBeGreaterThan(0);
  });

  // Draws from few values, so that ties are common.
  const head = fc.record({
    totalDifficulty: fc.integer({ min: 5, max: 7 }),
    height: fc.integer({ min: 3, max: 5 }),
    turnScore: fc.nat(2),
    id: fc.integer({ min: 126, max: 129 }).map((byte) => id(byte)),
  });

  test("orders heads totally: antisymmetric, transitive, zero only for equals", () => {
    fc.assert(
      fc.property(head, head, head, (a, b, c) => {
        const [ab, bc, ac] = [compareHeads(a, b), compareHeads(b, c), compareHeads(a, c)].map(Math.sign);
        expect(ab).toBe(-Math.sign(compareHeads(b, a)) + 0);
        if (ab! <= 0 && bc! <= 0) expect(ac).toBeLessThanOrEqual(0);
        if (ab! < 0 && bc! <= 0) expect(ac).toBe(-1);
        if (ab === 0) expect(a).toEqual(b);
      }),
      { numRuns: 2000, seed: 3436 },
    );
  });

  test("the best head does not depend on the order of arrival", () => {
    fc.assert(
      fc.property(
        fc.array(head, { minLength: 2, maxLength: 8 }),
        fc.infiniteStream(fc.nat()),
        (heads, random) => {
          const best = (list: HeadWeight[]) => list.reduce((a, b) => (compareHeads(b, a) < 0 ? b : a));
          const shuffled = heads
            .map((item) => ({ item, key: random.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ item }) => item);
          expect(best(shuffled)).toEqual(best(heads));
          expect(heads.toSorted(compareHeads)[0]).toEqual(best(heads));
        },
      ),
      { seed: 3436 },
    );
  });
});

describe("turnScore", () => {
  const { snapshot } = genesisParent("ABCD");
  const names = byTurn("ABCD");

  test("counts the blocks since the proposer's turn", () => {
    const scores = names.map((name) => turnScore(snapshot, { height: 6, proposer: addressOf(name) }));
    expect(scores).toEqual([2, 1, 0, 3]);
  });

  test("refuses a stranger", () => {
    expect(codeOf(() => turnScore(snapshot, { height: 6, proposer: addressOf("Z") }))).toBe(
      "NOT_AN_AUTHORITY",
    );
  });
});

test("the worked example of docs/consensus.md", () => {
  const names = byTurn("ABCD") as [string, string, string, string];
  const [a, b, c, d] = names;
  const eighth = extend(genesisParent("ABCD"), [b, c, d, a, b, c, d, a]);
  const weigh = (parent: ParentHeader, name: string, before: number) => {
    const tip = extend(parent, [name]);
    const score = turnScore(parent.snapshot, tip.header);
    const totalDifficulty = before + tip.header.difficulty;
    return { tip, head: { totalDifficulty, height: tip.header.height, turnScore: score, id: tip.id } };
  };
  const nineB = weigh(eighth, b, 0);
  const nineC = weigh(eighth, c, 0);
  for (const barred of [d, a]) expect(codeOf(() => extend(eighth, [barred]))).toBe("SIGNED_RECENTLY");
  const tenD = weigh(nineC.tip, d, nineC.head.totalDifficulty);
  const tenB = weigh(nineC.tip, b, nineC.head.totalDifficulty);
  const rows = [nineB, nineC, tenD, tenB].map(({ head }) => [head.totalDifficulty, head.turnScore]);
  const page = readFileSync(new URL("../../../docs/consensus.md", import.meta.url), "utf8");
  const table = page.matchAll(/^\| (?:9|10) by .* \| T \+ (\d) \| (?:.* = )?(\d) \|$/gm);
  expect(rows).toEqual([...table].map(([, difficulty, score]) => [Number(difficulty), Number(score)]));
  expect(rows).toHaveLength(4);
  const order = [nineC, tenB, nineB, tenD].map(({ head }) => head).sort(compareHeads);
  expect(order).toEqual([nineB, tenD, tenB, nineC].map(({ head }) => head));
});

/**
 * The cases of EIP-3436, "Rationale": eight validators named 1 to 8 in the order of the set. `blocks` lists the signers
 * from height 9 on.
 */
describe("the halts that EIP-3436 resolves", () => {
  const turnOf = (height: number) => (height - 1) % 8;
  const head = (parentHeight: number, signers: number[], lastByte: number): HeadWeight => {
    let totalDifficulty = 0;
    let height = parentHeight;
    for (const signer of signers) {
      height++;
      totalDifficulty += turnOf(height) === signer - 1 ? 2 : 1;
    }
    const score = (turnOf(height) - (signers.at(-1)! - 1) + 8) % 8;
    return { totalDifficulty, height, turnScore: score, id: id(lastByte) };
  };

  test("forks of two lengths: the shorter one wins", () => {
    // 8 signed in turn at height 8.
    const odd = head(8, [1, 3], 0);
    const even = head(8, [2, 4, 6], 1);
    expect(odd.totalDifficulty).toBe(even.totalDifficulty);
    expect(compareHeads(odd, even)).toBeLessThan(0);
  });

  test("forks of one length: the head of who had its turn longest ago wins", () => {
    // 7 signed in turn at height 7; the turn at height 10 is 2's.
    const odd = head(7, [1, 3, 5], 0);
    const even = head(7, [2, 4, 6], 1);
    expect([odd.totalDifficulty, odd.height]).toEqual([even.totalDifficulty, even.height]);
    expect([odd.turnScore, even.turnScore]).toEqual([5, 4]);
    expect(compareHeads(odd, even)).toBeLessThan(0);
  });
});
