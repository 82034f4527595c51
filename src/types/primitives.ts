import "./hasher.ts";
import { ByteVectorType, type ByteViews, UintBigintType, UintNumberType } from "@chainsafe/ssz";

/** A `hash_tree_root` or a public key. */
export const Bytes32 = new ByteVectorType(32);
export const Bytes64 = new ByteVectorType(64);
/** The leading bytes of a transaction id. They are enough to find it in a pool, but not to identify it. */
export const ShortId = new ByteVectorType(8);
export const Uint8 = new UintNumberType(1);
export const Uint32 = new UintNumberType(4);
class CountType extends UintNumberType {
  /** @throws {RangeError} above 2^53 - 1. */
  override value_deserializeFromBytes(data: ByteViews, start: number, end: number): number {
    const value = super.value_deserializeFromBytes(data, start, end);
    if (!isSafeCount(value)) throw new RangeError("a count is at most 2^53 - 1");
    return value;
  }
}

/** Counts and times as numbers. A message with a value above 2^53 - 1 does not decode, so readers need not check it. */
export const Count: UintNumberType = new CountType(8);
/** An amount in base units. */
export const Amount = new UintBigintType(8);

export const maxAmount = 2n ** 64n - 1n;
export const zero32 = new Uint8Array(32);

export function isSafeCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
