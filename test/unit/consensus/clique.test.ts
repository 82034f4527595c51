import { describe, expect, test } from "vitest";
import {
  applyHeader,
  checkHeader,
  firstInLine,
  genesisSnapshot,
  hasSignedRecently,
  isInTurn,
  mayNotSignBefore,
  requiredDifficulty,
  sameAddress,
  sameSet,
  signerLimit,
} from "../../../src/consensus/index.ts";
import type { Header } from "../../../src/types/block.ts";
import { authorityVote, noVote, parameterVote, zero32 } from "../../../src/types/index.ts";
import { testChainConfig } from "../../chain-config.ts";
import {
  addressOf,
  byTurn,
  codeOf,
  defaultConfig,
  extend,
  genesisParent,
  headerOn,
  parseBlock,
} from "./test-chain.ts";

describe("authority set", () => {
  test("the genesis snapshot is sorted and copies the list", () => {
    const given = [..."CABED"].map(addressOf);
    const { authorities, recentSigners, openVotes } = genesisSnapshot(
      testChainConfig({ authorities: given }),
    );
    expect(authorities).toEqual(byTurn("ABCDE").map(addressOf));
    expect(given).toEqual([..."CABED"].map(addressOf));
    expect([recentSigners, openVotes]).toEqual([[], []]);
  });

  test("sets are the same if they have the same authorities, one by one", () => {
    const [a, b, c] = [..."ABC"].map(addressOf) as [Uint8Array, Uint8Array, Uint8Array];
    const copy = a.slice();
    const set = [a, b];
    expect([sameSet([], []), sameSet(set, set)]).toEqual([true, true]);
    expect(sameSet([a, b], [copy, b])).toBe(true);
    for (const other of [[], [a], [b], [a, c], [c, b], [b, a], [a, b, c]]) {
      expect(sameSet([a, b], other)).toBe(false);
      expect(sameSet(other, [a, b])).toBe(false);
    }
  });

  test.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [1024, 513],
  ])("an authority of %i signs at most one of %i blocks", (count, limit) => {
    expect(signerLimit(count)).toBe(limit);
  });

  test("the turn goes round the sorted set", () => {
    const snapshot = genesisParent("ABC").snapshot;
    for (let height = 0; height < 7; height++) {
      for (const [index, authority] of snapshot.authorities.entries()) {
        expect(isInTurn(snapshot, height, authority)).toBe(height % 3 === index);
        expect(requiredDifficulty(snapshot, height, authority)).toBe(height % 3 === index ? 2 : 1);
      }
    }
    expect(isInTurn(snapshot, 0, addressOf("Z"))).toBe(false);
  });
});

test("a block is expected from the authority in turn, or from the next after it that may sign", () => {
  const names = byTurn("ABCD");
  const expected = (signers: string[]) => {
    const tip = extend(genesisParent("ABCD"), signers);
    return names.find((name) => sameAddress(addressOf(name), firstInLine(tip.snapshot, signers.length + 1)!));
  };
  const [a, b, c, d] = names as [string, string, string, string];
  expect(expected([b])).toBe(c);
  // At height 2 it is the turn of the third, who has signed height 1.
  expect(expected([c])).toBe(d);
  expect(expected([c, d])).toBe(a);
  // The line goes on at the beginning of the list.
  expect(expected([d, c, a])).toBe(b);
  expect(expected([c, d, b, a])).toBe(c);
  expect(firstInLine({ ...genesisParent("A").snapshot, authorities: [] }, 1)).toBeUndefined();
});

test("who may sign is looked up once for a height, and anew for another", () => {
  const [, , c, d] = byTurn("ABCD") as [string, string, string, string];
  const { snapshot } = extend(genesisParent("ABCD"), [c]);
  let looked = 0;
  const watched = {
    ...snapshot,
    get recentSigners() {
      looked++;
      return snapshot.recentSigners;
    },
  };
  // The third is in turn at both heights, and barred from the blocks at heights 2 and 3.
  const firstAt = (height: number) => firstInLine(watched, height);
  expect([firstAt(2), firstAt(2), firstAt(6), firstAt(2)]).toEqual([d, d, c, d].map(addressOf));
  expect(looked).toBe(3);
});

describe("checkHeader", () => {
  const parent = extend(genesisParent("ABCD"), ["A", "B"]);
  const signer = { proposer: addressOf("C") };
  const good = headerOn(parent, signer);

  test("passes a valid header", () => {
    expect(() => checkHeader(parent, good, defaultConfig)).not.toThrow();
  });

  const broken: [string, Partial<Header>, string][] = [
    ["an unsafe height", { height: 2 ** 53 }, "MALFORMED"],
    ["an unsafe timestamp", { timestamp: Number.POSITIVE_INFINITY }, "MALFORMED"],
    ["another parent", { parent: zero32 }, "UNKNOWN_PARENT"],
    ["a height that is not the next", { height: 4 }, "WRONG_HEIGHT"],
    ["a timestamp within the period", { timestamp: good.timestamp - 1 }, "TOO_EARLY"],
    ["a stranger", { proposer: addressOf("Z") }, "NOT_AN_AUTHORITY"],
    ["who signed the parent", { proposer: addressOf("B") }, "SIGNED_RECENTLY"],
    ["who signed the parent's parent", { proposer: addressOf("A") }, "SIGNED_RECENTLY"],
    ["the other difficulty", { difficulty: 3 - good.difficulty }, "WRONG_DIFFICULTY"],
    ["difficulty 0", { difficulty: 0 }, "WRONG_DIFFICULTY"],
    ["an unknown kind of vote", { vote: { ...noVote, kind: 4, candidate: addressOf("E") } }, "INVALID_VOTE"],
    ["a candidate without a vote", { vote: { ...noVote, candidate: addressOf("E") } }, "INVALID_VOTE"],
    [
      "an unknown kind of vote on a parameter",
      { vote: { ...parameterVote("minFee", 2), kind: 4 } },
      "INVALID_VOTE",
    ],
    ["a vote without a candidate", { vote: authorityVote("add", zero32) }, "INVALID_VOTE"],
    [
      "a vote on an unknown parameter",
      { vote: { ...parameterVote("minFee", 2), parameter: 8 } },
      "INVALID_VOTE",
    ],
    ["a vote on parameter 0", { vote: { ...parameterVote("minFee", 2), parameter: 0 } }, "INVALID_VOTE"],
    [
      "a parameter beside a candidate",
      { vote: { ...authorityVote("add", addressOf("E")), parameter: 3 } },
      "INVALID_VOTE",
    ],
    [
      "a value beside a candidate",
      { vote: { ...authorityVote("add", addressOf("E")), value: 1n } },
      "INVALID_VOTE",
    ],
    [
      "a candidate beside a parameter",
      { vote: { ...parameterVote("minFee", 2), candidate: addressOf("E") } },
      "INVALID_VOTE",
    ],
    ["a value without a vote", { vote: { ...noVote, value: 1n } }, "INVALID_VOTE"],
    [
      "a candidate that no key belongs to",
      { vote: authorityVote("add", new Uint8Array(32).fill(1)) },
      "INVALID_VOTE",
    ],
    [
      "a candidate for removal that no key belongs to",
      { vote: authorityVote("remove", new Uint8Array(32).fill(1)) },
      "INVALID_VOTE",
    ],
  ];
  test.each(broken)("refuses %s", (_, fields, code) => {
    expect(codeOf(() => checkHeader(parent, headerOn(parent, { ...signer, ...fields }), defaultConfig))).toBe(
      code,
    );
  });

  test("lets an authority sign again once the limit of blocks has passed", () => {
    expect(codeOf(() => extend(parent, ["C", "A"]))).toBe("no error");
    expect(codeOf(() => extend(parent, ["C", "B"]))).toBe("SIGNED_RECENTLY");
  });

  test("says of a stranger that it is none, and of an empty set that the chain has ended", () => {
    const stranger = headerOn(parent, { proposer: addressOf("Z") });
    expect(() => checkHeader(parent, stranger, defaultConfig)).toThrow("the proposer is not an authority");
    const ended = { ...parent, snapshot: { ...parent.snapshot, authorities: [] } };
    expect(() => checkHeader(ended, stranger, defaultConfig)).toThrow("no authority is left");
  });

  test("allows any later timestamp", () => {
    const late = headerOn(parent, { ...signer, timestamp: Number.MAX_SAFE_INTEGER });
    expect(() => checkHeader(parent, late, defaultConfig)).not.toThrow();
  });

  test("refuses a vote in the first block of an epoch", () => {
    const config = { ...defaultConfig, epochLength: 3 };
    const vote = authorityVote("add", addressOf("E"));
    expect(codeOf(() => checkHeader(parent, headerOn(parent, { ...signer, vote }), config))).toBe(
      "INVALID_VOTE",
    );
    expect(codeOf(() => checkHeader(parent, headerOn(parent, { ...signer, vote: noVote }), config))).toBe(
      "no error",
    );
  });
});

describe("recent signers", () => {
  const heights = (blocks: string[], signers: string) =>
    extend(genesisParent(signers), blocks).snapshot.recentSigners.map(({ height }) => height);

  test("only those that can still matter are kept, oldest first", () => {
    expect(heights(["A", "A", "A"], "A")).toEqual([]);
    expect(heights(["A", "B", "C"], "ABC")).toEqual([3]);
    expect(heights(["A", "B", "C", "D", "E"], "ABCDE")).toEqual([4, 5]);
  });

  test("bar from the first block on", () => {
    const tip = extend(genesisParent("ABCDE"), ["A"]);
    expect(hasSignedRecently(tip.snapshot, 2, addressOf("A"))).toBe(true);
    expect(hasSignedRecently(tip.snapshot, 3, addressOf("A"))).toBe(true);
    expect(hasSignedRecently(tip.snapshot, 4, addressOf("A"))).toBe(false);
    expect(mayNotSignBefore(tip.snapshot, addressOf("A"))).toBe(4);
    expect(mayNotSignBefore(tip.snapshot, addressOf("B"))).toBe(0);
  });

  test("the genesis block bars nobody", () => {
    const genesis = genesisParent("AB");
    expect(hasSignedRecently(genesis.snapshot, 1, genesis.header.proposer)).toBe(false);
  });

  test("a recent signer may not sign the first block of an epoch either", () => {
    const config = { ...defaultConfig, epochLength: 2 };
    expect(codeOf(() => extend(genesisParent("AB"), ["A", "A"], config))).toBe("SIGNED_RECENTLY");
  });

  test("the window shrinks with the set", () => {
    // Four become three: one of two consecutive blocks instead of one of three.
    const tip = extend(genesisParent("ABCD"), ["A-D", "B-D", "C-D"]);
    expect(tip.snapshot.recentSigners.map(({ height }) => height)).toEqual([3]);
    expect(codeOf(() => extend(tip, ["C"]))).toBe("SIGNED_RECENTLY");
    expect(codeOf(() => extend(tip, ["B"]))).toBe("no error");
  });

  test("the window grows with the set", () => {
    // Three become four: one of three consecutive blocks instead of one of two.
    const tip = extend(genesisParent("ABC"), ["A+D", "B+D"]);
    expect(tip.snapshot.recentSigners.map(({ height }) => height)).toEqual([1, 2]);
    expect(codeOf(() => extend(tip, ["A"]))).toBe("SIGNED_RECENTLY");
    expect(codeOf(() => extend(tip, ["D", "A"]))).toBe("no error");
  });
});

test("applyHeader leaves what it is given as it was and shares what stays", () => {
  const { snapshot } = extend(genesisParent("ABC"), ["A+D", "B"]);
  const copy = structuredClone(snapshot);
  const { parameters, recovery: _, ...lists } = snapshot;
  for (const list of Object.values(lists)) for (const item of [list, ...list]) freeze(item);
  freeze(parameters);
  const next = applyHeader(snapshot, { height: 3, ...parseBlock("C+D") }, defaultConfig);
  expect(next.authorities).toHaveLength(4);
  expect(snapshot).toEqual(copy);
  const quiet = applyHeader(snapshot, { height: 3, ...parseBlock("C") }, defaultConfig);
  expect(quiet.authorities).toBe(snapshot.authorities);
  expect(quiet.openVotes).toBe(snapshot.openVotes);
});

function freeze(value: object): void {
  if (!ArrayBuffer.isView(value)) Object.freeze(value);
}
