import type { SignedHeader } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import type { BlockLoad, LoadedBlock } from "./block-load.ts";

/**
 * Blocks being loaded at once: a payer that needs more floods. Strangers, authorities and votes have separate
 * places. One block of each authority, and of each address of peers, is always loaded, so that no crowd of others keeps
 * it out.
 */
const maxLoads = {
  authorities: { perPayer: 16, inAll: 256 },
  // A whole block may have 17 MB, which is held before it can be checked.
  peers: { perPayer: 1, inAll: 4 },
  votes: { perPayer: 4, inAll: 4 },
};
/** Blocks that wait for their parent or their time. Sync finds dropped ones again. */
export const waitingLimits = {
  perPayer: { blocks: 16, bytes: 32 * 2 ** 20 },
  inAll: { blocks: 256, bytes: 64 * 2 ** 20 },
};

/**
 * The payer for a block's cost: the authority that signed its header, the peer that announced it, or a vote, which has
 * been charged before.
 */
export type Payer = `authority ${string}` | `peer ${string}` | "vote";

export type EntryState =
  | { kind: "loading"; load: BlockLoad }
  /** Checked, but ahead of the local clock. */
  | { kind: "early"; loaded: LoadedBlock; cancel: () => void }
  /** Checked, but its parent is not here. */
  | { kind: "orphan"; loaded: LoadedBlock }
  /** `done` never rejects. */
  | { kind: "importing"; loaded: LoadedBlock; done: Promise<unknown> };

/** A block that is being obtained, from the first announcement until it is imported or given up. */
export interface BlockEntry {
  readonly id: Uint8Array;
  readonly idHex: Hex;
  readonly announcedAtMs: number;
  payer: Payer;
  state: EntryState;
  /** The announced header, whose signature was checked. */
  readonly header?: SignedHeader | undefined;
}

/** Every block that is being obtained, by id, and the bounds of their cost. */
export class BlockEntries {
  readonly #entries = new Map<Hex, BlockEntry>();
  readonly #hostOf: (peer: string) => string;

  /** `hostOf` returns the address that a peer's work is added up for. */
  constructor(hostOf: (peer: string) => string) {
    this.#hostOf = hostOf;
  }

  get(idHex: Hex): BlockEntry | undefined {
    return this.#entries.get(idHex);
  }

  count(kind: EntryState["kind"]): number {
    return this.#of(kind).length;
  }

  mayLoad(payer: Payer): boolean {
    const kind = kindOf(payer);
    const loads = this.#of("loading").filter((entry) => kindOf(entry.payer) === kind);
    const { perPayer, inAll } = maxLoads[kind];
    const own = loads.filter((entry) => entry.payer === payer).length;
    const sharer = this.#sharerOf(payer);
    if (!loads.some((entry) => this.#sharerOf(entry.payer) === sharer)) return true;
    return own < perPayer && loads.length < inAll;
  }

  add(entry: BlockEntry): void {
    this.#entries.set(entry.idHex, entry);
  }

  /** Removes the entry only if it is still current: another may have replaced it after it was given up. */
  remove(entry: BlockEntry): void {
    if (this.#entries.get(entry.idHex) === entry) this.#entries.delete(entry.idHex);
    if (entry.state.kind === "early") entry.state.cancel();
  }

  /**
   * Keeps a block until its parent or its time has come. If there is no room, blocks that no authority answers for are
   * dropped first, then the oldest of the authority, or the address of peers, with the most. None pushes out the blocks
   * of others, and strangers, who can be any number, never push out an authority's. Returns false if this block is the
   * one to drop.
   */
  wait(entry: BlockEntry, state: Extract<EntryState, { kind: "early" | "orphan" }>): boolean {
    entry.state = state;
    this.#entries.delete(entry.idHex);
    this.#entries.set(entry.idHex, entry);
    this.#giveWay(
      this.#waiting().filter(({ payer }) => payer === entry.payer),
      waitingLimits.perPayer,
    );
    for (;;) {
      const waiting = this.#waiting();
      if (fits(waiting, waitingLimits.inAll)) break;
      const others = waiting.filter(({ payer }) => kindOf(payer) !== "authorities");
      this.remove(this.#largestShare(others.length > 0 ? others : waiting)[0]!);
    }
    return this.#entries.get(entry.idHex) === entry;
  }

  /** The headers, as far as they are known, of the blocks on this parent. */
  headersOn(parent: Hex): SignedHeader[] {
    return [...this.#entries.values()]
      .map(({ header, state }) => header ?? loadedOf(state)?.block.header)
      .filter((header) => header !== undefined)
      .filter(({ message }) => toHex(message.parent) === parent);
  }

  /** The blocks that wait for this parent. */
  orphansOf(parent: Hex): BlockEntry[] {
    return this.#of("orphan").filter(({ state }) => parentOf(state) === parent);
  }

  /** The first block that is missing below an orphan. */
  missingBelow(entry: BlockEntry): Uint8Array {
    let { parent } = loadedOf(entry.state)!.block.header.message;
    for (let at = this.get(toHex(parent)); at?.state.kind === "orphan"; at = this.get(toHex(parent)))
      parent = at.state.loaded.block.header.message.parent;
    return parent;
  }

  /** The block was refused, so the blocks that wait for it will be refused too. */
  removeDescendants(idHex: Hex): void {
    for (const orphan of this.orphansOf(idHex)) {
      this.remove(orphan);
      this.removeDescendants(orphan.idHex);
    }
  }

  clear(): void {
    for (const entry of [...this.#entries.values()]) this.remove(entry);
  }

  #of(kind: EntryState["kind"]): BlockEntry[] {
    return [...this.#entries.values()].filter(({ state }) => state.kind === kind);
  }

  #waiting(): BlockEntry[] {
    return [...this.#entries.values()].filter(
      ({ state }) => state.kind === "early" || state.kind === "orphan",
    );
  }

  /** The entries of the sharer with the most, by the part of each limit that they use up. */
  #largestShare(waiting: readonly BlockEntry[]): BlockEntry[] {
    const { blocks, bytes } = waitingLimits.inAll;
    const bySharer = Map.groupBy(waiting, ({ payer }) => this.#sharerOf(payer));
    const weight = (entries: BlockEntry[]) => Math.max(entries.length / blocks, bytesOf(entries) / bytes);
    return [...bySharer.values()].reduce((most, entries) =>
      weight(entries) > weight(most) ? entries : most,
    );
  }

  /** Peers cost nothing: those of one address share. */
  #sharerOf(payer: Payer): string {
    return payer.startsWith("peer ") ? `host ${this.#hostOf(payer.slice("peer ".length))}` : payer;
  }

  #giveWay(own: BlockEntry[], limit: Share): void {
    while (!fits(own, limit)) this.remove(own.shift()!);
  }
}

interface Share {
  blocks: number;
  bytes: number;
}

function kindOf(payer: Payer): "authorities" | "peers" | "votes" {
  if (payer === "vote") return "votes";
  return payer.startsWith("authority ") ? "authorities" : "peers";
}

function fits(entries: readonly BlockEntry[], limit: Share): boolean {
  return entries.length <= limit.blocks && bytesOf(entries) <= limit.bytes;
}

function bytesOf(entries: readonly BlockEntry[]): number {
  return entries.reduce((sum, { state }) => sum + (loadedOf(state)?.block.body.length ?? 0), 0);
}

function loadedOf(state: EntryState): LoadedBlock | undefined {
  return state.kind === "loading" ? undefined : state.loaded;
}

function parentOf(state: EntryState): Hex | undefined {
  const loaded = loadedOf(state);
  return loaded && toHex(loaded.block.header.message.parent);
}
