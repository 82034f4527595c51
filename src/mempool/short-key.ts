import { type Hex, toHex } from "../util/bytes.ts";

/** Hex digits of a `ShortId`. */
const digits = 16;

/** What a transaction is found by under its `ShortId`. */
export function shortKey(idHex: Hex): string {
  return idHex.slice(2, 2 + digits);
}

export function shortKeyOf(shortId: Uint8Array): string {
  return toHex(shortId).slice(2);
}
