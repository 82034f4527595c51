import { equalBytes } from "../util/bytes.ts";
import type { EntryReader, Write } from "./database.ts";

/** A key of the database with its value. */
export interface Entry {
  key: Uint8Array;
  value: Uint8Array;
}

/** True if the database has each of the entries, with the same value. */
export async function hasEntries(database: EntryReader, entries: readonly Entry[]): Promise<boolean> {
  const stored = await database.getMany(entries.map(({ key }) => key));
  return entries.every(({ value }, at) => stored[at] && equalBytes(stored[at], value));
}

export function deletions(keys: readonly Uint8Array[]): Write[] {
  return keys.map((key) => ({ key, value: undefined }));
}
