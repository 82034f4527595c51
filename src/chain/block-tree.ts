import { applyHeader } from "../consensus/index.ts";
import type { BlockStore } from "../storage/blocks.ts";
import type { ChainConfig } from "../types/genesis.ts";
import type { AuthoritySnapshot, Header } from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import { CodedError } from "../util/errors.ts";
import { LruMap } from "../util/lru.ts";
import type { Head } from "./types.ts";

/** Headers and snapshots of the newest blocks: what import, production and answers to peers look at again and again. */
const cachedHeads = 4096;
const cachedSnapshots = 1024;
/** Every so many heights the snapshot is stored, so that any other is a short walk away. */
export const snapshotInterval = 256;

/** All known blocks by id, canonical or not, with their weights and authority snapshots. */
export class BlockTree {
  readonly #blocks: BlockStore;
  readonly #config: ChainConfig;
  readonly #heads = new LruMap<Hex, Head>(cachedHeads);
  readonly #snapshots = new LruMap<Hex, AuthoritySnapshot>(cachedSnapshots);

  constructor(blocks: BlockStore, config: ChainConfig) {
    this.#blocks = blocks;
    this.#config = config;
  }

  remember(head: Head, snapshot: AuthoritySnapshot): void {
    this.#heads.set(head.idHex, head);
    this.#snapshots.set(head.idHex, snapshot);
  }

  forget(idHex: Hex): void {
    this.#heads.delete(idHex);
    this.#snapshots.delete(idHex);
  }

  async get(id: Uint8Array): Promise<Head | undefined> {
    const idHex = toHex(id);
    const cached = this.#heads.get(idHex);
    if (cached) return cached;
    const record = await this.#blocks.header(id);
    if (!record) return undefined;
    const { header, totalDifficulty } = record;
    const head: Head = { height: header.message.height, id: id.slice(), idHex, header, totalDifficulty };
    this.#heads.set(idHex, head);
    return head;
  }

  /** A block that has to be there. @throws {CodedError} `DAMAGED` */
  async require(id: Uint8Array): Promise<Head> {
    const head = await this.get(id);
    if (!head) throw new CodedError("DAMAGED", `the database is damaged: block ${toHex(id)} is missing`);
    return head;
  }

  /** The authority snapshot after a block: the nearest known one before it, and the headers since. */
  async snapshotAfter(id: Uint8Array): Promise<AuthoritySnapshot> {
    const idHex = toHex(id);
    const headers: Header[] = [];
    let cursor = id;
    let snapshot = this.#snapshots.get(idHex);
    while (!snapshot) {
      snapshot = await this.#blocks.snapshot(cursor);
      if (snapshot) break;
      const { header } = await this.require(cursor);
      headers.push(header.message);
      cursor = header.message.parent;
      snapshot = this.#snapshots.get(toHex(cursor));
    }
    for (const header of headers.reverse()) snapshot = applyHeader(snapshot, header, this.#config);
    this.#snapshots.set(idHex, snapshot);
    return snapshot;
  }

  /** The way from one block to another: down to their last common ancestor (newest first), then up (oldest first). */
  async path(from: Head, to: Head): Promise<{ retract: Head[]; apply: Head[] }> {
    const retract: Head[] = [];
    const apply: Head[] = [];
    let down = from;
    let up = to;
    while (!equalBytes(down.id, up.id)) {
      if (up.height >= down.height) {
        apply.push(up);
        up = await this.require(up.header.message.parent);
      } else {
        retract.push(down);
        down = await this.require(down.header.message.parent);
      }
    }
    return { retract, apply: apply.reverse() };
  }
}
