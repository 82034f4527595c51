import { digest64 } from "@chainsafe/persistent-merkle-tree";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type AccountReader,
  type AccountState,
  type BlockInput,
  executeBlock,
  revertBlock,
} from "../../../src/state/index.ts";
import { Account, Accounts, authorityVote, type ChainSnapshot, State } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { accountsOf, accountsWith, address, block, noAuthorities, stateOf } from "./accounts.ts";

function expectRoot(state: AccountState, snapshot: ChainSnapshot = noAuthorities): void {
  const accounts = accountsOf(state);
  expect(state.accountsRoot()).toEqual(Accounts.hashTreeRoot(accounts));
  expect(state.stateRoot(snapshot)).toEqual(
    State.hashTreeRoot({ accounts, ...snapshot, authorities: snapshot }),
  );
}

const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 1023, 1024, 1025, 2049];

describe("stateRoot", () => {
  test.each(sizes)("of %i accounts is the SSZ root", (size) => {
    const balances = Array.from({ length: size }, (_, index) => BigInt(index) * 10n ** 15n);
    expectRoot(stateOf(accountsWith(...balances)));
  });

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

  test.each(sizes.slice(1))("after one of %i accounts changed, each in its turn", (size) => {
    const state = stateOf(accountsWith(...Array.from({ length: size }, () => 5n)));
    state.accountsRoot();
    for (const index of new Set([0, size >> 1, size - 1])) {
      state.set(index, 6n, 1);
      expectRoot(state);
    }
  });
});

test("the root found in slices is the same, whatever runs in between", async () => {
  const state = stateOf(accountsWith(...Array.from({ length: 20_000 }, (_, index) => BigInt(index))));
  let pauses = 0;
  const pause = async () => void pauses++;
  await state.hash(pause);
  // Some fifty batches, with a pause after every eighth one.
  expect(pauses).toBeGreaterThan(2);
  expect(pauses).toBeLessThan(10);
  for (let index = 0; index < 20_000; index += 7) state.set(index, 1n, 1);
  state.append(address(20_000), 3n);
  await state.hash(pause);
  expectRoot(state);
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

  test("is refused for an account that does not exist", () => {
    expect(() => stateOf(accountsWith(1n)).branch(1)).toThrow(RangeError);
  });
});

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
