import fc from "fast-check";
import { expect, test } from "vitest";
import { AccountStore, pageAccounts } from "../../../src/storage/accounts.ts";
import { keyOf } from "../../../src/storage/key-spaces.ts";
import { uint32Bytes } from "../../../src/util/bytes.ts";
import { MemoryDatabase, temporaryDatabase } from "../support/database.ts";

interface TestAccount {
  address: Uint8Array;
  balance: bigint;
  nonce: number;
}

/** A stand-in for the accounts of a state. */
class Accounts {
  readonly list: TestAccount[] = [];
  #made = 0;

  constructor(count = 0) {
    while (this.list.length < count) this.append();
  }

  get count(): number {
    return this.list.length;
  }
  address = (index: number) => this.list[index]!.address;
  balance = (index: number) => this.list[index]!.balance;
  nonce = (index: number) => this.list[index]!.nonce;

  append(): void {
    const number = this.#made++;
    this.list.push({
      address: new Uint8Array(32).fill(number % 251),
      balance: 2n ** 64n - 1n - BigInt(number),
      nonce: Number.MAX_SAFE_INTEGER - number,
    });
  }

  change(index: number): void {
    const { address, balance, nonce } = this.list[index]!;
    this.list[index] = { address, balance: balance - 1000n, nonce: nonce - 1 };
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, place) => from + place);

async function read(store: AccountStore): Promise<TestAccount[]> {
  const accounts: TestAccount[] = [];
  for await (const page of store.all())
    for (let index = 0; index < page.count; index++)
      accounts.push({
        address: page.address(index).slice(),
        balance: page.balance(index),
        nonce: page.nonce(index),
      });
  return accounts;
}

const stored = (database: MemoryDatabase) => read(new AccountStore(database));
const pages = (database: MemoryDatabase) =>
  [...database.entries.keys()].filter((key) => key.startsWith("13"));

test.each([0, 1, pageAccounts - 1, pageAccounts, 3 * pageAccounts + 7])(
  "%d accounts of a new chain come back as they were",
  async (count) => {
    const { database } = await temporaryDatabase();
    const accounts = new Accounts(count);
    await database.commit(new AccountStore(database).putNew(accounts));
    const store = new AccountStore(database);
    expect(await store.count()).toBe(count);
    expect(await read(store)).toEqual(accounts.list);
  },
);

test("rewrites a page whose accounts have changed, and deletes their own entries", async () => {
  const database = new MemoryDatabase();
  const accounts = new Accounts(2 * pageAccounts);
  const store = new AccountStore(database);
  await database.commit(store.putNew(accounts));
  expect([pages(database).length, database.entries.size]).toEqual([2, 2]);
  const changed = [...range(0, 100), ...range(300, 310)];
  for (const index of changed) accounts.change(index);
  await database.commit(store.putAll(changed, accounts));
  expect(database.entries.size).toBe(2 + 110);
  expect(await stored(database)).toEqual(accounts.list);
  for (const writes of store.fold(accounts)) await database.commit(writes);
  // The ten accounts of the second page are too few to rewrite it.
  expect(database.entries.size).toBe(2 + 10);
  expect(await stored(database)).toEqual(accounts.list);
});

const textOf = (accounts: TestAccount[]) =>
  accounts.map(({ address, balance, nonce }) => `${address.join()} ${balance} ${nonce}`).join("\n");

/** Draws steps that are applied to a state and its store. */
const steps = fc.array(
  fc.oneof(
    fc.record({ append: fc.nat({ max: pageAccounts }) }),
    fc.record({ change: fc.array(fc.nat({ max: 1000 }), { maxLength: 100 }) }),
    fc.record({ keep: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ fold: fc.nat({ max: 3 }) }),
    fc.constant("reopen" as const),
  ),
  { maxLength: 8 },
);

test("keeps the accounts on disk equal to those of the state, whatever happens", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const database = new MemoryDatabase();
      const accounts = new Accounts(pageAccounts);
      let store = new AccountStore(database);
      await database.commit(store.putNew(accounts));
      for (const step of list) {
        if (step === "reopen") {
          store = new AccountStore(database);
          await read(store);
        } else if ("append" in step) {
          const before = accounts.count;
          while (accounts.count < before + step.append) accounts.append();
          await database.commit(store.putAll(range(before, accounts.count), accounts));
        } else if ("change" in step) {
          const changed = [...new Set(step.change)].filter((index) => index < accounts.count);
          for (const index of changed) accounts.change(index);
          await database.commit(store.putAll(changed, accounts));
        } else if ("keep" in step) {
          const before = accounts.count;
          accounts.list.length = Math.floor(before * step.keep);
          await database.commit(store.truncate(before, accounts));
        } else {
          const folds = store.fold(accounts);
          for (let count = 0; count < step.fold; count++) await database.commit(folds.next().value ?? []);
        }
        // Deep equality of thousands of accounts would take most of the time.
        expect(textOf(await stored(database))).toBe(textOf(accounts.list));
      }
    }),
    { numRuns: 30, seed: 1 },
  );
});

test("names a missing page or entry", async () => {
  const database = new MemoryDatabase();
  const accounts = new Accounts(2 * pageAccounts + 3);
  await database.commit(new AccountStore(database).putNew(accounts));
  await database.commit([{ key: keyOf("account", uint32Bytes(2 * pageAccounts + 1)), value: undefined }]);
  await expect(stored(database)).rejects.toThrow("account 513 is missing");
  await database.commit([{ key: keyOf("accountPage", uint32Bytes(0)), value: undefined }]);
  await expect(stored(database)).rejects.toThrow("account 0 is missing");
});
