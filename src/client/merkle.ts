import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, malformed } from "./bytes.ts";

/** SSZ merkleization (consensus-specs, `ssz/simple-serialize.md`), limited to the types of this ledger's containers. */

/** A node of a Merkle tree: 32 bytes. */
export type Chunk = Uint8Array<ArrayBuffer>;

export const zeroChunk: Chunk = new Uint8Array(32);

/** `zeroRoots[h]` is the root of a tree of 2^h chunks of zeros. */
const zeroRoots: Chunk[] = [zeroChunk];

export function hashPair(left: Uint8Array, right: Uint8Array): Chunk {
  return new Uint8Array(sha256(concatBytes(left, right)));
}

/** Returns the root of `chunks`, padded with zeros to `limit` and from there to the next power of two. */
export function merkleize(chunks: readonly Chunk[], limit = chunks.length): Chunk {
  const depth = Math.ceil(Math.log2(Math.max(limit, 1)));
  let level = chunks;
  for (let height = 0; height < depth; height++) {
    const parents: Chunk[] = [];
    for (let at = 0; at < level.length; at += 2)
      parents.push(hashPair(level[at]!, level[at + 1] ?? zeroRoot(height)));
    level = parents;
  }
  return level[0] ?? zeroRoot(depth);
}

/** Returns `hash_tree_root` of a list of composite elements, given their roots. */
export function listRoot(roots: readonly Chunk[], limit: number): Chunk {
  if (roots.length > limit) malformed(`a list has ${roots.length} elements, at most ${limit} are allowed`);
  return hashPair(merkleize(roots, limit), uint64(roots.length));
}

/** Returns `hash_tree_root` of a `ByteList`. */
export function byteListRoot(bytes: Uint8Array, maxBytes: number): Chunk {
  if (bytes.length > maxBytes) malformed(`${bytes.length} bytes, at most ${maxBytes} are allowed`);
  return hashPair(merkleize(chunksOf(bytes), Math.ceil(maxBytes / 32)), uint64(bytes.length));
}

/** Returns `hash_tree_root` of a `ByteVector`. */
export function byteVectorRoot(bytes: Uint8Array): Chunk {
  return merkleize(chunksOf(bytes));
}

/** Encodes a number of at most 8 bytes in little-endian, padded with zeros. @throws {ClientError} `MALFORMED` */
export function uint64(value: number | bigint): Chunk {
  const isWhole = typeof value === "bigint" || Number.isSafeInteger(value);
  if (!isWhole || value < 0 || value >= 2n ** 64n) malformed(`not a whole number of 64 bits: ${value}`);
  const chunk = new Uint8Array(32);
  new DataView(chunk.buffer).setBigUint64(0, BigInt(value), true);
  return chunk;
}

/** Computes the root from `leaf`, at `index` of its level, and a branch: its siblings on the way up, lowest first. */
export function branchRoot(leaf: Chunk, branch: readonly Chunk[], index: number): Chunk {
  return branch.reduce(
    (node, sibling, level) =>
      Math.floor(index / 2 ** level) % 2 === 0 ? hashPair(node, sibling) : hashPair(sibling, node),
    leaf,
  );
}

function chunksOf(bytes: Uint8Array): Chunk[] {
  return Array.from({ length: Math.ceil(bytes.length / 32) }, (_, index) => {
    const chunk = new Uint8Array(32);
    chunk.set(bytes.subarray(index * 32, (index + 1) * 32));
    return chunk;
  });
}

function zeroRoot(height: number): Chunk {
  while (zeroRoots.length <= height) zeroRoots.push(hashPair(zeroRoots.at(-1)!, zeroRoots.at(-1)!));
  return zeroRoots[height]!;
}
