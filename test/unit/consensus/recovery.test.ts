import { describe, expect, test } from "vitest";
import {
  checkRecoveries,
  checkRecovery,
  maxRecoveryRound,
  nextRecoveryRound,
  recoveredFinality,
  recoveredSnapshot,
  recoveryId,
} from "../../../src/consensus/index.ts";
import { Recovery, zero32 } from "../../../src/types/index.ts";
import { UserError } from "../../../src/util/errors.ts";
import { addressOf, byTurn, genesisParent } from "./test-chain.ts";

const genesisId = new Uint8Array(32).fill(7);
const id = (name: number) => new Uint8Array(32).fill(name);
const ascending = byTurn("ABC").map(addressOf);

const { parameters } = genesisParent("A").snapshot;
const config = { slotMs: 500 };

const first: Recovery = {
  genesisId,
  previous: zero32,
  block: { height: 9, id: id(9) },
  round: 2 ** 32,
  authorities: ascending,
  parameters,
};
const second: Recovery = {
  ...first,
  previous: recoveryId(first),
  block: { height: 12, id: id(12) },
  round: 2 ** 33,
};

/** Returns the message of the fault, or "none". */
function faultOf(check: () => void): string {
  try {
    check();
    return "none";
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).code).toBe("BAD_RECOVERY");
    return (error as UserError).message;
  }
}

test("a recovery begins at the first multiple of 2^32 above the newest known round", () => {
  const step = 2 ** 32;
  expect([0, 1, step - 1, step, step + 1].map(nextRecoveryRound)).toEqual([
    step,
    step,
    step,
    2 * step,
    2 * step,
  ]);
});

test("the id of a recovery is the root of it", () => {
  expect(recoveryId(first)).toEqual(Recovery.hashTreeRoot(first));
});

test("a recovery sets its authorities and parameters, and leaves no signers and no votes", () => {
  expect(recoveredSnapshot(first)).toEqual({
    authorities: ascending,
    recentSigners: [],
    openVotes: [],
    parameters,
    recovery: recoveryId(first),
  });
});

test("the block of a recovery is justified and final in its round", () => {
  const checkpoint = { round: 2 ** 32, height: 9, block: id(9) };
  expect(recoveredFinality(first)).toEqual({ justified: checkpoint, finalized: checkpoint });
});

describe("a list of recoveries", () => {
  test("accepts a list in which each recovery follows the one before it", () => {
    expect(faultOf(() => checkRecoveries([], config))).toBe("none");
    expect(faultOf(() => checkRecoveries([first, second], config))).toBe("none");
    const sameBlock = { ...second, block: first.block };
    expect(faultOf(() => checkRecoveries([first, sameBlock], config))).toBe("none");
  });

  test.each<[string, Partial<Recovery>, RegExp]>([
    ["of another chain", { genesisId: id(1) }, /recovery 2 .* another chain/],
    ["after another one", { previous: id(1) }, /recovery 2 .* follows 0x0101/],
    ["after none", { previous: zero32 }, /recovery 2 .* follows 0x0000/],
    ["in the round of the one before", { round: first.round }, /recovery 2 .* round is out of range/],
    ["with a block below", { block: { height: 8, id: id(8) } }, /recovery 2 .* block is below/],
    ["with a block beside", { block: { height: 9, id: id(8) } }, /recovery 2 .* at the same height/],
    ["without authorities", { authorities: [] }, /recovery 2 .* names no authority/],
  ])("refuses a second one %s", (_, change, why) => {
    expect(faultOf(() => checkRecoveries([first, { ...second, ...change }], config))).toMatch(why);
  });

  test("refuses a first one that follows another", () => {
    expect(faultOf(() => checkRecoveries([second], config))).toMatch(/recovery 1 .* follows/);
  });

  test("accepts a list of 1024 recoveries at most", () => {
    const all = [first];
    for (let at = 1; at < 1024; at++) {
      const before = all[at - 1]!;
      all.push({ ...first, previous: recoveryId(before), round: before.round + 1 });
    }
    expect(faultOf(() => checkRecoveries(all, config))).toBe("none");
    const last = all.at(-1)!;
    const more = [...all, { ...first, previous: recoveryId(last), round: last.round + 1 }];
    expect(faultOf(() => checkRecoveries(more, config))).toMatch(/1024 recoveries at most/);
  });
});

describe("a recovery alone", () => {
  test("accepts a recovery in the lowest and in the highest round, and with one authority", () => {
    for (const round of [1, maxRecoveryRound])
      expect(faultOf(() => checkRecovery({ ...first, round }, genesisId, config))).toBe("none");
    expect(
      faultOf(() => checkRecovery({ ...first, authorities: ascending.slice(1, 2) }, genesisId, config)),
    ).toBe("none");
    expect(faultOf(() => checkRecovery(second, genesisId, config))).toBe("none");
    const changed = { ...parameters, rules: 10, periodMs: 500, emptyBlockPeriodMs: 0 };
    expect(faultOf(() => checkRecovery({ ...first, parameters: changed }, genesisId, config))).toBe("none");
  });

  test.each<[string, Partial<Recovery>, RegExp]>([
    ["another chain", { genesisId: id(1) }, /another chain/],
    ["the genesis block", { block: { height: 0, id: genesisId } }, /no block above genesis/],
    ["a height that is no safe number", { block: { height: 2 ** 53, id: id(9) } }, /no block above genesis/],
    ["round 0", { round: 0 }, /round is out of range/],
    ["a round that leaves no room for votes", { round: maxRecoveryRound + 1 }, /round is out of range/],
    ["no authority", { authorities: [] }, /names no authority/],
    ["an address that nobody can have", { authorities: [zero32] }, /no key can have the address 0x0000/],
    ["authorities that do not ascend", { authorities: ascending.toReversed() }, /do not ascend/],
    ["an authority twice", { authorities: [ascending[0]!, ascending[0]!] }, /do not ascend/],
    ["a period below the slot", { parameters: { ...parameters, periodMs: 499 } }, /shorter than a slot/],
    ["a limit of no transactions", { parameters: { ...parameters, maxBlockTransactions: 0 } }, /limit/],
    ["rules that no vote could have reached", { parameters: { ...parameters, rules: 11 } }, /version/],
  ])("refuses a recovery with %s", (_, change, why) => {
    expect(faultOf(() => checkRecovery({ ...first, ...change }, genesisId, config))).toMatch(why);
  });
});
