import { hashInto } from "@chainsafe/hashtree";
import { zeroHash } from "@chainsafe/persistent-merkle-tree";
import type { Pause } from "../util/slices.ts";
import type { AccountTable } from "./account-table.ts";
import { packAccounts } from "./leaves.ts";

/** `List[Account, 2^32]`. */
const depth = 32;
const nodeBytes = 32;
/** Nodes that one native call hashes: enough to hide the cost of the call, few enough for the cache. */
const batchNodes = 1024;
/** The room that is made when there is none left, as a multiple of what is needed. */
const growth = 1.25;
/** Batches between two pauses: a few ms. */
const sliceBatches = 8;

/**
 * The Merkle tree of the account list over an `AccountTable`. Each level's nodes are in one flat array; level 0 has the
 * accounts' own roots. When a root is requested, only the nodes that changed are hashed again, level by level.
 */
export class AccountTree {
  readonly #table: AccountTable;
  /**
   * `#levels[k]` holds the nodes at height k; the last one is a single node. One array more than once needed is kept.
   */
  readonly #levels: Uint8Array[] = [];
  /** Leaves from here on have never been hashed. */
  #hashedCount = 0;
  /** A bit for each leaf below `#hashedCount` that changed. */
  #dirty = new Uint32Array(0);
  readonly #input = new Uint8Array(batchNodes * 2 * nodeBytes * 2);
  readonly #output = new Uint8Array(batchNodes * 2 * nodeBytes);

  constructor(table: AccountTable) {
    this.#table = table;
  }

  /** An account's balance or nonce changed. New accounts need no mark. */
  mark(index: number): void {
    if (index < this.#hashedCount) this.#dirty[index >>> 5]! |= 1 << (index & 31);
  }

  /** Accounts from `count` on were removed. */
  truncate(count: number): void {
    if (count >= this.#hashedCount) return;
    this.#hashedCount = count;
    // Every remaining node that covered a removed account is above the last remaining account. Where none remains, this
    // marks nothing: no bit has the number -1.
    this.mark(count - 1);
  }

  /** `hash_tree_root` of the list. */
  root(): Uint8Array {
    this.#update();
    let root: Uint8Array = this.#node(levelsOf(this.#table.count), 0);
    for (let level = levelsOf(this.#table.count); level < depth; level++) {
      root = hashPair(root, zeroHash(level));
    }
    return hashPair(root, lengthChunk(this.#table.count));
  }

  /** The siblings from an account's root up to the list's root, the length last: an SSZ branch of 33 nodes. */
  branch(index: number): Uint8Array[] {
    if (!(index < this.#table.count)) throw new RangeError(`no account ${index}`);
    this.#update();
    const nodes: Uint8Array[] = [];
    for (let level = 0, at = index; level < depth; level++, at = Math.floor(at / 2)) {
      nodes.push(this.#node(level, at % 2 === 0 ? at + 1 : at - 1));
    }
    nodes.push(lengthChunk(this.#table.count));
    return nodes;
  }

  /** A copy of a node; a zero hash beyond the end of the list. */
  #node(level: number, index: number): Uint8Array {
    if (index >= nodesAt(this.#table.count, level)) return zeroHash(level);
    return this.#levels[level]!.slice(index * nodeBytes, (index + 1) * nodeBytes);
  }

  /** Brings the nodes up to date in slices. The accounts must not change meanwhile. */
  async update(pause: Pause): Promise<void> {
    let batches = 0;
    for (const _ of this.#batches()) if (++batches % sliceBatches === 0) await pause();
  }

  #update(): void {
    for (const _ of this.#batches());
  }

  /** Hashes outdated nodes, one batch per step. */
  *#batches(): Iterable<void> {
    const { count } = this.#table;
    let dirty = this.#takeDirty();
    if (dirty.length === 0) return;
    this.#reserve(count);
    yield* this.#hashLeaves(dirty);
    for (let level = 0; level < levelsOf(count); level++) {
      dirty = parentsOf(dirty);
      yield* this.#hashNodes(level, dirty);
    }
  }

  /** The leaves to hash, ascending, each once. */
  #takeDirty(): Uint32Array {
    const { count } = this.#table;
    const marked: number[] = [];
    for (const [at, word] of this.#dirty.entries()) {
      for (let rest = word; rest !== 0; rest &= rest - 1) {
        const index = at * 32 + 31 - Math.clz32(rest & -rest);
        if (index < this.#hashedCount) marked.push(index);
      }
    }
    const all = new Uint32Array(marked.length + count - this.#hashedCount);
    all.set(marked);
    for (let at = marked.length, index = this.#hashedCount; index < count; ) all[at++] = index++;
    this.#hashedCount = count;
    if (this.#dirty.length * 32 < count) this.#dirty = new Uint32Array(Math.ceil((count * growth) / 32));
    else this.#dirty.fill(0);
    return all;
  }

  #reserve(count: number): void {
    for (let level = 0; level <= levelsOf(count); level++) {
      const needed = nodesAt(count, level) * nodeBytes;
      const nodes = this.#levels[level];
      if (nodes && nodes.length >= needed) continue;
      const grown = new Uint8Array(nodes ? nodeBytes * Math.ceil(nodesAt(count, level) * growth) : needed);
      if (nodes) grown.set(nodes);
      this.#levels[level] = grown;
    }
  }

  *#hashLeaves(dirty: Uint32Array): Iterable<void> {
    const leaves = this.#levels[0]!;
    for (let from = 0; from < dirty.length; from += batchNodes) {
      const batch = dirty.subarray(from, from + batchNodes);
      const fields = this.#input.subarray(0, batch.length * 4 * nodeBytes);
      packAccounts(this.#table, batch, fields);
      const halves = this.#output.subarray(0, batch.length * 2 * nodeBytes);
      hashInto(fields, halves);
      const roots = this.#input.subarray(0, batch.length * nodeBytes);
      hashInto(halves, roots);
      scatter(roots, leaves, batch);
      yield;
    }
  }

  /** Hashes the nodes `parents` of `level + 1` from their children. */
  *#hashNodes(level: number, parents: Uint32Array): Iterable<void> {
    const children = this.#levels[level]!;
    const childrenEnd = nodesAt(this.#table.count, level) * nodeBytes;
    const pairBytes = 2 * nodeBytes;
    for (let from = 0; from < parents.length; from += batchNodes) {
      const batch = parents.subarray(from, from + batchNodes);
      const [first, end] = [batch[0]!, batch.at(-1)! + 1];
      if (end - first === batch.length && end * pairBytes <= childrenEnd) {
        // All changed nodes are adjacent, as in a new tree, so nothing needs to be copied.
        const changed = this.#levels[level + 1]!.subarray(first * nodeBytes, end * nodeBytes);
        hashInto(children.subarray(first * pairBytes, end * pairBytes), changed);
        yield;
        continue;
      }
      const pairs = this.#input.subarray(0, batch.length * pairBytes);
      gatherPairs(children, batch, pairs);
      // Only the last parent of a level can lack its right child.
      if (end * pairBytes > childrenEnd) pairs.set(zeroHash(level), pairs.length - nodeBytes);
      const hashes = this.#output.subarray(0, batch.length * nodeBytes);
      hashInto(pairs, hashes);
      scatter(hashes, this.#levels[level + 1]!, batch);
      yield;
    }
  }
}

/** The height of the lowest single node above `count` leaves. */
function levelsOf(count: number): number {
  return count <= 1 ? 0 : Math.ceil(Math.log2(count));
}

function nodesAt(count: number, level: number): number {
  return Math.ceil(count / 2 ** level);
}

function parentsOf(ascending: Uint32Array): Uint32Array {
  return distinct(ascending.map((index) => index >>> 1));
}

/** Removes repetitions from an ascending list, in place. */
function distinct(ascending: Uint32Array): Uint32Array {
  let length = 0;
  for (const index of ascending) {
    if (ascending[length - 1] !== index) ascending[length++] = index;
  }
  return ascending.subarray(0, length);
}

/** Copies the pairs of children of `parents` next to each other, word by word: a call for each would cost more. */
function gatherPairs(children: Uint8Array, parents: Uint32Array, out: Uint8Array): void {
  const from = new Uint32Array(children.buffer, 0, children.length >>> 2);
  const to = new Uint32Array(out.buffer, out.byteOffset, out.length >>> 2);
  let at = 0;
  for (const parent of parents) {
    const start = parent * 16;
    for (let word = 0; word < 16; word++) to[at++] = from[start + word]!;
  }
}

/** Copies node i of `nodes` to place `places[i]` of `out`. */
function scatter(nodes: Uint8Array, out: Uint8Array, places: Uint32Array): void {
  const from = new Uint32Array(nodes.buffer, nodes.byteOffset, nodes.length >>> 2);
  const to = new Uint32Array(out.buffer, 0, out.length >>> 2);
  let at = 0;
  for (const place of places) {
    const start = place * 8;
    for (let word = 0; word < 8; word++) to[start + word] = from[at++]!;
  }
}

function lengthChunk(length: number): Uint8Array {
  const chunk = new Uint8Array(nodeBytes);
  new DataView(chunk.buffer).setBigUint64(0, BigInt(length), true);
  return chunk;
}

function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(2 * nodeBytes);
  pair.set(left);
  pair.set(right, nodeBytes);
  const hash = new Uint8Array(nodeBytes);
  hashInto(pair, hash);
  return hash;
}
