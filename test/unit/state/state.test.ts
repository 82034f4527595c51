import fc from "fast-check";
import { expect, test } from "vitest";
import { type AccountReader, type BlockInput, executeBlock, revertBlock } from "../../../src/state/index.ts";
import type { Account } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { accountsOf, accountsWith, address, block, expectRoot, stateOf } from "./accounts.ts";

/** Draws the steps of a random chain; their numbers are turned into executable transfers. */
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom("block", "block", "block", "revert", "settle", "rollback"),
    checkRoot: fc.boolean(),
    transfers: fc.array(fc.record({ from: fc.nat(12), to: fc.nat(40), amount: fc.nat(30) }), {
      maxLength: 12,
    }),
  }),
  { minLength: 1, maxLength: 20 },
);

const addresses = Array.from({ length: 42 }, (_, number) => address(number));

/** Checks reads of every existing account, and of an address without one. */
function expectReads(reader: AccountReader, accounts: Account[]): void {
  expect(accountsOf(reader)).toEqual(accounts);
  const indexes = new Map(accounts.map((account, index) => [toHex(account.address), index]));
  for (const one of addresses) expect(reader.indexOf(one)).toBe(indexes.get(toHex(one)) ?? -1);
}

test("any sequence of blocks, forwards and backwards, is as in a list of states", () => {
  fc.assert(
    fc.property(fc.nat(20), steps, (size, list) => {
      const state = stateOf(accountsWith(...Array.from({ length: size }, () => 100n)));
      /** The blocks from the start, each with the accounts before it. */
      let chain: { before: Account[]; block: BlockInput; income: bigint }[] = [];
      let settled = { accounts: accountsOf(state), chain };
      for (const { kind, checkRoot, transfers } of list) {
        if (kind === "settle") {
          state.settle();
          settled = { accounts: accountsOf(state), chain };
        } else if (kind === "rollback") {
          state.rollback();
          expectReads(state, settled.accounts);
          chain = settled.chain;
        } else if (kind === "revert") {
          const last = chain.at(-1);
          if (!last) continue;
          revertBlock(state, last.block, { accounts: last.before.length, income: last.income });
          expectReads(state, last.before);
          chain = chain.slice(0, -1);
        } else {
          const nonces = new Map<number, number>();
          const valid = transfers
            .filter(({ from, to }) => from < size && from !== to)
            .map(({ from, to, amount }) => {
              const nonce = nonces.get(from) ?? state.get(address(from))?.nonce ?? 0;
              nonces.set(from, nonce + 1);
              return { from, to, nonce, amount: BigInt(amount) / 30n };
            });
          const before = accountsOf(state);
          const made = block(41, valid, { blockReward: 50n });
          const { income } = executeBlock(state, made);
          chain = [...chain, { before, block: made, income }];
        }
        expectReads(state.settled, settled.accounts);
        // The changed accounts are those that differ on disk.
        const changed = new Set(state.changed());
        for (const [index, account] of accountsOf(state).entries())
          if (!changed.has(index)) expect(account).toEqual(settled.accounts[index]);
        // Sometimes the tree is not updated before the next change.
        if (checkRoot) expectRoot(state);
      }
      expectRoot(state);
    }),
    { numRuns: 80, seed: 2 },
  );
});

test("an undo record of more accounts than there are is refused", () => {
  const state = stateOf(accountsWith(1n, 2n));
  expect(() => revertBlock(state, block(0, []), { accounts: 3, income: 0n })).toThrow(RangeError);
});

test("the settled accounts are read as they were, by address too, whatever has changed, come or gone since", () => {
  const before = accountsWith(100n, 200n, 300n, 400n, 500n).map((each, at) => ({ ...each, nonce: at + 20 }));
  const state = stateOf(before);
  for (const index of [1, 2, 4]) state.set(index, 1n, 9);
  state.truncate(2);
  for (const number of [9, 10]) state.append(address(number), 5n);
  expect(state.account(2)).toEqual({ address: address(9), balance: 5n, nonce: 0 });
  expect([...state.changed()]).toEqual([1, 2, 3]);
  expect(accountsOf(state.settled)).toEqual(before);
  for (const { address: each, ...values } of before) expect(state.settled.get(each)).toEqual(values);
  expect(state.settled.get(address(9))).toBeUndefined();
  expect(state.settled.get(address(8))).toBeUndefined();
  expect(state.get(address(8))).toBeUndefined();
  state.rollback();
  expect(accountsOf(state)).toEqual(before);
  expectRoot(state);
  state.truncate(2);
  state.append(address(9), 5n);
  expect(state.settled.nonce(2)).toBe(22);
});

test("thousands of changes since the accounts were settled are read, listed and reverted", () => {
  const balances = Array.from({ length: 3000 }, (_, index) => BigInt(index));
  const before = accountsWith(...balances).map((each, at) => ({ ...each, nonce: 5_000 - at }));
  const state = stateOf(before);
  for (let index = 0; index < 3000; index++) state.set(index, 7n, index + 1);
  expect(accountsOf(state.settled)).toEqual(before);
  expect([...state.changed()]).toEqual(before.map((_, index) => index));
  state.rollback();
  expect(accountsOf(state)).toEqual(before);
  expect(state.changed()).toHaveLength(0);
});

test("an account whose removal was settled is not found again after the next removal", () => {
  const state = stateOf(accountsWith(1n, 2n, 3n));
  state.truncate(2);
  expect(state.settled.indexOf(address(2))).toBe(2);
  state.settle();
  state.truncate(1);
  expect([0, 1, 2].map((number) => state.settled.indexOf(address(number)))).toEqual([0, 1, -1]);
  expect(state.settled.get(address(2))).toBeUndefined();
});

test("addresses that are read are copies", () => {
  const before = accountsWith(1n, 2n);
  const state = stateOf(before);
  state.truncate(1);
  for (const [reader, index] of [
    [state, 0],
    [state.settled, 0],
    [state.settled, 1],
  ] as const)
    reader.address(index).fill(0);
  state.rollback();
  expect(accountsOf(state)).toEqual(before);
});
