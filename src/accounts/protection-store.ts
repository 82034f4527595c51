import type { Database, Write } from "../storage/database.ts";
import { keyOf, keyRange } from "../storage/key-spaces.ts";
import { concatBytes, fromHex, type Hex, readUint64, textOf, toHex, uint64Bytes } from "../util/bytes.ts";
import type { DataIdentity, HeaderEntry, ProtectionRecord, VoteEntry } from "./protection.ts";

/** Second part of a key, after the account's 32 bytes (zeros for the identity). */
const kinds = { identity: 0, record: 1, header: 2, vote: 3 } as const;
const noAccount = new Uint8Array(32);
const none = new Uint8Array();
/** Prefix of a key: space, account, kind. */
const prefixBytes = 1 + 32 + 1;
const rootFields: readonly string[] = ["slotRoot", "targetRoot"];

/**
 * Signatures of this node's accounts. Everything written is synced when the promise resolves; each call writes all or
 * nothing. Entries are keyed by slot or target round and root, so that writing one twice changes nothing.
 */
export class ProtectionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(account: Uint8Array): Promise<ProtectionRecord | undefined> {
    const bytes = await this.#database.get(key("record", account));
    const revive = (name: string, value: unknown) =>
      rootFields.includes(name) ? fromHex(value as Hex) : value;
    if (!bytes) return undefined;
    const record = JSON.parse(textOf(bytes), revive) as ProtectionRecord;
    // Older records have no floor: they never signed again below the last slot.
    return { ...record, floorSlot: record.floorSlot ?? record.slot };
  }

  save(
    account: Uint8Array,
    record: ProtectionRecord,
    entries: { headers?: readonly HeaderEntry[]; votes?: readonly VoteEntry[] } = {},
  ): Promise<void> {
    return this.#database.commit([
      { key: key("record", account), value: encode(record) },
      ...(entries.headers ?? []).map((entry) => ({ key: headerKey(account, entry), value: none })),
      ...(entries.votes ?? []).map((entry) => ({
        key: voteKey(account, entry),
        value: uint64Bytes(entry.sourceRound),
      })),
    ]);
  }

  /** Everything that was signed and not pruned, ascending: the complete database of EIP-3076. */
  async *headers(account: Uint8Array): AsyncIterable<HeaderEntry> {
    for await (const [entry] of this.#database.iterate(range("header", account)))
      yield { slot: readUint64(entry, prefixBytes), root: rootOf(entry) };
  }

  async *votes(account: Uint8Array): AsyncIterable<VoteEntry> {
    for await (const [entry, value] of this.#database.iterate(range("vote", account))) {
      const targetRound = readUint64(entry, prefixBytes);
      yield { sourceRound: readUint64(value), targetRound, root: rootOf(entry) };
    }
  }

  async headersIn(account: Uint8Array, slot: number): Promise<HeaderEntry[]> {
    const entries: HeaderEntry[] = [];
    const all = {
      gte: key("header", account, uint64Bytes(slot)),
      lt: key("header", account, uint64Bytes(slot + 1)),
    };
    for await (const [entry] of this.#database.iterate(all)) entries.push({ slot, root: rootOf(entry) });
    return entries;
  }

  async hasHeader(account: Uint8Array, entry: HeaderEntry): Promise<boolean> {
    return (await this.#database.get(headerKey(account, entry))) !== undefined;
  }

  async hasVote(account: Uint8Array, entry: VoteEntry): Promise<boolean> {
    return (await this.#database.get(voteKey(account, entry))) !== undefined;
  }

  /** Deletes the entries below; the record stays. */
  async prune(account: Uint8Array, below: { slot: number; targetRound: number }): Promise<void> {
    const writes: Write[] = [];
    const ranges = [
      { ...range("header", account), lt: key("header", account, uint64Bytes(below.slot)) },
      { ...range("vote", account), lt: key("vote", account, uint64Bytes(below.targetRound)) },
    ];
    for (const old of ranges) {
      for await (const [entry] of this.#database.iterate(old)) writes.push({ key: entry, value: undefined });
    }
    await this.#database.commit(writes);
  }

  async identity(): Promise<DataIdentity | undefined> {
    const bytes = await this.#database.get(key("identity", noAccount));
    return bytes && JSON.parse(textOf(bytes));
  }

  saveIdentity(identity: DataIdentity): Promise<void> {
    return this.#database.commit([{ key: key("identity", noAccount), value: encode(identity) }]);
  }
}

function encode(value: object): Uint8Array {
  const text = JSON.stringify(value, (_, field) => (field instanceof Uint8Array ? toHex(field) : field));
  return new TextEncoder().encode(text);
}

function key(kind: keyof typeof kinds, account: Uint8Array, ...parts: Uint8Array[]): Uint8Array {
  return keyOf("protection", account, Uint8Array.of(kinds[kind]), ...parts);
}

function range(kind: keyof typeof kinds, account: Uint8Array): { gte: Uint8Array; lt: Uint8Array } {
  return keyRange("protection", concatBytes(account, Uint8Array.of(kinds[kind])));
}

function headerKey(account: Uint8Array, { slot, root }: HeaderEntry): Uint8Array {
  return key("header", account, uint64Bytes(slot), root ?? none);
}

function voteKey(account: Uint8Array, { targetRound, root }: VoteEntry): Uint8Array {
  return key("vote", account, uint64Bytes(targetRound), root ?? none);
}

/** The root at the end of an entry's key. A key without one stands for an unknown signature. */
function rootOf(entry: Uint8Array): Uint8Array | undefined {
  const at = prefixBytes + 8;
  return entry.length > at ? entry.slice(at) : undefined;
}
