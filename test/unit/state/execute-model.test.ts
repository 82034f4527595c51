import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createExecutor, executeBlock, type StateChanges } from "../../../src/state/index.ts";
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

/** What the transfers move is often more than there is, and sometimes more than a receiver can hold. */
const randomBlock = fc.record({
  balances: fc.array(fc.oneof(fc.bigInt(0n, 40n), fc.constant(maxAmount / 4n - 40n)), {
    minLength: 1,
    maxLength: 4,
  }),
  proposer: fc.nat(9),
  reward: fc.bigInt(0n, 3n),
  minFee: fc.bigInt(0n, 1n),
  attempts: fc.array(
    fc.record({
      from: fc.nat(5),
      to: fc.nat(9),
      amount: fc.oneof(fc.bigInt(0n, 20n), fc.constant(maxAmount / 4n)),
      fee: fc.bigInt(0n, 4n),
      /** Of the nonce from the right one. */
      skew: fc.constantFrom(0, 0, 0, 0, 0, -1, 1),
    }),
    { minLength: 5, maxLength: 25 },
  ),
});
type RandomBlock = typeof randomBlock extends fc.Arbitrary<infer T> ? T : never;

/** Execution in the plainest way: a map that is copied for every transaction. */
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
  credit(state, toHex(address(proposer)), fees + reward);
  return { state, transfers, done };
}

describe("random blocks", () => {
  test("are executed as by the model, and create or lose nothing", () => {
    let executed = 0;
    let refused = 0;
    fc.assert(
      fc.property(randomBlock, (input) => {
        const { balances, proposer, reward, minFee } = input;
        const accounts = accountsWith(...balances);
        const state = stateOf(accounts);
        const config = { minFee, blockReward: reward };
        const expected = model(input);
        const { transfers } = expected;

        const executor = createExecutor(state, { proposer: address(proposer), config });
        const done = transfers.filter((item) => executor.tryTransaction(transfer(item)) === undefined);
        expect(done).toEqual(expected.done);
        executed += done.length;
        refused += transfers.length - done.length;

        const changes = executor.finish();
        expect(byIndex(executeBlock(state, block(proposer, done, config)))).toEqual(byIndex(changes));
        expect(accountsOf(state)).toEqual(accounts);
        state.apply(changes);
        const after = accountsOf(state);
        expect(after.map(({ address, balance, nonce }) => [toHex(address), { balance, nonce }])).toEqual([
          ...expected.state,
        ]);
        const sum = (list: Account[]) => list.reduce((total, { balance }) => total + balance, 0n);
        expect(sum(after)).toBe(sum(accounts) + reward);
        expectWellFormed(changes);
      }),
      { numRuns: 400, seed: 3 },
    );
    expect(executed).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(500);
  });
});

/** Failed attempts may have looked at accounts in another order. */
function byIndex({ firstNew, entries }: StateChanges): StateChanges {
  return { firstNew, entries: entries.toSorted((a, b) => a.index - b.index) };
}

/** Each account once, changed, the new ones in order of their indexes. */
function expectWellFormed({ firstNew, entries }: StateChanges): void {
  expect(new Set(entries.map(({ index }) => index)).size).toBe(entries.length);
  for (const { index, before, after } of entries) {
    expect(before === undefined).toBe(index >= firstNew);
    expect(after).not.toEqual(before);
  }
  const created = entries.filter(({ before }) => !before).map(({ index }) => index);
  expect(created).toEqual(created.map((_, place) => firstNew + place));
}
