/** The bytes of a message: those of an address. */
const messageBytes = 32;

/** Reads a little-endian word. */
export function readWord(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** HalfSipHash-1-3 of 32 bytes (Aumasson and Bernstein): a keyed hash made for hash tables, in 32-bit words. */
export function halfSipHash(message: Uint8Array, key0: number, key1: number): number {
  let v0 = key0;
  let v1 = key1;
  let v2 = 0x6c796765 ^ key0;
  let v3 = 0x74656462 ^ key1;
  // Eight words of message, the length in the last word's top byte, three rounds to finish.
  for (let step = 0; step < 12; step++) {
    const word = step < 8 ? readWord(message, step * 4) : step === 8 ? messageBytes << 24 : 0;
    v3 ^= word;
    if (step === 9) v2 ^= 0xff;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return v1 ^ v3;
}
