/** Heights in keys take six bytes, big-endian. */
export const heightBytes = 6;
const maxHeight = 2 ** 48 - 1;

/** Heights beyond the highest possible one give that one. */
export function writeHeight(view: DataView, at: number, height: number): void {
  const written = Math.min(height, maxHeight);
  view.setUint16(at, Math.floor(written / 2 ** 32));
  view.setUint32(at + 2, written >>> 0);
}

export function readHeight(view: DataView, at: number): number {
  return view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
}
