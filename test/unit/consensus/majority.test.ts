import { describe, expect, test } from "vitest";
import {
  applyHeader,
  genesisSnapshot,
  hasSignedRecently,
  majorityHasSigned,
  minorityHasSigned,
  signerLimit,
} from "../../../src/consensus/index.ts";
import { noVote } from "../../../src/types/index.ts";
import { testChainConfig } from "../../chain-config.ts";
import { authorities as five, signer } from "../support/chain.ts";

const keys = Array.from({ length: 9 }, (_, number) => signer(number + 1).publicKey);

/** Returns the length of the longest run of blocks that these signers can make alone under Clique, at most `most`. */
function longestRun(all: readonly Uint8Array[], signers: readonly Uint8Array[], most: number): Uint8Array[] {
  const config = testChainConfig({ authorities: [...all] });
  let snapshot = genesisSnapshot(config);
  const run: Uint8Array[] = [];
  for (let height = 1; run.length < most; height++) {
    const next = signers.find((one) => !hasSignedRecently(snapshot, height, one));
    if (!next) return run;
    run.push(next);
    snapshot = applyHeader(snapshot, { height, proposer: next, vote: noVote }, config);
  }
  return run;
}

describe.each(Array.from({ length: 9 }, (_, index) => index + 1))("of %i authorities", (count) => {
  const all = genesisSnapshot(testChainConfig({ authorities: keys.slice(0, count) })).authorities;

  test("fewer than a majority make no run that shows one, however they take turns", () => {
    for (let few = 0; few < signerLimit(count); few++) {
      const run = longestRun(all, all.slice(0, few), 50);
      expect(run).toHaveLength(few);
      expect(majorityHasSigned(all, run)).toBe(false);
    }
  });

  test("every run as long as the signer limit shows a majority, a shorter one does not", () => {
    const limit = signerLimit(count);
    for (let first = 0; first < count; first++) {
      const run = longestRun(all, [...all.slice(first), ...all.slice(0, first)], limit);
      expect(run).toHaveLength(limit);
      expect(majorityHasSigned(all, run)).toBe(true);
      expect(majorityHasSigned(all, run.slice(1))).toBe(false);
    }
  });
});

test("strangers, and one authority many times, are no majority; an empty set has none", () => {
  const all = five.map(({ publicKey }) => publicKey);
  expect(majorityHasSigned(all, Array(50).fill(all[0]))).toBe(false);
  expect(
    majorityHasSigned(all, [
      all[0]!,
      all[1]!,
      ...Array.from({ length: 9 }, (_, n) => signer(n + 50).publicKey),
    ]),
  ).toBe(false);
  expect(majorityHasSigned(all, all.slice(0, 3))).toBe(true);
  expect(majorityHasSigned([], all)).toBe(false);
});

test.each([
  [1, 1],
  [3, 2],
  [4, 2],
  [6, 3],
  [7, 3],
])("counts a minority that has signed: of %i authorities, %i", (count, minority) => {
  const all = genesisSnapshot(testChainConfig({ authorities: keys.slice(0, count) })).authorities;
  const strangers = keys.slice(count);
  expect(minorityHasSigned(all, [...all.slice(0, minority), ...strangers])).toBe(true);
  const fewer = all.slice(0, minority - 1);
  expect(minorityHasSigned(all, [...fewer, ...fewer, ...strangers])).toBe(false);
});
