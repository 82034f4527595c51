interface Rooted<Value> {
  hashTreeRoot(value: Value): Uint8Array;
}

/**
 * The hash tree root of a value, in memory of its own. The library returns a piece of Node.js's buffer pool: keeping
 * its 32 bytes, as every block id is kept, would keep 64 KiB.
 */
export function rootOf<Value>(type: Rooted<Value>, value: Value): Uint8Array {
  return new Uint8Array(type.hashTreeRoot(value));
}
