import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../util/atomic-file.ts";
import { codeOf } from "../util/errors.ts";
import type { DataIdentity } from "./protection.ts";
import type { ProtectionStore } from "./protection-store.ts";

/** Files of systemd and D-Bus. Other systems, and most containers, have none. */
const machineIdFiles = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
const tokenFileName = "signing-token";

export interface DataIdentityCheck {
  /** The reasons for which this data may not be the data that signed last; empty if it is. */
  reasons: string[];
  /** Makes this folder the one that signs. */
  note(): Promise<void>;
}

/**
 * Distinguishes a copy from the original. The database notes three things.
 * - The inode and time of birth of its folder, which no copying tool can carry over: they are new with cp, tar, rsync
 *   and on another disk, and stay when the folder is moved or the machine restarts.
 * - The machine, which reveals a cloned volume.
 * - A token, new at each start, in a file beside the database, which reveals a database that was restored alone or
 *   deleted.
 *
 * A disk image that is rolled back as a whole is not noticed. There the account's own blocks and votes in the network
 * reveal it (`ProtectedSigner.observeHeader`).
 */
export async function checkDataIdentity(options: {
  paths: { folder: string; db: string };
  store: Pick<ProtectionStore, "identity" | "saveIdentity">;
  /** Tests set their own. */
  machineIdFiles?: readonly string[];
}): Promise<DataIdentityCheck> {
  const { paths, store } = options;
  const tokenFile = join(paths.folder, tokenFileName);
  const noted = await store.identity();
  const folder = await folderIdentity(paths.db);
  const machine = await readMachineId(options.machineIdFiles ?? machineIdFiles);
  const token = await readToken(tokenFile);
  return {
    reasons: compare(noted, { folder, machine, token }),
    async note() {
      const next = randomBytes(16).toString("hex");
      // A crash leaves one of the two tokens in the file: both are known.
      await store.saveIdentity({ folder, machine, tokens: [token, next] });
      await replaceFile(tokenFile, `${next}\n`);
      await store.saveIdentity({ folder, machine, tokens: [next] });
    },
  };
}

function compare(
  noted: DataIdentity | undefined,
  now: { folder: string; machine: string; token: string },
): string[] {
  // Neither has ever been noted, so this is a new node.
  if (!noted) return now.token === "" ? [] : ["the database is not the one that signed last"];
  const reasons: string[] = [];
  if (noted.folder !== now.folder) reasons.push("the database folder is a copy");
  if (noted.machine !== now.machine) reasons.push("the data comes from another machine");
  if (!noted.tokens.includes(now.token))
    reasons.push("the database and the files beside it are of different ages");
  return reasons;
}

/** "" if the file system keeps no time of birth; then only the inode counts. */
async function folderIdentity(path: string): Promise<string> {
  const { ino, birthtimeNs } = await stat(path, { bigint: true });
  return `${ino}:${birthtimeNs}`;
}

async function readMachineId(files: readonly string[]): Promise<string> {
  for (const file of files) {
    const id = await readFile(file, "utf8").catch(() => "");
    if (id.trim() !== "") return id.trim();
  }
  return "";
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "";
    throw error;
  }
}
