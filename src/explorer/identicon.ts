/** Cells of the left half and the middle column; the right half mirrors the left. */
const [columns, rows] = [3, 5];

/** The shape and the hue of an address. Every letter of it changes both. */
export function drawn(address: string): { hue: number; path: string } {
  const [cells, hue] = [hash(address, 1), hash(address, 2) % 360];
  let path = "";
  for (let cell = 0; cell < columns * rows; cell++) {
    if (((cells >>> cell) & 1) === 0) continue;
    const [x, y] = [cell % columns, Math.floor(cell / columns)];
    for (const column of new Set([x, 4 - x])) path += `M${column} ${y}h1v1h-1z`;
  }
  return { hue, path };
}

/** FNV-1a with a final mix, which spreads each letter over all bits. */
function hash(text: string, seed: number): number {
  let value = 0x811c9dc5 ^ seed;
  for (const letter of text) value = Math.imul(value ^ letter.charCodeAt(0), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
