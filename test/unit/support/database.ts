import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Database, Range, Write } from "../../../src/storage/database.ts";
import { LevelDatabase } from "../../../src/storage/level-database.ts";
import { CodedError } from "../../../src/util/errors.ts";

/** Makes a folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "ccoin-unit-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens LevelDB in a temporary folder and closes it after the test. */
export async function temporaryDatabase(
  onWriteFailed?: (error: Error) => void,
): Promise<{ database: LevelDatabase; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "ccoin-unit-"));
  const database = await LevelDatabase.open(folder, onWriteFailed);
  onTestFinished(async () => {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { database, folder };
}

/** A sorted map in memory. Its commits can be made to fail or to wait. */
export class MemoryDatabase implements Database {
  readonly entries = new Map<string, Uint8Array>();
  /** The number of next commits that fail. */
  failing = 0;
  commits = 0;
  /** Awaited before each commit. */
  beforeCommit: () => Promise<void> = async () => undefined;

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.entries.get(hex(key))?.slice();
  }

  async getMany(keys: Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return Promise.all(keys.map((key) => this.get(key)));
  }

  async *iterate({ gte, lt, reverse, limit }: Range): AsyncIterable<[Uint8Array, Uint8Array]> {
    const keys = [...this.entries.keys()].filter((key) => key >= hex(gte) && key < hex(lt)).sort();
    if (reverse) keys.reverse();
    for (const key of keys.slice(0, limit ?? keys.length))
      yield [new Uint8Array(Buffer.from(key, "hex")), this.entries.get(key)!.slice()];
  }

  async commit(writes: Write[]): Promise<void> {
    await this.beforeCommit();
    if (writes.length === 0) return;
    if (this.failing > 0) {
      this.failing--;
      throw new CodedError("WRITE_FAILED", "cannot write to the database: no space left");
    }
    this.commits++;
    for (const { key, value } of writes) {
      if (value) this.entries.set(hex(key), value.slice());
      else this.entries.delete(hex(key));
    }
  }

  async close(): Promise<void> {}

  copy(): MemoryDatabase {
    const copy = new MemoryDatabase();
    for (const [key, value] of this.entries) copy.entries.set(key, value);
    return copy;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export async function toArray<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
