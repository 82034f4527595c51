import { readUint32, readUint64, uint32Bytes, viewOf, writeUint64 } from "../util/bytes.ts";
import { damaged } from "./damaged.ts";
import type { Database, Write } from "./database.ts";
import { IndexSet } from "./index-set.ts";
import { keyOf, keyRange, keySpaces } from "./key-spaces.ts";

const keyBytes = 5;
const accountBytes = 48;
/** Accounts in a page. Reading a million accounts in pages takes a tenth of the time of reading their own entries. */
export const pageAccounts = 256;
const pageBytes = pageAccounts * accountBytes;
/** A page is rewritten when at least this many of its accounts have entries of their own. */
const minLoose = 64;

/** Accounts by their index, from 0 on. */
export interface AccountValues {
  readonly count: number;
  address(index: number): Uint8Array;
  balance(index: number): bigint;
  nonce(index: number): number;
}

/**
 * The accounts of the head's state, by their index. A changed account is written as an entry of its own. Pages of
 * accounts, of which some may have changed since, make a start fast. A page and the deletions of the entries that it
 * replaces are one batch.
 */
export class AccountStore {
  readonly #database: Database;
  /** Accounts with an entry of their own. */
  readonly #loose = new IndexSet();
  /** The number of pages, which cover the first accounts. */
  #pages = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The accounts at these indexes, in one buffer. */
  putAll(indexes: ArrayLike<number>, accounts: AccountValues): Write[] {
    const entryBytes = keyBytes + accountBytes;
    const buffer = new Uint8Array(indexes.length * entryBytes);
    const view = new DataView(buffer.buffer);
    const writes: Write[] = [];
    for (let place = 0; place < indexes.length; place++) {
      const index = indexes[place]!;
      const at = place * entryBytes;
      const valueAt = at + keyBytes;
      buffer[at] = keySpaces.account;
      view.setUint32(at + 1, index);
      encode(buffer, view, valueAt, index, accounts);
      this.#loose.add(index);
      writes.push({
        key: buffer.subarray(at, valueAt),
        value: buffer.subarray(valueAt, valueAt + accountBytes),
      });
    }
    return writes;
  }

  /** Removes the accounts from `accounts.count` to below `end`. */
  truncate(end: number, accounts: AccountValues): Write[] {
    const { count } = accounts;
    const writes: Write[] = [];
    const kept: number[] = [];
    for (; this.#pages * pageAccounts > count; this.#pages--) {
      const first = (this.#pages - 1) * pageAccounts;
      for (let index = first; index < Math.min(first + pageAccounts, count); index++) kept.push(index);
      writes.push({ key: keyOf("accountPage", uint32Bytes(this.#pages - 1)), value: undefined });
    }
    for (let index = count; index < end; index++) {
      this.#loose.delete(index);
      writes.push(deletion(index));
    }
    return [...writes, ...this.putAll(kept, accounts)];
  }

  /**
   * Yields, page by page, the writes that turn accounts with entries of their own into pages. `accounts` must be the
   * accounts as they are on disk at each step.
   */
  *fold(accounts: AccountValues): Generator<Write[], void> {
    for (let page = 0; page <= this.#pages && (page + 1) * pageAccounts <= accounts.count; page++) {
      const first = page * pageAccounts;
      const loose = this.#loose.within(first, first + pageAccounts);
      if (page < this.#pages && loose.length < minLoose) continue;
      this.#pages = Math.max(this.#pages, page + 1);
      for (const index of loose) this.#loose.delete(index);
      yield [putPage(page, accounts), ...loose.map(deletion)];
    }
  }

  /** Writes all accounts of a new chain. */
  putNew(accounts: AccountValues): Write[] {
    const writes = [...this.fold(accounts)].flat();
    const first = this.#pages * pageAccounts;
    const rest = Array.from({ length: accounts.count - first }, (_, place) => first + place);
    return [...writes, ...this.putAll(rest, accounts)];
  }

  /** The number of accounts. */
  async count(): Promise<number> {
    const last = async (space: "account" | "accountPage") => {
      for await (const [key] of this.#database.iterate({ ...keyRange(space), reverse: true, limit: 1 }))
        return readUint32(key, 1) + 1;
      return 0;
    };
    return Math.max(await last("account"), (await last("accountPage")) * pageAccounts);
  }

  /**
   * All accounts in the order of their index, some at a time, each batch indexed from 0 on. Read a batch before
   * requesting the next one. @throws {CodedError} `DAMAGED` if one is missing or not as it was written.
   */
  async *all(): AsyncIterable<AccountValues> {
    const entries = this.#database.iterate(keyRange("account"))[Symbol.asyncIterator]();
    let entry = await entries.next();
    const takeEntry = async (first: number) => {
      const [key, value] = entry.value as [Uint8Array, Uint8Array];
      const index = readUint32(key, 1);
      this.#loose.add(index);
      page.set(value, (index - first) * accountBytes);
      entry = await entries.next();
    };
    const nextIndex = () => (entry.done ? Number.POSITIVE_INFINITY : readUint32(entry.value[0], 1));
    const page = new Uint8Array(pageBytes);
    this.#pages = 0;
    for await (const [key, value] of this.#database.iterate(keyRange("accountPage"))) {
      const first = this.#pages * pageAccounts;
      if (readUint32(key, 1) !== this.#pages++) damaged(`account ${first} is missing`);
      page.set(value);
      while (nextIndex() < first + pageAccounts) await takeEntry(first);
      yield decode(page);
    }
    for (let first = this.#pages * pageAccounts; !entry.done; first += pageAccounts) {
      let count = 0;
      while (count < pageAccounts && nextIndex() === first + count) {
        await takeEntry(first);
        count++;
      }
      yield decode(page.subarray(0, count * accountBytes));
      if (count < pageAccounts && !entry.done) damaged(`account ${first + count} is missing`);
    }
  }
}

function putPage(page: number, accounts: AccountValues): Write {
  const value = new Uint8Array(pageBytes);
  const view = new DataView(value.buffer);
  for (let place = 0; place < pageAccounts; place++)
    encode(value, view, place * accountBytes, page * pageAccounts + place, accounts);
  return { key: keyOf("accountPage", uint32Bytes(page)), value };
}

function deletion(index: number): Write {
  return { key: keyOf("account", uint32Bytes(index)), value: undefined };
}

/** `view` is a view of the bytes of `to`. */
function encode(to: Uint8Array, view: DataView, at: number, index: number, accounts: AccountValues): void {
  to.set(accounts.address(index), at);
  view.setBigUint64(at + 32, accounts.balance(index));
  writeUint64(view, at + 40, accounts.nonce(index));
}

/**
 * Decodes accounts one by one as they are requested: objects for all of them would be most of the memory that a start
 * takes.
 */
function decode(page: Uint8Array): AccountValues {
  const view = viewOf(page);
  return {
    count: page.length / accountBytes,
    address: (index) => page.subarray(index * accountBytes, index * accountBytes + 32),
    balance: (index) => view.getBigUint64(index * accountBytes + 32),
    nonce: (index) => readUint64(page, index * accountBytes + 40),
  };
}
