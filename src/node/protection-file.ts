import { readFile } from "node:fs/promises";
import {
  checkDataIdentity,
  exportInterchange,
  importInterchange,
  readAccountInfo,
} from "../accounts/index.ts";
import { ProtectionStore } from "../accounts/protection-store.ts";
import { type Genesis, genesisOf } from "../chain/genesis.ts";
import type { NodePaths } from "../config/index.ts";
import type { Database } from "../storage/database.ts";
import { MetaStore } from "../storage/meta.ts";
import { slotOf } from "../types/index.ts";
import { writeWholeFile } from "../util/atomic-file.ts";
import { systemClock } from "../util/clock.ts";
import { messageOf, UserError } from "../util/errors.ts";
import { noChain, withExistingDatabase } from "./open.ts";

const ownerOnly = 0o600;
const noChainHint = "start the node with --no-mine until it is in step, stop it, and try again";

export interface ProtectionFileOptions {
  paths: NodePaths;
  file: string;
}

export interface ProtectionFileResult {
  headers: number;
  votes: number;
}

/**
 * Writes what the node's account signed to a new file. `reasons` say why the data may be older than that: the file then
 * carries the doubt. @throws {UserError} `NO_CHAIN`, `CANNOT_WRITE`
 */
export async function exportProtection({
  paths,
  file,
}: ProtectionFileOptions): Promise<ProtectionFileResult & { reasons: string[] }> {
  const { publicKey: account } = await readAccountInfo(paths);
  return withExistingDatabase(paths, noChainHint, async (database) => {
    const { idHex: genesisId, config } = await storedGenesis(database, paths);
    const store = new ProtectionStore(database);
    const { reasons } = await checkDataIdentity({ paths, store });
    const { text, ...counts } = await exportInterchange(store, {
      genesisId,
      account,
      ...(reasons.length > 0 && { copyAtSlot: slotOf(systemClock.now(), config.slotMs) }),
    });
    await writeWholeFile(file, text, ownerOnly);
    return { ...counts, reasons };
  });
}

/** Adds what a file says was signed. @throws {UserError} `NO_CHAIN`, `CANNOT_READ`, and those of `importInterchange` */
export async function importProtection({
  paths,
  file,
}: ProtectionFileOptions): Promise<ProtectionFileResult> {
  const { publicKey: account } = await readAccountInfo(paths);
  const text = await readFile(file, "utf8").catch((error) => {
    throw new UserError(`cannot read ${file}: ${messageOf(error)}`, "CANNOT_READ", { cause: error });
  });
  return withExistingDatabase(paths, noChainHint, async (database) => {
    const { idHex: genesisId } = await storedGenesis(database, paths);
    const store = new ProtectionStore(database);
    return importInterchange(store, text, { genesisId, account, nowMs: systemClock.now() });
  });
}

async function storedGenesis(database: Database, paths: NodePaths): Promise<Genesis> {
  const stored = await new MetaStore(database).genesisHead();
  if (!stored) throw noChain(paths, noChainHint);
  return genesisOf(stored);
}
