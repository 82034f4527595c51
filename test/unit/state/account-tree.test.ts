import { digest64 } from "@chainsafe/persistent-merkle-tree";
import { describe, expect, test } from "vitest";
import { executeBlock, revertBlock } from "../../../src/state/index.ts";
import { Account, Accounts, authorityVote } from "../../../src/types/index.ts";
import { accountsOf, accountsWith, address, block, expectRoot, noAuthorities, stateOf } from "./accounts.ts";

const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 1024, 1025, 2049];

test.each(sizes)(
  "the root of %i accounts is the SSZ root, also after one changed, each in its turn",
  (size) => {
    const accounts = accountsWith(...Array.from({ length: size }, (_, index) => BigInt(index) * 10n ** 15n));
    const state = stateOf(accounts);
    const expected = Accounts.toViewDU(accounts);
    expect(state.accountsRoot()).toEqual(expected.hashTreeRoot());
    for (const index of size === 0 ? [] : new Set([0, size >> 1, size - 1])) {
      state.set(index, 6n, 1);
      expected.set(index, Account.toViewDU({ ...accounts[index]!, balance: 6n, nonce: 1 }));
      expect(state.accountsRoot()).toEqual(expected.hashTreeRoot());
    }
  },
);

describe("stateRoot", () => {
  test("covers the largest values", () => {
    const account = { address: address(0), balance: 2n ** 64n - 1n, nonce: Number.MAX_SAFE_INTEGER };
    expectRoot(stateOf([account]));
  });

  test("covers the authorities", () => {
    const state = stateOf(accountsWith(1n, 2n));
    const snapshot = {
      ...noAuthorities,
      authorities: [address(1), address(2)],
      recentSigners: [{ height: 7, proposer: address(2) }],
      openVotes: [{ voter: address(1), vote: authorityVote("add", address(9)), height: 5 }],
    };
    expectRoot(state, snapshot);
    expect(state.stateRoot(snapshot)).not.toEqual(state.stateRoot(noAuthorities));
  });

  test("covers the parameters", () => {
    const state = stateOf(accountsWith(1n, 2n));
    const changed = { ...noAuthorities, parameters: { ...noAuthorities.parameters, minFee: 9n } };
    expectRoot(state, changed);
    expect(state.stateRoot(changed)).not.toEqual(state.stateRoot(noAuthorities));
  });
});

test("the root found in slices is the same, whatever runs in between", async () => {
  const state = stateOf(accountsWith(...Array.from({ length: 12_000 }, (_, index) => BigInt(index))));
  let pauses = 0;
  const pause = async () => void pauses++;
  await state.hash(pause);
  // Some thirty batches, with a pause after every eighth one.
  expect(pauses).toBeGreaterThan(2);
  expect(pauses).toBeLessThan(6);
  for (let index = 0; index < 12_000; index += 7) state.set(index, 1n, 1);
  state.append(address(12_000), 3n);
  await state.hash(pause);
  // The SSZ types would take seconds.
  expect(state.accountsRoot()).toEqual(stateOf(accountsOf(state)).accountsRoot());
});

test.each([
  ["no account was removed", 12_000, 0, 0],
  ["a full batch of accounts has changed", 12_000, 1_024, 1],
  ["their parents are a full batch", 8_000, 2_048, 1],
])("pauses only between steps that have work: %s", async (_, size, changed, expected) => {
  const state = stateOf(accountsWith(...Array.from({ length: size }, () => 1n)));
  state.accountsRoot();
  for (let index = 0; index < changed; index++) state.set(index, 2n, 1);
  state.truncate(size);
  let pauses = 0;
  // Both of the changes take 15 steps. The sixteenth would be followed by another pause.
  await state.hash(async () => void pauses++);
  expect(pauses).toBe(expected);
});

describe("branch", () => {
  test.each([1, 2, 3, 8, 9, 33])("leads from each of %i accounts to the root", (size) => {
    const state = stateOf(accountsWith(...Array.from({ length: size }, (_, index) => BigInt(index))));
    for (let index = 0; index < size; index++) {
      let node = Account.hashTreeRoot(accountsOf(state)[index]!);
      for (const [level, sibling] of state.branch(index).entries()) {
        const right = level < 32 && Math.floor(index / 2 ** level) % 2 === 1;
        node = right ? digest64(sibling, node) : digest64(node, sibling);
      }
      expect(node).toEqual(state.accountsRoot());
    }
  });

  test("returns no branch for an account that does not exist", () => {
    expect(() => stateOf(accountsWith(1n)).branch(1)).toThrow(RangeError);
  });
});

test("an account that changed and then was removed leaves nothing in the tree", () => {
  const state = stateOf(accountsWith(100n, 0n, 0n));
  const create = block(
    0,
    [3, 4, 5, 6].map((to, nonce) => ({ from: 0, to, amount: 1n, nonce })),
  );
  executeBlock(state, create);
  expectRoot(state);
  const change = block(0, [{ from: 6, to: 5, amount: 1n }]);
  executeBlock(state, change);
  revertBlock(state, change, { accounts: 7, income: 0n });
  revertBlock(state, create, { accounts: 3, income: 0n });
  expectRoot(state);
});

test("accounts far apart can change together, among them the last of a complete level", () => {
  const state = stateOf(accountsWith(...Array.from({ length: 8 }, () => 5n)));
  expectRoot(state);
  for (const index of [0, 7]) state.set(index, 6n, 1);
  expectRoot(state);
});

test("some of the accounts that were not hashed yet can be removed", () => {
  const state = stateOf(accountsWith(1n, 2n, 3n));
  expectRoot(state);
  for (const number of [3, 4, 5, 6]) state.append(address(number), 1n);
  state.truncate(5);
  expectRoot(state);
});
