import { describe, expect, test } from "vitest";
import { isExpired } from "../../../src/state/execute.ts";
import { Executor, executeBlock, revertBlock } from "../../../src/state/index.ts";
import { AccountState } from "../../../src/state/state.ts";
import type { BlockError } from "../../../src/types/errors.ts";
import { type Account, maxAmount } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import {
  accountsOf,
  accountsWith,
  address,
  block,
  seed,
  stateOf,
  type TestTransfer,
  transfer,
} from "./accounts.ts";

/** Returns the balances by address number after a block on accounts 0, 1, … */
function run(balances: bigint[], proposer: number, transfers: TestTransfer[], config = {}): Account[] {
  const state = stateOf(accountsWith(...balances));
  executeBlock(state, block(proposer, transfers, config));
  return accountsOf(state);
}

/** Returns the error code of a second transaction after a valid one. */
function failure(balances: bigint[], bad: TestTransfer, config = {}): unknown {
  const state = stateOf(accountsWith(...balances));
  const fine = { from: 0, to: 1, amount: 1n, fee: 1n };
  try {
    executeBlock(state, block(1, [fine, bad], config));
  } catch (error) {
    const { code, message } = error as BlockError;
    expect(code).toBe("INVALID_TRANSACTION");
    return message.split("transaction 1 cannot be executed: ")[1];
  }
  return undefined;
}

describe("a transfer", () => {
  test("moves the amount and pays the proposer", () => {
    expect(run([100n, 20n, 0n], 2, [{ from: 0, to: 1, amount: 30n, fee: 4n }])).toEqual([
      { address: address(0), balance: 66n, nonce: 1 },
      { address: address(1), balance: 50n, nonce: 0 },
      { address: address(2), balance: 4n, nonce: 0 },
    ]);
  });

  test("a transfer may spend the whole balance", () => {
    const [sender, receiver] = run([100n, 0n, 0n], 2, [{ from: 0, to: 1, amount: 90n, fee: 10n }]);
    expect([sender?.balance, receiver?.balance]).toEqual([0n, 90n]);
  });

  test("a transfer may fill the receiver's balance to the last unit, also that of the first account", () => {
    const balancesAfter = (balances: bigint[], one: TestTransfer) =>
      run(balances, 2, [one]).map(({ balance }) => balance);
    expect(balancesAfter([9n, maxAmount - 3n, 0n], { from: 0, to: 1, amount: 3n })).toEqual([
      6n,
      maxAmount,
      0n,
    ]);
    expect(balancesAfter([maxAmount - 3n, 9n, 0n], { from: 1, to: 0, amount: 3n })).toEqual([
      maxAmount,
      6n,
      0n,
    ]);
  });

  test("a transfer to oneself costs the fee", () => {
    const [sender] = run([100n, 0n], 1, [{ from: 0, to: 0, amount: 90n, fee: 10n }]);
    expect(sender).toEqual({ address: address(0), balance: 90n, nonce: 1 });
  });

  test("a transfer to oneself needs amount and fee", () => {
    expect(failure([10n, 0n], { from: 0, to: 0, amount: 8n, fee: 1n, nonce: 1 })).toBe(
      "INSUFFICIENT_BALANCE",
    );
  });

  test("a transfer can spend what came in the same block, also to an account that it created", () => {
    const after = run([100n], 0, [
      { from: 0, to: 5, amount: 40n },
      { from: 5, to: 6, amount: 15n },
      { from: 5, to: 0, amount: 5n, nonce: 1 },
    ]);
    expect(after.map(({ balance, nonce }) => [balance, nonce])).toEqual([
      [65n, 1],
      [20n, 2],
      [15n, 0],
    ]);
  });

  const failures: [string, bigint[], TestTransfer, string][] = [
    ["a used nonce", [9n, 9n], { from: 0, to: 1, nonce: 0 }, "NONCE_TOO_LOW"],
    ["a skipped nonce", [9n, 9n], { from: 0, to: 1, nonce: 2 }, "NONCE_TOO_HIGH"],
    ["a nonce that has no successor", [9n, 9n], { from: 0, to: 1, nonce: 2 ** 53 - 1 }, "MALFORMED"],
    ["more than the balance", [9n, 9n], { from: 0, to: 1, amount: 8n, nonce: 1 }, "INSUFFICIENT_BALANCE"],
    [
      "no balance for the fee",
      [9n, 9n],
      { from: 0, to: 1, amount: 7n, fee: 1n, nonce: 1 },
      "INSUFFICIENT_BALANCE",
    ],
    ["an account that does not exist", [9n, 9n], { from: 7, to: 1 }, "INSUFFICIENT_BALANCE"],
    ["a nonce of one that does not exist", [9n, 9n], { from: 7, to: 1, nonce: 1 }, "NONCE_TOO_HIGH"],
    [
      "amount and fee above u64",
      [9n, 9n],
      { from: 0, to: 1, amount: maxAmount, fee: 1n, nonce: 1 },
      "OVERFLOW",
    ],
    ["a full receiver", [9n, 9n, maxAmount], { from: 0, to: 2, amount: 1n, nonce: 1 }, "OVERFLOW"],
    ["the first account, which is full", [maxAmount, 9n], { from: 1, to: 0, amount: 3n }, "OVERFLOW"],
    ["fees of a block above u64", [9n, 9n, maxAmount], { from: 2, to: 0, fee: maxAmount }, "OVERFLOW"],
  ];
  test.each(failures)("refuses a transfer with %s", (_, balances, bad, code) => {
    expect(failure(balances, bad)).toBe(code);
  });

  test("blocks may hold a transfer up to the height that it is valid until", () => {
    const validity = [
      [0, 2 ** 53 - 1],
      [5, 4],
      [5, 5],
      [5, 6],
      [1, 2],
    ] as const;
    expect(validity.map(([validUntil, height]) => isExpired({ validUntil }, height))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
    const executor = new Executor(stateOf(accountsWith(9n, 9n)), {
      height: 5,
      proposer: address(1),
      parameters: { minFee: 0n, blockReward: 0n },
    });
    const codes = [4, 2 ** 53, 5, 0].map((validUntil, nonce) =>
      executor.tryTransaction(transfer({ from: 0, to: 1, nonce: Math.max(0, nonce - 2), validUntil })),
    );
    expect(codes).toEqual(["EXPIRED", "MALFORMED", undefined, undefined]);
  });

  test("refuses a transfer below the smallest fee", () => {
    const config = { minFee: 1n };
    expect(failure([9n, 9n], { from: 1, to: 0, fee: 0n }, config)).toBe("FEE_TOO_LOW");
    expect(failure([9n, 9n], { from: 1, to: 0, fee: 1n }, config)).toBeUndefined();
  });

  test("a full sender can still send to itself", () => {
    expect(failure([9n, 9n, maxAmount], { from: 2, to: 2, amount: maxAmount })).toBeUndefined();
  });
});

describe("the proposer", () => {
  test("gets fees and reward once, and an account for them", () => {
    const pays = [
      { from: 0, to: 0, fee: 3n },
      { from: 0, to: 0, fee: 4n, nonce: 1 },
    ];
    expect(run([100n], 9, pays, { blockReward: 5n }).at(-1)).toEqual({
      address: address(9),
      balance: 12n,
      nonce: 0,
    });
  });

  test("gets no account for an income of 0", () => {
    expect(run([100n], 9, [{ from: 0, to: 0 }])).toHaveLength(1);
    expect(run([100n], 9, [])).toHaveLength(1);
  });

  test("the proposer cannot spend the fees in the block that pays them", () => {
    const state = stateOf(accountsWith(10n, 0n));
    const transfers = [
      { from: 0, to: 0, fee: 5n },
      { from: 1, to: 0, amount: 5n },
    ];
    expect(() => executeBlock(state, block(1, transfers))).toThrow("INSUFFICIENT_BALANCE");
  });

  describe("gets what its balance can hold of fees and reward", () => {
    const pays = [{ from: 0, to: 0, fee: 9n }];
    const cases: [string, bigint[], number, TestTransfer[], bigint, bigint, bigint[]][] = [
      ["a full balance holds nothing", [0n, maxAmount], 1, [], 1n, 0n, [0n, maxAmount]],
      ["room for all of it, exactly", [9n, maxAmount - 14n], 1, pays, 5n, 14n, [0n, maxAmount]],
      ["one too many", [9n, maxAmount - 13n], 1, pays, 5n, 13n, [0n, maxAmount]],
      ["room that the block itself made", [maxAmount], 0, pays, 0n, 9n, [maxAmount]],
      ["the highest reward, to a new account", [9n], 1, pays, maxAmount, maxAmount, [0n, maxAmount]],
      [
        "the highest fees and reward",
        [maxAmount],
        0,
        [{ from: 0, to: 0, fee: maxAmount }],
        maxAmount,
        maxAmount,
        [maxAmount],
      ],
    ];

    test.each(cases)("%s", (_, balances, proposer, transfers, blockReward, income, after) => {
      const accounts = accountsWith(...balances);
      const state = stateOf(accounts);
      const made = block(proposer, transfers, { blockReward });
      expect(executeBlock(state, made).income).toBe(income);
      expect(accountsOf(state).map(({ balance }) => balance)).toEqual(after);
      revertBlock(state, made, { accounts: accounts.length, income });
      expect(accountsOf(state)).toEqual(accounts);
    });
  });
});

describe("new accounts", () => {
  test("new accounts come in the order of their first credit, the proposer's last", () => {
    const after = run([100n], 9, [
      { from: 0, to: 8, amount: 1n, fee: 1n },
      { from: 0, to: 3, amount: 1n, nonce: 1 },
      { from: 0, to: 8, amount: 1n, nonce: 2 },
      { from: 0, to: 5, amount: 1n, nonce: 3 },
    ]);
    expect(after.map((account) => toHex(account.address))).toEqual([0, 8, 3, 5, 9].map(address).map(toHex));
  });

  test("a proposer that was credited before keeps that place", () => {
    const after = run([100n], 9, [
      { from: 0, to: 9, amount: 1n, fee: 1n },
      { from: 0, to: 3, amount: 1n, nonce: 1 },
    ]);
    expect(after.map(({ balance }) => balance)).toEqual([97n, 2n, 1n]);
  });

  test("an amount of 0 makes no new account", () => {
    expect(run([100n], 0, [{ from: 0, to: 3 }])).toHaveLength(1);
  });
});

describe("Executor", () => {
  const setting = { height: 1, proposer: address(1), parameters: { minFee: 0n, blockReward: 0n } };

  test("a transaction that fails leaves no trace", () => {
    const state = stateOf(accountsWith(10n, 0n, maxAmount));
    const executor = new Executor(state, setting);
    expect(executor.tryTransaction(transfer({ from: 0, to: 2, amount: 5n, fee: 1n }))).toBe("OVERFLOW");
    expect(executor.tryTransaction(transfer({ from: 0, to: 7, amount: 11n }))).toBe("INSUFFICIENT_BALANCE");
    executor.finish();
    expect(executor.parties).toEqual([]);
    expect(accountsOf(state)).toEqual(accountsWith(10n, 0n, maxAmount));
  });

  test("continues after one that fails", () => {
    const state = stateOf(accountsWith(10n, 0n));
    const executor = new Executor(state, setting);
    const codes = [
      { from: 0, to: 1, amount: 4n },
      { from: 0, to: 1, amount: 40n, nonce: 1 },
      { from: 0, to: 1, amount: 6n, nonce: 1 },
    ].map((item) => executor.tryTransaction(transfer(item)));
    expect(codes).toEqual([undefined, "INSUFFICIENT_BALANCE", undefined]);
    executor.finish();
    expect(accountsOf(state).map(({ balance }) => balance)).toEqual([0n, 10n]);
  });
});

test("the coinbase creates its accounts in order, also empty ones", () => {
  const balances = [5n, 0n, 7n].map((balance, index) => ({ address: address(index), balance }));
  const state = AccountState.fromGenesis(balances, seed);
  expect(accountsOf(state)).toEqual(accountsWith(5n, 0n, 7n));
});

test("names the accounts of each transaction: an account that the block made later too, none where there is none", () => {
  const executed = (proposer: number, transfers: TestTransfer[], config = {}) =>
    executeBlock(stateOf(accountsWith(10n, 0n)), block(proposer, transfers, config));
  const { parties, balances } = executed(1, [
    { from: 0, to: 7 },
    { from: 0, to: 8, nonce: 1 },
    { from: 0, to: 1, amount: 1n, nonce: 2 },
    { from: 0, to: 7, amount: 1n, nonce: 3 },
  ]);
  expect(parties).toEqual([0, 2, 0, -1, 0, 1, 0, 2]);
  expect(balances).toEqual([10n, 0n, 10n, 0n, 9n, 1n, 8n, 1n]);
  expect(executed(9, [{ from: 0, to: 9 }], { blockReward: 1n }).parties).toEqual([0, 2]);
});

test("an executed block is reverted by its transactions, with fees and reward", () => {
  const state = stateOf(accountsWith(50n, 5n, 0n));
  const transfers = [
    { from: 0, to: 1, amount: 7n, fee: 2n },
    { from: 0, to: 0, amount: 3n, fee: 1n, nonce: 1 },
    { from: 1, to: 7, amount: 12n },
  ];
  const made = block(2, transfers, { blockReward: 4n });
  const { income } = executeBlock(state, made);
  expect(accountsOf(state).map(({ balance, nonce }) => [balance, nonce])).toEqual([
    [40n, 2],
    [0n, 1],
    [7n, 0],
    [12n, 0],
  ]);
  revertBlock(state, made, { accounts: 3, income });
  expect(accountsOf(state)).toEqual(accountsWith(50n, 5n, 0n));
});
