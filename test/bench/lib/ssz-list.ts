/** Encodes an SSZ list of encoded elements of variable size: a 4-byte offset for each, then the elements. */
export function sszList(elements: readonly Uint8Array[]): Buffer {
  const offsets = Buffer.alloc(4 * elements.length);
  let at = offsets.length;
  for (const [index, { length }] of elements.entries()) {
    offsets.writeUInt32LE(at, 4 * index);
    at += length;
  }
  return Buffer.concat([offsets, ...elements]);
}
