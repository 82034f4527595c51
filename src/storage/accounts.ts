import type { Account } from "../types/index.ts";
import { readUint32, uint32Bytes, writeUint64 } from "../util/bytes.ts";
import { damaged } from "./damaged.ts";
import type { Database, Write } from "./database.ts";
import { keyOf, keyRange, keySpaces } from "./key-spaces.ts";

const keyBytes = 5;
const accountBytes = 48;

/** Accounts by their index. */
interface AccountValues {
  address(index: number): Uint8Array;
  balance(index: number): bigint;
  nonce(index: number): number;
}

/** The accounts of the head's state, by their index. */
export class AccountStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  put(index: number, { address, balance, nonce }: Account): Write {
    return this.putAll([index], { address: () => address, balance: () => balance, nonce: () => nonce })[0]!;
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
      buffer.set(accounts.address(index), valueAt);
      view.setBigUint64(valueAt + 32, accounts.balance(index));
      writeUint64(view, valueAt + 40, accounts.nonce(index));
      writes.push({
        key: buffer.subarray(at, valueAt),
        value: buffer.subarray(valueAt, valueAt + accountBytes),
      });
    }
    return writes;
  }

  delete(index: number): Write {
    return { key: keyOf("account", uint32Bytes(index)), value: undefined };
  }

  /** All accounts in the order of their index. @throws {CodedError} `DAMAGED` if one is missing. */
  async *all(): AsyncIterable<Account> {
    let expected = 0;
    for await (const [key, value] of this.#database.iterate(keyRange("account"))) {
      const index = readUint32(key, 1);
      if (index !== expected++) damaged(`account ${expected - 1} is missing`);
      const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
      yield {
        address: value.slice(0, 32),
        balance: view.getBigUint64(32),
        nonce: Number(view.getBigUint64(40)),
      };
    }
  }
}
