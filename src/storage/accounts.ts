import type { Account } from "../types/index.ts";
import { readUint32, uint32Bytes } from "../util/bytes.ts";
import { damaged } from "./damaged.ts";
import type { Database, Write } from "./database.ts";
import { keyOf, keyRange } from "./key-spaces.ts";

const accountBytes = 48;

/** The accounts of the head's state, by their index. */
export class AccountStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  put(index: number, { address, balance, nonce }: Account): Write {
    const value = new Uint8Array(accountBytes);
    value.set(address);
    const view = new DataView(value.buffer);
    view.setBigUint64(32, balance);
    view.setBigUint64(40, BigInt(nonce));
    return { key: keyOf("account", uint32Bytes(index)), value };
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
