/** Addresses as text by protocols/README.md: bech32m (BIP-350). This second implementation shares no code with src/. */

const letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
/** The prefix `cc` as values: the high bits of its letters, a zero, and their low bits. */
const prefix = [3, 3, 0, 3, 3];
const checksum = 0x2bc830a3;

function polymod(values: readonly number[]): number {
  let state = 1;
  for (const value of values) {
    const top = state >>> 25;
    state = ((state & 0x1ffffff) << 5) ^ value;
    for (const [bit, generator] of generators.entries()) if ((top >> bit) & 1) state ^= generator;
  }
  return state;
}

/** Returns the 32 bytes that an address holds as hex digits; undefined if the text is none. */
export function bytesOfAddress(text: string): string | undefined {
  const lower = text.toLowerCase();
  if (![lower, text.toUpperCase()].includes(text) || !lower.startsWith("cc1")) return undefined;
  const values = [...lower.slice(3)].map((letter) => letters.indexOf(letter));
  if (values.includes(-1) || polymod([...prefix, ...values]) !== checksum) return undefined;
  const bits = values.slice(0, -6).map((value) => value.toString(2).padStart(5, "0"));
  const key = /^([01]{256})0000$/.exec(bits.join(""))?.[1];
  return key && BigInt(`0b${key}`).toString(16).padStart(64, "0");
}
