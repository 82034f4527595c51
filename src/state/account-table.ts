import { accountsLimit } from "../types/state.ts";
import { AddressIndex } from "./address-index.ts";

/** `balance` is in base units; `nonce` is that of the next transaction. */
export interface AccountValue {
  balance: bigint;
  nonce: number;
}

/** Read access to the accounts, by index in order of creation. */
export interface AccountReader {
  readonly count: number;
  /** -1 if there is no such account. */
  indexOf(address: Uint8Array): number;
  address(index: number): Uint8Array;
  balance(index: number): bigint;
  nonce(index: number): number;
}

const addressBytes = 32;
const minCapacity = 16;
/** Growth when there is no room left: little enough that a large table does not double its memory. */
const growth = 1.25;

/**
 * All accounts in flat arrays that grow: 48 bytes per account, and the address index. Indexes must be below `count`.
 */
export class AccountTable implements AccountReader {
  #count = 0;
  #bytes: Uint8Array;
  #balances: BigUint64Array;
  #nonces: Float64Array;
  readonly #index: AddressIndex;

  /** `seed` is 8 random bytes that key the address index. `capacity` is the number of accounts to make room for. */
  constructor(seed: Uint8Array, capacity = 0) {
    const room = Math.max(capacity, minCapacity);
    this.#bytes = new Uint8Array(room * addressBytes);
    this.#balances = new BigUint64Array(room);
    this.#nonces = new Float64Array(room);
    this.#index = new AddressIndex(this, seed, room);
  }

  get count(): number {
    return this.#count;
  }

  /**
   * All addresses one after another, followed by unused room. Do not change them; the array is replaced when the table
   * grows.
   */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  indexOf(address: Uint8Array): number {
    return this.#index.indexOf(address);
  }

  get(index: number): AccountValue {
    return { balance: this.balance(index), nonce: this.nonce(index) };
  }

  /** A copy of the address. */
  address(index: number): Uint8Array {
    return this.#bytes.slice(index * addressBytes, (index + 1) * addressBytes);
  }

  balance(index: number): bigint {
    return this.#balances[index]!;
  }

  nonce(index: number): number {
    return this.#nonces[index]!;
  }

  set(index: number, balance: bigint, nonce: number): void {
    this.#balances[index] = balance;
    this.#nonces[index] = nonce;
  }

  /** Creates the account at index `count`. No account may have `address` yet. */
  append(address: Uint8Array, balance: bigint, nonce: number): void {
    if (this.#count === accountsLimit) throw new RangeError("the table of accounts is full");
    if (this.#count === this.#nonces.length) this.#grow(Math.ceil(this.#count * growth));
    this.#bytes.set(address, this.#count * addressBytes);
    this.set(this.#count, balance, nonce);
    this.#index.append(address);
    this.#count++;
  }

  /** Removes the accounts from index `count` on. */
  truncate(count: number): void {
    this.#index.truncate(count);
    this.#count = Math.min(this.#count, count);
  }

  #grow(capacity: number): void {
    const bytes = new Uint8Array(capacity * addressBytes);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    const balances = new BigUint64Array(capacity);
    balances.set(this.#balances);
    this.#balances = balances;
    const nonces = new Float64Array(capacity);
    nonces.set(this.#nonces);
    this.#nonces = nonces;
  }
}
