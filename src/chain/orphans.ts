import type { Hex } from "../util/bytes.ts";
import { toHex } from "../util/bytes.ts";
import type { CheckedBlock } from "./types.ts";

/** Enough for the blocks of some minutes that came before their parents; what is lost is found again by sync. */
const maxOrphans = 256;
const maxOrphanBytes = 64 * 2 ** 20;
/** Of one peer: anybody can sign a block without a parent, so nobody may push out the others'. */
const maxOrphansPerPeer = 64;

export interface Orphan {
  block: CheckedBlock;
  /** The peer that it came from. */
  from: string;
}

/** Checked blocks whose parents are not there yet; the oldest give way. */
export class OrphanPool {
  readonly #byId = new Map<Hex, Orphan>();
  readonly #byParent = new Map<Hex, Set<Orphan>>();
  #bytes = 0;

  get size(): number {
    return this.#byId.size;
  }

  has(id: Hex): boolean {
    return this.#byId.has(id);
  }

  add(block: CheckedBlock, from: string): void {
    if (this.#byId.has(block.idHex)) return;
    const own = [...this.#byId.values()].filter((orphan) => orphan.from === from);
    if (own.length >= maxOrphansPerPeer) this.#remove(own[0]!);
    const parent = toHex(block.header.message.parent);
    const orphan = { block, from };
    this.#byId.set(block.idHex, orphan);
    const siblings = this.#byParent.get(parent) ?? new Set();
    this.#byParent.set(parent, siblings.add(orphan));
    this.#bytes += block.body.length;
    for (const oldest of this.#byId.values()) {
      if (this.#byId.size <= maxOrphans && this.#bytes <= maxOrphanBytes) break;
      this.#remove(oldest);
    }
  }

  /** The orphan that everything up to `id` waits for: follows parents as far as they are orphans, and returns the first missing id. */
  missingAncestor(id: Uint8Array): Uint8Array {
    let missing = id;
    for (let orphan = this.#byId.get(toHex(id)); orphan; orphan = this.#byId.get(toHex(missing))) {
      missing = orphan.block.header.message.parent;
    }
    return missing;
  }

  /** Takes out the blocks that waited for this parent. */
  takeChildren(parent: Hex): Orphan[] {
    const children = [...(this.#byParent.get(parent) ?? [])];
    for (const child of children) this.#remove(child);
    return children;
  }

  /** The block was refused: so will be those that wait for it. */
  removeDescendants(id: Hex): void {
    for (const { block } of this.takeChildren(id)) this.removeDescendants(block.idHex);
  }

  #remove(orphan: Orphan): void {
    const { block } = orphan;
    const parent = toHex(block.header.message.parent);
    const siblings = this.#byParent.get(parent);
    siblings?.delete(orphan);
    if (siblings?.size === 0) this.#byParent.delete(parent);
    if (this.#byId.delete(block.idHex)) this.#bytes -= block.body.length;
  }
}
