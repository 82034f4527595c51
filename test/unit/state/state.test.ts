import { digest64 } from "@chainsafe/persistent-merkle-tree";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AccountState, executeBlock, Undo, undoOf } from "../../../src/state/index.ts";
import { Account, Accounts, type AuthoritySnapshot, State } from "../../../src/types/index.ts";
import { accountsOf, accountsWith, address, block, noAuthorities, seed, stateOf } from "./accounts.ts";

function expectRoot(state: AccountState, snapshot: AuthoritySnapshot = noAuthorities): void {
  const accounts = accountsOf(state);
  expect(state.accountsRoot()).toEqual(Accounts.hashTreeRoot(accounts));
  expect(state.stateRoot(snapshot)).toEqual(State.hashTreeRoot({ accounts, authorities: snapshot }));
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
      authorities: [address(1), address(2)],
      recentSigners: [{ height: 7, proposer: address(2) }],
      openVotes: [{ voter: address(1), candidate: address(9), kind: 1, height: 5 }],
    };
    expectRoot(state, snapshot);
    expect(state.stateRoot(snapshot)).not.toEqual(state.stateRoot(noAuthorities));
  });

  test.each(sizes.slice(1))("after one of %i accounts changed, each in its turn", (size) => {
    const state = stateOf(accountsWith(...Array.from({ length: size }, () => 5n)));
    state.accountsRoot();
    for (const index of new Set([0, size >> 1, size - 1])) {
      const entry = { index, address: address(index), before: { balance: 5n, nonce: 0 } };
      state.apply({ firstNew: size, entries: [{ ...entry, after: { balance: 6n, nonce: 1 } }] });
      expectRoot(state);
    }
  });
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

/** A block of a random chain: transfers that can be executed are made of these numbers. */
const blocks = fc.array(
  fc.record({
    undo: fc.boolean(),
    checkRoot: fc.boolean(),
    transfers: fc.array(fc.record({ from: fc.nat(12), to: fc.nat(40), amount: fc.nat(30) }), {
      maxLength: 12,
    }),
  }),
  { minLength: 1, maxLength: 12 },
);

describe("apply and revert", () => {
  test("any sequence keeps the root that of the accounts, and undo brings back what was", () => {
    fc.assert(
      fc.property(fc.nat(20), blocks, (size, steps) => {
        const state = stateOf(accountsWith(...Array.from({ length: size }, () => 100n)));
        const history: { root: Uint8Array; accounts: Account[]; undo: Uint8Array }[] = [];
        for (const { undo, checkRoot, transfers } of steps) {
          const last = undo ? history.pop() : undefined;
          if (last) {
            state.revertUndo(Undo.deserialize(last.undo));
            expect(accountsOf(state)).toEqual(last.accounts);
            for (const [index, account] of last.accounts.entries()) {
              expect(state.indexOf(account.address)).toBe(index);
            }
            if (checkRoot) expect(state.accountsRoot()).toEqual(last.root);
            continue;
          }
          const nonces = new Map<number, number>();
          const valid = transfers
            .filter(({ from, to }) => from < size && from !== to)
            .map(({ from, to, amount }) => {
              const nonce = nonces.get(from) ?? state.get(address(from))?.nonce ?? 0;
              nonces.set(from, nonce + 1);
              return { from, to, nonce, amount: BigInt(amount) / 30n };
            });
          const accounts = accountsOf(state);
          const changes = executeBlock(state, block(30, valid, { blockReward: 50n }));
          expect(accountsOf(state)).toEqual(accounts);
          // Sometimes the tree has not been brought up to date before the next change.
          const root = checkRoot ? state.accountsRoot() : Accounts.hashTreeRoot(accounts);
          history.push({ root, accounts, undo: Undo.serialize(undoOf(changes)) });
          state.apply(changes);
          if (checkRoot) expectRoot(state);
        }
        expectRoot(state);
      }),
      { numRuns: 80, seed: 2 },
    );
  });

  test("revertUndo tells what to persist", () => {
    const state = stateOf(accountsWith(100n, 100n, 100n));
    const changes = executeBlock(
      state,
      block(0, [
        { from: 0, to: 1, amount: 5n },
        { from: 1, to: 9, amount: 7n },
      ]),
    );
    state.apply(changes);
    expect(state.count).toBe(4);
    expect(state.revertUndo(undoOf(changes))).toEqual({
      restored: accountsWith(100n, 100n).map((account, index) => ({ index, ...account })),
      removedFrom: 3,
      removedTo: 4,
    });
  });

  test("revert takes back what was applied", () => {
    const state = stateOf(accountsWith(100n));
    const root = state.accountsRoot();
    const changes = executeBlock(state, block(0, [{ from: 0, to: 1, amount: 5n }]));
    state.apply(changes);
    expect(state.accountsRoot()).not.toEqual(root);
    state.revert(changes);
    expect(state.accountsRoot()).toEqual(root);
    expect(state.get(address(1))).toBeUndefined();
  });

  test("an account that changed and then was removed leaves nothing in the tree", () => {
    const state = stateOf(accountsWith(100n, 0n, 0n));
    const create = executeBlock(
      state,
      block(
        0,
        [3, 4, 5, 6].map((to, nonce) => ({ from: 0, to, amount: 1n, nonce })),
      ),
    );
    state.apply(create);
    expectRoot(state);
    const change = executeBlock(state, block(0, [{ from: 6, to: 5, amount: 1n }]));
    state.apply(change);
    state.revert(change);
    state.revert(create);
    expectRoot(state);
  });

  test("changes and undo records of another state are refused", () => {
    const state = stateOf(accountsWith(1n, 2n));
    const value = { balance: 1n, nonce: 0 };
    expect(() => state.apply({ firstNew: 1, entries: [] })).toThrow(RangeError);
    expect(() =>
      state.apply({ firstNew: 2, entries: [{ index: 3, address: address(3), after: value }] }),
    ).toThrow(RangeError);
    expect(() => state.revertUndo({ count: 3, entries: [] })).toThrow(RangeError);
    expect(() => state.revertUndo({ count: 1, entries: [{ index: 1, ...value }] })).toThrow(RangeError);
    expectRoot(stateOf(accountsOf(state)));
  });
});

test("a state from a database is the same", async () => {
  const accounts = accountsWith(1n, 2n, 3n);
  async function* rows() {
    yield* accounts;
  }
  const state = await AccountState.load(rows(), seed);
  expect(accountsOf(state)).toEqual(accounts);
  expect(state.account(1)).toEqual(accounts[1]);
  expectRoot(state);
});
