/**
 * Amounts in as few bytes as they need (LEB128): seven bits a byte, the lowest first, the highest bit of a byte set if
 * another follows.
 */

/** Operations on bigints would take most of the time. */
const wide = new DataView(new ArrayBuffer(8));

/** Writes a value below 2^64 and returns the place after it. */
export function writeVarint(bytes: Uint8Array, start: number, value: bigint): number {
  wide.setBigUint64(0, value);
  return writeWords(bytes, start, wide.getUint32(0), wide.getUint32(4));
}

/** The same for a number below 2^32. */
export function writeSmallVarint(bytes: Uint8Array, start: number, value: number): number {
  return writeWords(bytes, start, 0, value);
}

function writeWords(bytes: Uint8Array, start: number, highWord: number, lowWord: number): number {
  let high = highWord;
  let low = lowWord;
  let at = start;
  while (high !== 0 || low > 127) {
    bytes[at++] = (low & 127) | 128;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  bytes[at++] = low;
  return at;
}

export interface VarintReader {
  readonly bytes: Uint8Array;
  at: number;
}

/** Bits that a number holds exactly. */
const exactBits = 49;

/** Reads a value that `writeVarint` wrote. */
export function readVarint(reader: VarintReader): bigint {
  let value = 0;
  let scale = 1;
  for (let bits = 0; bits < exactBits; bits += 7) {
    const byte = reader.bytes[reader.at++]!;
    value += (byte & 127) * scale;
    if (!(byte >= 128)) return BigInt(value);
    scale *= 128;
  }
  let large = BigInt(value);
  for (let bits = BigInt(exactBits); ; bits += 7n) {
    const byte = reader.bytes[reader.at++]!;
    large += BigInt(byte & 127) << bits;
    if (!(byte >= 128)) return large;
  }
}
