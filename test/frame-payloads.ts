/** Returns the payloads of the frames in `bytes`. */
export function payloads(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      length += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    found.push(bytes.subarray(at, at + length));
    at += length;
  }
  return found;
}
