import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Executor, executeBlock, revertBlock } from "../../../src/state/index.ts";
import { type Account, maxAmount } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import {
  accountsOf,
  accountsWith,
  address,
  block,
  stateOf,
  type TestTransfer,
  transfer,
} from "./accounts.ts";

/** Draws a block whose transfers often exceed the balance, and sometimes what a receiver can hold. */
const randomBlock = fc.record({
  balances: fc.array(
    fc.oneof(fc.bigInt(0n, 40n), fc.constant(maxAmount / 4n - 40n), fc.constant(maxAmount - 5n)),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
  proposer: fc.nat(9),
  reward: fc.oneof(fc.bigInt(0n, 3n), fc.constantFrom(maxAmount / 2n, maxAmount)),
  minFee: fc.bigInt(0n, 1n),
  attempts: fc.array(
    fc.record({
      from: fc.nat(5),
      to: fc.nat(9),
      amount: fc.oneof(fc.bigInt(0n, 20n), fc.constant(maxAmount / 4n)),
      fee: fc.bigInt(0n, 4n),
      /** The difference of the nonce from the correct one. */
      skew: fc.constantFrom(0, 0, 0, 0, 0, -1, 1),
    }),
    { minLength: 5, maxLength: 25 },
  ),
});
type RandomBlock = typeof randomBlock extends fc.Arbitrary<infer T> ? T : never;

/** Executes a block in the simplest way, with a map that is copied for every transaction. */
function model({ balances, proposer, minFee, reward, attempts }: RandomBlock) {
  const accounts = accountsWith(...balances);
  let state = new Map(accounts.map(({ address, balance, nonce }) => [toHex(address), { balance, nonce }]));
  const credit = (next: typeof state, to: string, amount: bigint) => {
    if (amount === 0n) return;
    const { balance, nonce } = next.get(to) ?? { balance: 0n, nonce: 0 };
    if (balance + amount > maxAmount) throw new Error("overflow");
    next.set(to, { balance: balance + amount, nonce });
  };
  const transfers: TestTransfer[] = [];
  const done: TestTransfer[] = [];
  let fees = 0n;
  for (const { skew, ...attempt } of attempts) {
    const next = new Map(state);
    const { amount, fee } = attempt;
    const from = toHex(address(attempt.from));
    const sender = next.get(from);
    const nonce = Math.max((sender?.nonce ?? 0) + skew, 0);
    const item = { ...attempt, nonce };
    transfers.push(item);
    if (!sender || sender.nonce !== nonce || fee < minFee || sender.balance < amount + fee) continue;
    next.set(from, { balance: sender.balance - amount - fee, nonce: nonce + 1 });
    try {
      credit(next, toHex(address(item.to)), amount);
    } catch {
      continue;
    }
    state = next;
    fees += fee;
    done.push(item);
  }
  const held = state.get(toHex(address(proposer)))?.balance ?? 0n;
  const income = [fees + reward, maxAmount - held].sort((a, b) => (a < b ? -1 : 1))[0]!;
  credit(state, toHex(address(proposer)), income);
  return { state, transfers, done, income, lost: fees + reward - income };
}

describe("random blocks", () => {
  test("executes random blocks as the model does; nothing is created or lost but the reward, and what the proposer cannot hold", () => {
    let executed = 0;
    let refused = 0;
    let lossy = 0;
    fc.assert(
      fc.property(randomBlock, (input) => {
        const { balances, proposer, reward, minFee } = input;
        const accounts = accountsWith(...balances);
        const state = stateOf(accounts);
        const config = { minFee, blockReward: reward };
        const expected = model(input);
        const { transfers } = expected;

        const executor = new Executor(state, { height: 1, proposer: address(proposer), parameters: config });
        const done = transfers.filter((item) => executor.tryTransaction(transfer(item)) === undefined);
        expect(done).toEqual(expected.done);
        executed += done.length;
        refused += transfers.length - done.length;

        expect(executor.finish().income).toBe(expected.income);
        if (expected.lost > 0n) lossy++;
        const after = accountsOf(state);
        expect(accountsOf(state.settled)).toEqual(accounts);
        expect(after.map(({ address, balance, nonce }) => [toHex(address), { balance, nonce }])).toEqual([
          ...expected.state,
        ]);
        const sum = (list: Account[]) => list.reduce((total, { balance }) => total + balance, 0n);
        expect(sum(after)).toBe(sum(accounts) + reward - expected.lost);
        // Each changed account is reported once, also when the whole block is executed at once.
        const touched = after.flatMap(({ balance, nonce }, index) => {
          const before = accounts[index];
          return before?.balance === balance && before.nonce === nonce ? [] : [index];
        });
        const changed = [...state.changed()];
        expect(new Set(changed).size).toBe(changed.length);
        expect(changed).toEqual(expect.arrayContaining(touched));
        expect(executor.parties).toEqual(
          done.flatMap(({ from, to }) => [state.indexOf(address(from)), state.indexOf(address(to))]),
        );
        state.rollback();
        expect(accountsOf(state)).toEqual(accounts);
        const { income } = executeBlock(state, block(proposer, done, config));
        expect(accountsOf(state)).toEqual(after);
        revertBlock(state, block(proposer, done, config), { accounts: accounts.length, income });
        expect(accountsOf(state)).toEqual(accounts);
      }),
      { numRuns: 400, seed: 3 },
    );
    expect(executed).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(500);
    expect(lossy).toBeGreaterThan(50);
  });
});
