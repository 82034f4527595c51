import type { Type } from "@chainsafe/ssz";
import { toHex } from "../../../src/util/bytes.ts";

/** Hex digits without a prefix, the form of all byte strings in the vectors. */
export const hex = (bytes: Uint8Array) => toHex(bytes).slice(2);

/** Describes a value by its type, encoding and root. */
export function typed<T>(type: Type<T>, value: T, about: string) {
  return {
    about,
    type: type.typeName,
    encoded: hex(type.serialize(value)),
    root: hex(type.hashTreeRoot(value)),
  };
}
