import { describe, expect, test } from "vitest";
import { applyHeader, canSetParameter, withParameter } from "../../../src/consensus/index.ts";
import { type ChainParameters, noVote, parameterVote } from "../../../src/types/index.ts";
import {
  addressOf,
  codeOf,
  defaultConfig,
  extend,
  genesisParent,
  headerOn,
  parseBlock,
} from "./test-chain.ts";

const snapshotAfter = (names: string, blocks: string, changes: Partial<ChainParameters> = {}) =>
  extend(genesisParent(names, changes), blocks.split(" ")).snapshot;

describe("a vote on a parameter", () => {
  test("a majority for one value enacts a vote on a parameter", () => {
    expect(snapshotAfter("ABCD", "A:minFee=7 B:minFee=7").parameters.minFee).toBe(1n);
    const snapshot = snapshotAfter("ABCD", "A:minFee=7 B:minFee=7 C:minFee=7");
    expect(snapshot.parameters).toMatchObject({ minFee: 7n, blockReward: 5n });
    expect(snapshot.openVotes).toEqual([]);
  });

  test("counts for its own value only", () => {
    const snapshot = snapshotAfter("ABCD", "A:minFee=7 B:minFee=8 C:minFee=7 D:minFee=8");
    expect(snapshot.parameters.minFee).toBe(1n);
    expect(snapshot.openVotes.map(({ vote }) => vote.value)).toEqual([7n, 8n, 7n, 8n]);
  });

  test("replaces the voter's older one, whatever the value", () => {
    const { openVotes, parameters } = snapshotAfter("ABCD", "A:minFee=7 B:minFee=7 D A:minFee=8");
    expect(openVotes.map(({ vote, height }) => [vote.value, height])).toEqual([
      [7n, 2],
      [8n, 4],
    ]);
    expect(parameters.minFee).toBe(1n);
  });

  test("a vote that changes nothing withdraws the voter's older vote", () => {
    expect(snapshotAfter("ABCD", "A:minFee=7 B C A:minFee=1").openVotes).toEqual([]);
  });

  test("leaves the votes on other parameters and on candidates open", () => {
    const { openVotes } = snapshotAfter("ABC", "A:blockReward=9 B+E C:minFee=7 A:minFee=7");
    expect(openVotes.map(({ vote }) => [vote.kind, vote.value])).toEqual([
      [3, 9n],
      [1, 0n],
    ]);
  });

  test("goes with the voter's removal and with the epoch", () => {
    expect(snapshotAfter("ABC", "C:minFee=7 A-C B-C").openVotes).toEqual([]);
    const config = { ...defaultConfig, epochLength: 3 };
    expect(
      extend(genesisParent("ABCD"), ["A:minFee=7", "B:minFee=7", "C"], config).snapshot.openVotes,
    ).toEqual([]);
  });

  test("needs a header on the parameter once a smaller set makes a majority", () => {
    const three = snapshotAfter("ABCD", "A:minFee=7 B:minFee=7 C-D A-D B-D");
    expect([three.authorities.length, three.parameters.minFee]).toEqual([3, 1n]);
    const touched = applyHeader(three, { height: 6, ...parseBlock("C:minFee=9") }, defaultConfig);
    expect(touched.parameters.minFee).toBe(1n);
    const enacted = applyHeader(three, { height: 6, ...parseBlock("A:minFee=7") }, defaultConfig);
    expect(enacted.parameters.minFee).toBe(7n);
  });

  test("holds from the next block on", () => {
    const genesis = genesisParent("A");
    const header = headerOn(genesis, parseBlock("A:periodMs=900"));
    const tip = extend(genesis, ["A:periodMs=900"]);
    expect(header.timestamp).toBe(genesis.header.timestamp + 1000);
    const soon = headerOn(tip, {});
    expect(soon.timestamp).toBe(tip.header.timestamp + 900);
    expect(codeOf(() => extend(tip, ["A"]))).toBe("no error");
    expect(tip.snapshot.parameters.periodMs).toBe(900);
  });

  test("shares what stays, and changes nothing in place", () => {
    const before = genesisParent("ABC").snapshot;
    const copy = structuredClone(before);
    const next = applyHeader(before, { height: 1, ...parseBlock("A:minFee=7") }, defaultConfig);
    expect(before).toEqual(copy);
    expect(next.parameters).toBe(before.parameters);
    expect(
      applyHeader(before, { height: 1, proposer: addressOf("A"), vote: noVote }, defaultConfig).openVotes,
    ).toBe(before.openVotes);
  });
});

describe("canSetParameter", () => {
  const { parameters } = genesisParent("A", { periodMs: 1000, emptyBlockPeriodMs: 5000 }).snapshot;
  const config = { slotMs: 500 };

  test.each([
    ["periodMs", 500, 499],
    ["periodMs", 5000, 5001],
    ["emptyBlockPeriodMs", 1000, 999],
    ["emptyBlockPeriodMs", 2 ** 31 - 1, 2 ** 31],
    ["maxBlockTransactions", 1, 0],
    ["maxBlockTransactions", 65_536, 65_537],
    ["maxBlockBytes", 1024, 1023],
    ["maxBlockBytes", 2 ** 24, 2 ** 24 + 1],
    ["rules", 2, 3],
  ] as const)("%s: takes %i, refuses %i", (name, good, bad) => {
    expect(canSetParameter(parameters, parameterVote(name, good), config)).toBe(true);
    expect(canSetParameter(parameters, parameterVote(name, bad), config)).toBe(false);
  });

  test("takes no version of the rules above the highest", () => {
    const highest = 2 ** 32 - 1;
    const raised = (rules: number) => ({ ...parameters, rules });
    expect(canSetParameter(raised(highest - 1), parameterVote("rules", highest), config)).toBe(true);
    expect(canSetParameter(raised(highest), parameterVote("rules", highest + 1), config)).toBe(false);
  });

  test("an unknown parameter leaves all as they are", () => {
    expect(withParameter(parameters, { parameter: 8, value: 1n })).toBe(parameters);
  });

  test("takes any amount, and no empty blocks", () => {
    for (const vote of [
      parameterVote("minFee", 0),
      parameterVote("minFee", 2n ** 64n - 1n),
      parameterVote("blockReward", 2n ** 64n - 1n),
      parameterVote("emptyBlockPeriodMs", 0),
    ])
      expect(canSetParameter(parameters, vote, config)).toBe(true);
  });

  test.each([
    ["the present value", parameterVote("minFee", parameters.minFee)],
    ["an earlier version of the rules", parameterVote("rules", 0)],
    ["the present version of the rules", parameterVote("rules", 1)],
    ["a number that is not safe", parameterVote("maxBlockBytes", 2n ** 64n - 1n)],
    ["an unknown parameter", { ...parameterVote("minFee", 9), parameter: 8 }],
  ])("refuses %s", (_, vote) => {
    expect(canSetParameter(parameters, vote, config)).toBe(false);
  });
});
