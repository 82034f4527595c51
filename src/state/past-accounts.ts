import { hashInto } from "@chainsafe/hashtree";
import { zeroHash } from "@chainsafe/persistent-merkle-tree";
import type { Account } from "../types/state.ts";
import type { AccountTable, AccountValue } from "./account-table.ts";
import {
  type AccountTree,
  branchOf,
  distinct,
  levelsOf,
  nodesAt,
  parentsOf,
  rootOf,
} from "./account-tree.ts";
import { packAccounts } from "./leaves.ts";
import type { Undo } from "./undo.ts";

const nodeBytes = 32;
const accountChunks = 4;

/**
 * The accounts before the newest blocks, seen through the undo records of these. Nothing is changed: what the blocks touched is
 * hashed anew, the other nodes are the tree's. To be used before the state moves on.
 */
export class PastAccounts {
  readonly #table: AccountTable;
  readonly #tree: AccountTree;
  readonly #count: number;
  /** What the blocks have changed, by index. */
  readonly #before = new Map<number, AccountValue>();
  /** The nodes above these accounts, by height and index: made when first asked for. */
  #nodes: Map<number, Uint8Array>[] | undefined;

  constructor(table: AccountTable, tree: AccountTree, undos: readonly Undo[]) {
    this.#table = table;
    this.#tree = tree;
    this.#count = undos.at(-1)?.count ?? table.count;
    for (const { entries } of undos)
      for (const { index, balance, nonce } of entries) this.#before.set(index, { balance, nonce });
  }

  /** -1 if there was no such account. */
  indexOf(address: Uint8Array): number {
    const index = this.#table.indexOf(address);
    return index < this.#count ? index : -1;
  }

  account(index: number): Account {
    return { address: this.#table.address(index), ...(this.#before.get(index) ?? this.#table.get(index)) };
  }

  /** As `AccountState.accountsRoot`. */
  root(): Uint8Array {
    this.#nodes ??= this.#hashChanged();
    return rootOf(this.#count, (level, at) => this.#node(level, at));
  }

  /** As `AccountState.branch`. */
  branch(index: number): Uint8Array[] {
    this.#nodes ??= this.#hashChanged();
    return branchOf(index, this.#count, (level, at) => this.#node(level, at));
  }

  #node(level: number, index: number): Uint8Array {
    if (index >= nodesAt(this.#count, level)) return zeroHash(level);
    return this.#nodes?.[level]?.get(index) ?? this.#tree.node(level, index);
  }

  #hashChanged(): Map<number, Uint8Array>[] {
    let changed = this.#changed();
    this.#nodes = [this.#hashLeaves(changed)];
    for (let level = 0; level < levelsOf(this.#count) && changed.length > 0; level++) {
      changed = parentsOf(changed);
      this.#nodes.push(this.#hashNodes(level, changed));
    }
    return this.#nodes;
  }

  /** Indexes of the leaves to hash, ascending. */
  #changed(): Uint32Array {
    const indexes = [...this.#before.keys()].filter((index) => index < this.#count);
    // Every node that holds a newer account, and one of these, is above the last of these.
    if (this.#table.count > this.#count && this.#count > 0) indexes.push(this.#count - 1);
    return distinct(Uint32Array.from(indexes).sort());
  }

  #hashLeaves(indexes: Uint32Array): Map<number, Uint8Array> {
    const fields = new Uint8Array(indexes.length * accountChunks * nodeBytes);
    const accounts = {
      bytes: this.#table.bytes,
      balance: (index: number) => (this.#before.get(index) ?? this.#table.get(index)).balance,
      nonce: (index: number) => (this.#before.get(index) ?? this.#table.get(index)).nonce,
    };
    packAccounts(accounts, indexes, fields);
    return byIndex(indexes, hashPairs(hashPairs(fields)));
  }

  /** The nodes `parents` of `level + 1`. */
  #hashNodes(level: number, parents: Uint32Array): Map<number, Uint8Array> {
    const pairs = new Uint8Array(parents.length * 2 * nodeBytes);
    for (const [place, parent] of parents.entries()) {
      pairs.set(this.#node(level, 2 * parent), place * 2 * nodeBytes);
      pairs.set(this.#node(level, 2 * parent + 1), (place * 2 + 1) * nodeBytes);
    }
    return byIndex(parents, hashPairs(pairs));
  }
}

function hashPairs(nodes: Uint8Array): Uint8Array {
  const hashes = new Uint8Array(nodes.length / 2);
  if (nodes.length > 0) hashInto(nodes, hashes);
  return hashes;
}

function byIndex(indexes: Uint32Array, nodes: Uint8Array): Map<number, Uint8Array> {
  return new Map(
    [...indexes].map((index, place) => [index, nodes.subarray(place * nodeBytes, (place + 1) * nodeBytes)]),
  );
}
