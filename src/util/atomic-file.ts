import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, type FileHandle, link, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { CodedError, codeOf, messageOf, UserError } from "./errors.ts";
import { makeFolder } from "./make-folder.ts";

/** Only the owner may read and write. */
const fileMode = 0o600;
const folderMode = 0o700;

/** File systems without hard links (FAT, some network shares) answer with one of these. */
const noLinkCodes = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);
/** File systems that cannot sync a folder (some network shares) answer with one of these. */
const noSyncCodes = new Set(["EINVAL", "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** A text, or a function that writes the contents piece by piece. */
export type FileContent = string | ((file: FileHandle) => Promise<void>);

export interface ReplaceOptions {
  /** File mode; only the owner may read and write by default. */
  mode?: number;
  /** False if a missing folder is the caller's mistake. */
  makeFolder?: boolean;
}

/**
 * Writes a file that is complete and on disk when this resolves, or does not exist at all. Makes its folder.
 * @throws `EEXIST` if the file exists already; it stays as it is.
 */
export async function createFile(path: string, text: string): Promise<void> {
  await makeFolderOf(path);
  const temporary = await writeTemporary(path, text, fileMode);
  try {
    await link(temporary, path).catch(async (error: NodeJS.ErrnoException) => {
      if (!noLinkCodes.has(error.code ?? "")) throw error;
      if (await exists(path)) throw Object.assign(new Error("the file exists"), { code: "EEXIST" });
      await rename(temporary, path);
    });
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
}

/** Like `createFile`, but replaces an existing file. At any moment either the old or the new contents are there. */
export async function replaceFile(
  path: string,
  content: FileContent,
  { mode = fileMode, makeFolder = true }: ReplaceOptions = {},
): Promise<void> {
  if (makeFolder) await makeFolderOf(path);
  const temporary = await writeTemporary(path, content, mode);
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** @throws {UserError} `CANNOT_READ` if nobody can tell, such as in a folder of another user. */
export async function exists(path: string): Promise<boolean> {
  try {
    await access(path, constants.F_OK);
    return true;
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(cause) ?? "")) return false;
    throw new UserError(`cannot read ${path}: ${messageOf(cause)}`, "CANNOT_READ", { cause });
  }
}

async function makeFolderOf(path: string): Promise<void> {
  const made = await makeFolder(dirname(resolve(path)), folderMode);
  if (made) await syncFolder(dirname(made));
}

/** Writes beside `path`, so that renaming stays within one file system. */
async function writeTemporary(path: string, content: FileContent, mode: number): Promise<string> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  const file = await open(temporary, "wx", mode);
  try {
    if (typeof content === "string") await file.writeFile(content);
    else await content(file);
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return temporary;
}

/** Makes a new name in the folder survive a power cut. Windows cannot open folders and does not need the call. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync().catch((error: NodeJS.ErrnoException) => {
      if (!noSyncCodes.has(error.code ?? "")) throw error;
    });
  } finally {
    await folder.close();
  }
}

/** The umask decides, because a person asked for the file. */
const defaultMode = 0o666;

/**
 * Creates or replaces a file that a person named, in an existing folder (`replaceFile`). @throws {UserError}
 * `CANNOT_WRITE`
 */
export async function writeWholeFile(file: string, content: FileContent, mode = defaultMode): Promise<void> {
  try {
    await replaceFile(file, content, { mode, makeFolder: false });
  } catch (error) {
    if (error instanceof CodedError) throw error;
    throw new UserError(`cannot write ${file}: ${messageOf(error)}`, "CANNOT_WRITE", { cause: error });
  }
}
