import { hash } from "@chainsafe/hashtree";
import { digest64 } from "@chainsafe/persistent-merkle-tree";
import { maxTransactionsPerList } from "./transaction.ts";

const depth = Math.log2(maxTransactionsPerList);

/** The roots of empty subtrees by their height (SSZ: zero chunks). */
const zeroRoots: Uint8Array[] = [new Uint8Array(32)];
for (let level = 0; level < depth; level++) zeroRoots.push(digest64(zeroRoots[level]!, zeroRoots[level]!));

/**
 * `hash_tree_root` of `Transactions`, computed from the ids of its elements, which are their roots: no transaction is
 * hashed again.
 */
export function transactionsRoot(ids: readonly Uint8Array[]): Uint8Array {
  const length = lengthChunk(ids.length);
  if (ids.length === 0) return digest64(zeroRoots[depth]!, length);
  let level = leaves(ids);
  for (let height = 0; height < depth; height++) level = hash(paired(level, height));
  return digest64(level, length);
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
  for (const [index, id] of ids.entries()) level.set(id, index * 32);
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
