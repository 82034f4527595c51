interface Rooted<Value> {
  hashTreeRoot(value: Value): Uint8Array;
}

/**
 * The hash tree root of a value, in memory of its own. The library's own is a piece of Node's buffer pool: who keeps its 32 bytes,
 * as every block's id is kept, keeps 64 KiB.
 */
export function rootOf<Value>(type: Rooted<Value>, value: Value): Uint8Array {
  return new Uint8Array(type.hashTreeRoot(value));
}
