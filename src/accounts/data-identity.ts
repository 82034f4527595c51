import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../util/atomic-file.ts";
import type { DataIdentity, ProtectionStore } from "./protection.ts";

/** systemd and D-Bus; elsewhere, and in most containers, there is none. */
const machineIdFiles = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
const tokenFileName = "signing-token";

export interface DataIdentityCheck {
  /** Why this data may not be the one that signed last; empty: it is. */
  reasons: string[];
  /** Makes this folder the one that signs. */
  note(): Promise<void>;
}

/**
 * Tells a copy from the original. Noted in the database are: the database folder's inode and time of birth, which no copying tool
 * can carry over (new with cp, tar, rsync, on another disk; kept when it is moved or the machine starts again); the machine (a
 * cloned volume); and a token, new at each start, in a file beside the database (a database put back alone, or deleted).
 * A disk image that is rolled back as a whole is not seen: there the account's own blocks and votes in the network tell
 * (`ProtectedSigner.observeHeader`).
 */
export async function checkDataIdentity(options: {
  paths: { folder: string; db: string };
  store: Pick<ProtectionStore, "identity" | "saveIdentity">;
  /** For tests. */
  machineId?: string;
}): Promise<DataIdentityCheck> {
  const { paths, store } = options;
  const tokenFile = join(paths.folder, tokenFileName);
  const noted = await store.identity();
  const folder = await folderIdentity(paths.db);
  const machine = options.machineId ?? (await readMachineId());
  const token = await readToken(tokenFile);
  return {
    reasons: compare(noted, { folder, machine, token }),
    async note() {
      const next = randomBytes(16).toString("hex");
      // Whichever of the two a crash leaves in the file, it is known.
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
  // Neither has ever been noted: a new node.
  if (!noted) return now.token === "" ? [] : ["the database is another than the one that signed last"];
  const reasons: string[] = [];
  if (noted.folder !== now.folder) reasons.push("the database folder is a copy");
  if (noted.machine !== now.machine) reasons.push("it was on another machine");
  if (!noted.tokens.includes(now.token))
    reasons.push("the database is older than the files beside it, or the other way round");
  return reasons;
}

/** "" where the file system keeps no time of birth: then the inode alone counts. */
async function folderIdentity(path: string): Promise<string> {
  const { ino, birthtimeNs } = await stat(path, { bigint: true });
  return `${ino}:${birthtimeNs}`;
}

async function readMachineId(): Promise<string> {
  for (const file of machineIdFiles) {
    const id = await readFile(file, "utf8").catch(() => "");
    if (id.trim() !== "") return id.trim();
  }
  return "";
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
