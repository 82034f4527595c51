import { hash } from "@chainsafe/hashtree";
import { digest64 } from "@chainsafe/persistent-merkle-tree";
import { maxTransactionsPerList } from "./transaction.ts";

const depth = Math.log2(maxTransactionsPerList);

/** Root of an empty subtree by its height (SSZ: zero chunks). */
const zeroRoots: Uint8Array[] = [new Uint8Array(32)];
for (let level = 0; level < depth; level++) zeroRoots.push(digest64(zeroRoots[level]!, zeroRoots[level]!));

/** `hash_tree_root` of `Transactions` from the ids of its elements, which are their roots: no transaction is hashed again. */
export function transactionsRoot(ids: readonly Uint8Array[]): Uint8Array {
  const length = new Uint8Array(32);
  new DataView(length.buffer).setUint32(0, ids.length, true);
  let level: Uint8Array = new Uint8Array(ids.length * 32);
  for (const [index, id] of ids.entries()) level.set(id, index * 32);
  for (let height = 0; height < depth; height++) {
    if (level.length === 0) return digest64(zeroRoots[depth]!, length);
    if (level.length % 64 !== 0) {
      const padded = new Uint8Array(level.length + 32);
      padded.set(level);
      padded.set(zeroRoots[height]!, level.length);
      level = padded;
    }
    level = hash(level);
  }
  return digest64(level, length);
}
