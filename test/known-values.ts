import { damaged } from "../src/storage/damaged.ts";
import { compareBytes } from "../src/util/bytes.ts";

/** `Database.values`, one a page, by `iterate`. */
export async function* knownValues(
  entries: AsyncIterable<[key: Uint8Array, value: Uint8Array]>,
  keyAt: (place: number) => Uint8Array,
): AsyncIterable<Uint8Array[]> {
  let place = 0;
  for await (const [key, value] of entries) {
    if (compareBytes(key, keyAt(place++)) !== 0) damaged(`entry ${place - 1} is missing`);
    yield [value];
  }
}
