import { hash } from "@chainsafe/hashtree";
import { digest64 } from "@chainsafe/persistent-merkle-tree";
import { inSlices, type Pause } from "../util/slices.ts";
import { maxTransactionsPerList } from "./transaction.ts";

const depth = Math.log2(maxTransactionsPerList);
const maxDepth = 20;
/** Elements whose roots are hashed without a pause, which takes a few milliseconds. */
const sliceDepth = 12;

/** The roots of empty subtrees by their height (SSZ: zero chunks). */
const zeroRoots: Uint8Array[] = [new Uint8Array(32)];
for (let level = 0; level < maxDepth; level++) zeroRoots.push(digest64(zeroRoots[level]!, zeroRoots[level]!));

/**
 * `hash_tree_root` of `Transactions`, computed from the ids of its elements, which are their roots: no transaction is
 * hashed again.
 */
export function transactionsRoot(ids: readonly Uint8Array[]): Uint8Array {
  return digest64(treeRoot(leaves(ids), 0, depth), lengthChunk(ids.length));
}

/**
 * `hash_tree_root` of a list of up to 2^`depth` elements, made in slices. `rootsOf` returns the roots of some of them,
 * one after the other.
 */
export async function listRootInSlices(
  list: { length: number; depth: number; rootsOf(from: number, to: number): Uint8Array },
  pause: Pause,
): Promise<Uint8Array> {
  const size = 2 ** sliceDepth;
  const slices = Math.ceil(list.length / size);
  const roots = new Uint8Array(slices * 32);
  await inSlices(slices, 1, pause, (slice) => {
    const part = list.rootsOf(slice * size, Math.min((slice + 1) * size, list.length));
    roots.set(treeRoot(part, 0, sliceDepth), slice * 32);
  });
  return digest64(treeRoot(roots, sliceDepth, list.depth), lengthChunk(list.length));
}

/** The root at a height above some nodes of a lower one. */
function treeRoot(nodes: Uint8Array, from: number, to: number): Uint8Array {
  if (nodes.length === 0) return zeroRoots[to]!;
  let level = nodes;
  for (let height = from; height < to; height++) level = hash(paired(level, height));
  return level;
}

/** The SSZ Merkle branch from a transaction's id to that root: 17 nodes, lowest first. @throws {RangeError} */
export function transactionBranch(ids: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!(index >= 0 && index < ids.length)) throw new RangeError(`no transaction ${index}`);
  const branch: Uint8Array[] = [];
  let level = leaves(ids);
  for (let height = 0; height < depth; height++) {
    const pairs = paired(level, height);
    const at = Math.floor(index / 2 ** height);
    const sibling = at % 2 === 0 ? at + 1 : at - 1;
    branch.push(pairs.slice(sibling * 32, (sibling + 1) * 32));
    level = hash(pairs);
  }
  return [...branch, lengthChunk(ids.length)];
}

function leaves(ids: readonly Uint8Array[]): Uint8Array {
  const level = new Uint8Array(ids.length * 32);
  for (let index = 0; index < ids.length; index++) level.set(ids[index]!, index * 32);
  return level;
}

/** An even number of nodes of this height. */
function paired(level: Uint8Array, height: number): Uint8Array {
  if (level.length % 64 === 0) return level;
  const padded = new Uint8Array(level.length + 32);
  padded.set(level);
  padded.set(zeroRoots[height]!, level.length);
  return padded;
}

function lengthChunk(length: number): Uint8Array {
  const chunk = new Uint8Array(32);
  new DataView(chunk.buffer).setUint32(0, length, true);
  return chunk;
}
