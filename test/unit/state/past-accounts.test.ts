import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { executeBlock, type Undo, undoOf } from "../../../src/state/index.ts";
import { accountsWith, address, block, stateOf, type TestTransfer } from "./accounts.ts";

/** Transfers that pass: from accounts with coins, nonces in order. Receivers and proposers may be new. */
const blocks = fc.array(
  fc.record({
    proposer: fc.nat(40),
    reward: fc.nat(1),
    transfers: fc.array(fc.record({ from: fc.nat(2), to: fc.nat(40), amount: fc.nat(2) }), { maxLength: 6 }),
  }),
  { maxLength: 5 },
);

const everybody = Array.from({ length: 41 }, (_, index) => address(index));

describe("PastAccounts", () => {
  it("is what the accounts were, to each account's branch, however many blocks ago", () => {
    fc.assert(
      fc.property(blocks, fc.integer({ min: 3, max: 9 }), (chain, accounts) => {
        const balances = Array.from({ length: accounts }, () => 1000n);
        const state = stateOf(accountsWith(...balances));
        const nonces = [0, 0, 0];
        const undos: Undo[] = [];
        const past = [stateOf(accountsWith(...balances))];
        for (const { proposer, reward, transfers } of chain) {
          const signed = transfers.map(
            ({ from, to, amount }): TestTransfer => ({
              from,
              to,
              amount: BigInt(amount),
              nonce: nonces[from]!++,
            }),
          );
          const changes = executeBlock(state, block(proposer, signed, { blockReward: BigInt(reward) }));
          state.apply(changes);
          undos.unshift(undoOf(changes));
          const copy = stateOf(Array.from({ length: state.count }, (_, index) => state.account(index)));
          past.unshift(copy);
        }
        for (const [depth, expected] of past.entries()) {
          const seen = state.before(undos.slice(0, depth));
          expect(seen.root()).toEqual(expected.accountsRoot());
          const indexes = Array.from({ length: expected.count }, (_, index) => index);
          expect(indexes.map((index) => seen.account(index))).toEqual(
            indexes.map((index) => expected.account(index)),
          );
          for (const index of indexes) {
            const [branch, other] = [seen, expected].map((accounts) => Buffer.concat(accounts.branch(index)));
            expect(branch!.equals(other!)).toBe(true);
          }
          expect(everybody.map((owner) => seen.indexOf(owner))).toEqual(
            everybody.map((owner) => expected.indexOf(owner)),
          );
          expect(() => seen.branch(expected.count)).toThrow(RangeError);
        }
      }),
      { numRuns: 50 },
    );
  });
});
