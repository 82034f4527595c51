import { encodeAddress } from "../crypto/address.ts";

const maxNamed = 8;

/** A duration with its sign: `+2.1 s`, `-600 ms`. */
export function signedDuration(ms: number): string {
  const size = Math.abs(ms);
  return `${ms < 0 ? "-" : "+"}${size < 1_000 ? `${Math.round(size)} ms` : `${(size / 1_000).toFixed(1)} s`}`;
}

/** The addresses with a note on each, not more than can be read. */
export function named(
  addresses: readonly Uint8Array[],
  note: (address: Uint8Array) => string = () => "",
): string {
  const shown = addresses.slice(0, maxNamed).map((address) => {
    const text = note(address);
    return `${encodeAddress(address)}${text && ` (${text})`}`;
  });
  const more = addresses.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** A number with its noun: `1 vote`, `2 votes`, `3 authorities`, `4 addresses`. */
export function count(number: number, noun: string): string {
  if (number === 1) return `1 ${noun}`;
  if (noun.endsWith("y")) return `${number} ${noun.slice(0, -1)}ies`;
  return `${number} ${noun}${noun.endsWith("s") ? "es" : "s"}`;
}
