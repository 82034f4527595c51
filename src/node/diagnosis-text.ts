import { encodeAddress } from "../crypto/address.ts";

const maxNamed = 8;

/** `850 ms`, `35 s`, `12 min`, `7 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

/** `+2.1 s`, `-600 ms`. */
export function signedDuration(ms: number): string {
  const size = Math.abs(ms);
  return `${ms < 0 ? "-" : "+"}${size < 1_000 ? `${Math.round(size)} ms` : `${(size / 1_000).toFixed(1)} s`}`;
}

/** The addresses with what `note` says of each, not more than can be read. */
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

/** `1 vote`, `2 votes`, `3 authorities`. */
export function count(number: number, noun: string): string {
  if (number === 1) return `1 ${noun}`;
  return `${number} ${noun.endsWith("y") ? `${noun.slice(0, -1)}ie` : noun}s`;
}
