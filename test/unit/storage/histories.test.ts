import fc from "fast-check";
import { expect, test } from "vitest";
import { type AccountEntry, accountEntries } from "../../../src/storage/account-entries.ts";
import { comparePlaces, HistoryStore, historyEntries } from "../../../src/storage/histories.ts";
import { readVarint, writeSmallVarint, writeVarint } from "../../../src/storage/varint.ts";
import { collect } from "../support/collect.ts";
import { MemoryDatabase, temporaryDatabase } from "../support/database.ts";

const maxAmount = 2n ** 64n - 1n;

test("amounts of every size are read as they were written, in as few bytes as they need", () => {
  const amount = fc.oneof(fc.bigInt(0n, maxAmount), fc.bigInt(0n, 300n), fc.bigInt(2n ** 30n, 2n ** 54n));
  const edges = [0n, 127n, 128n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 49n - 1n, 2n ** 49n, 2n ** 53n, maxAmount];
  fc.assert(
    fc.property(amount, (value) => {
      const bytes = new Uint8Array(11);
      const end = writeVarint(bytes, 1, value);
      expect(end - 1).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)));
      const reader = { bytes, at: 1 };
      expect(readVarint(reader)).toBe(value);
      expect(reader.at).toBe(end);
      if (value < 2n ** 32n) {
        const asNumber = new Uint8Array(11);
        expect(writeSmallVarint(asNumber, 1, Number(value))).toBe(end);
        expect(asNumber).toEqual(bytes);
      }
    }),
    { numRuns: 1000, seed: 1, examples: edges.map((edge) => [edge]) },
  );
});

interface Move {
  from: number;
  to: number;
  amount: bigint;
  fee: bigint;
  memo: boolean;
}

/** A block of transfers among accounts, whose balances it changes; -1 is an address without an account. */
function blockOf(
  height: number,
  moves: readonly Move[],
  balances: bigint[],
  proposer: number,
  income: bigint,
) {
  const after: bigint[] = [];
  for (const { from, to, amount, fee } of moves) {
    balances[from]! -= amount + fee;
    if (to >= 0) balances[to]! += amount;
    after.push(balances[from]!, to < 0 ? 0n : balances[to]!);
  }
  if (proposer >= 0) balances[proposer]! += income;
  return {
    height,
    records: moves.map(({ amount, fee, memo }) => ({
      transaction: { message: { amount, fee, memo: new Uint8Array(memo ? 3 : 0) } },
    })),
    parties: moves.flatMap(({ from, to }) => [from, to]),
    balances: after,
    proposer,
    income,
    proposerBalance: proposer < 0 ? 0n : balances[proposer]!,
  };
}

/** The entries of an account by the definition, the oldest first. */
function entriesOf(account: number, blocks: readonly ReturnType<typeof blockOf>[], moves: readonly Move[][]) {
  return blocks.flatMap(({ height, balances }, block) =>
    moves[block]!.flatMap(({ from, to, amount, fee, memo: hasMemo }, index): AccountEntry[] => {
      const common = { height, index, amount, hasMemo };
      if (from === account && to === account)
        return [{ ...common, kind: "self", counterparty: -1, fee, balance: balances[2 * index]! }];
      if (from === account)
        return [{ ...common, kind: "sent", counterparty: to, fee, balance: balances[2 * index]! }];
      if (to === account)
        return [
          { ...common, kind: "received", counterparty: from, fee: 0n, balance: balances[2 * index + 1]! },
        ];
      return [];
    }),
  );
}

const accounts = 4;
const move = fc.record({
  from: fc.nat(accounts - 1),
  to: fc.integer({ min: -1, max: accounts - 1 }),
  amount: fc.oneof(fc.bigInt(0n, 200n), fc.bigInt(0n, 2n ** 40n)),
  fee: fc.bigInt(0n, 9n),
  memo: fc.boolean(),
});
const block = fc.record({
  gap: fc.integer({ min: 1, max: 3 }),
  // Some blocks hold more of one account than one entry of the database does.
  moves: fc.oneof(
    { weight: 4, arbitrary: fc.array(move, { maxLength: 6 }) },
    { weight: 1, arbitrary: fc.array(move, { minLength: 150, maxLength: 200 }) },
  ),
  proposer: fc.integer({ min: -1, max: accounts - 1 }),
  income: fc.bigInt(0n, 3n),
});
const place = fc.record({ height: fc.nat(20), index: fc.nat(210) });

test("each account's history is read from any place to any other, both ways; a retracted block leaves nothing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(block, { minLength: 1, maxLength: 6 }),
      fc.option(place, { nil: undefined }),
      fc.option(place, { nil: undefined }),
      fc.integer({ min: 1, max: 300 }),
      async (plan, from, before, limit) => {
        const database = new MemoryDatabase();
        const histories = new HistoryStore(database);
        const balances = new Array<bigint>(accounts).fill(2n ** 60n);
        const states = [[...balances]];
        const blocks: ReturnType<typeof blockOf>[] = [];
        let height = 0;
        for (const { gap, moves, proposer, income } of plan) {
          for (let empty = 1; empty < gap; empty++) states.push([...balances]);
          height += gap;
          blocks.push(blockOf(height, moves, balances, proposer, income));
          states.push([...balances]);
          await database.commit(historyEntries(blocks.at(-1)!));
          expect(await histories.has(blocks.at(-1)!)).toBe(true);
        }
        const moves = plan.map((each) => each.moves);
        const within = (entry: AccountEntry) =>
          (!from || comparePlaces(entry, from) >= 0) && (!before || comparePlaces(entry, before) < 0);
        for (let account = 0; account < accounts; account++) {
          const expected = entriesOf(account, blocks, moves).filter(within);
          for (const newestFirst of [false, true]) {
            const ordered = newestFirst ? expected.toReversed() : expected;
            const read = async (options: { newestFirst: boolean; limit?: number }) =>
              (await collect(histories.entries(account, { from, before }, options))).flat();
            expect(await read({ newestFirst })).toEqual(ordered);
            expect((await read({ newestFirst, limit })).slice(0, limit)).toEqual(ordered.slice(0, limit));
          }
          for (const [at, state] of states.entries())
            expect((await histories.balanceAt(account, at)) ?? balances[account]).toBe(state[account]);
        }
        for (const retracted of blocks.toReversed()) {
          await database.commit(histories.clear(retracted));
          if (accountEntries(retracted).length > 0) expect(await histories.has(retracted)).toBe(false);
        }
        expect(database.entries.size).toBe(0);
      },
    ),
    { numRuns: 150, seed: 1 },
  );
}, 60_000);

test("accounts and heights keep their order in LevelDB, and nobody's history holds anybody else's", async () => {
  const { database } = await temporaryDatabase();
  const histories = new HistoryStore(database);
  const parties = [255, 256, 0xffff_fffe, 0xffff_ffff, 256, 255];
  const heights = [1, 255, 256, 2 ** 32 + 5];
  for (const height of heights)
    await database.commit(
      historyEntries({
        height,
        records: [1n, 2n, maxAmount].map((amount) => ({
          transaction: { message: { amount, fee: 0n, memo: new Uint8Array() } },
        })),
        parties,
        balances: parties.map(() => maxAmount),
        proposer: 255,
        income: 1n,
        proposerBalance: maxAmount,
      }),
    );
  for (const account of parties) {
    const entries = (await collect(histories.entries(account, {}, { newestFirst: false }))).flat();
    expect([...new Set(entries.map(({ height }) => height))]).toEqual(heights);
    expect(new Set(entries.map(({ balance }) => balance))).toEqual(new Set([maxAmount]));
  }
  // A place beyond all possible ones is the same as none.
  const before = { height: Number.MAX_SAFE_INTEGER, index: 2 ** 32 - 1 };
  const last = await collect(histories.entries(255, { before }, { newestFirst: true, limit: 1 }));
  expect(last[0]![0]).toMatchObject({ height: 2 ** 32 + 5, index: 2, amount: maxAmount });
  expect(await histories.balanceAt(7, 3)).toBeUndefined();
});
