import { halfSipHash, readWord } from "./half-sip-hash.ts";

/** A list of addresses. */
export interface AddressSource {
  /** 32 bytes each, one after another, in order of creation. */
  readonly bytes: Uint8Array;
}

const addressBytes = 32;
const minSlots = 16;
/** Linear probing stays short up to this load: five slots on average for an address that is not in the table. */
const maxLoad = 2 / 3;

/**
 * Maps addresses to account indexes: an open-addressing hash table of 4-byte slots (6 to 12 bytes per account) over
 * addresses that are stored elsewhere. The hash is keyed, so that nobody can construct addresses that collide.
 */
export class AddressIndex {
  readonly #source: AddressSource;
  readonly #key0: number;
  readonly #key1: number;
  /** Account index + 1; 0 is free. */
  #slots: Uint32Array;
  #count = 0;

  /** `seed` is 8 random bytes that nobody else may know. `capacity` is the number of addresses to make room for. */
  constructor(source: AddressSource, seed: Uint8Array, capacity = 0) {
    if (seed.length < 8) throw new RangeError(`the seed has 8 bytes, not ${seed.length}`);
    this.#source = source;
    this.#slots = new Uint32Array(Math.max(minSlots, 2 ** Math.ceil(Math.log2(capacity / maxLoad))));
    this.#key0 = readWord(seed, 0);
    this.#key1 = readWord(seed, 4);
  }

  /** The account index of `address`, or -1. */
  indexOf(address: Uint8Array): number {
    return this.#slots[this.#find(address)]! - 1;
  }

  /** Adds the next account. Its address must not be in the index; its index is the number of accounts so far. */
  append(address: Uint8Array): void {
    if (this.#count + 1 > this.#slots.length * maxLoad) this.#grow(this.#slots.length * 2);
    this.#slots[this.#find(address)] = ++this.#count;
  }

  /**
   * Removes the last accounts, whose addresses are still in the source. Their slots are simply freed: accounts are in
   * the table as if added in order, so no older one was placed by passing over the slot of a newer one.
   */
  truncate(count: number): void {
    while (this.#count > count) {
      this.#count--;
      const at = this.#count * addressBytes;
      this.#slots[this.#find(this.#source.bytes.subarray(at, at + addressBytes))] = 0;
    }
  }

  /** The slot of `address`, or the free slot where it belongs. */
  #find(address: Uint8Array): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const { bytes } = this.#source;
    let slot = halfSipHash(address, this.#key0, this.#key1) & mask;
    for (;;) {
      const entry = slots[slot]!;
      if (entry === 0 || isAt(bytes, (entry - 1) * addressBytes, address)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(length: number): void {
    this.#slots = new Uint32Array(length);
    const mask = length - 1;
    const { bytes } = this.#source;
    for (let index = 0; index < this.#count; index++) {
      const at = index * addressBytes;
      let slot = halfSipHash(bytes.subarray(at, at + addressBytes), this.#key0, this.#key1) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = index + 1;
    }
  }
}

function isAt(bytes: Uint8Array, offset: number, address: Uint8Array): boolean {
  for (let i = 0; i < addressBytes; i++) if (bytes[offset + i] !== address[i]) return false;
  return true;
}
