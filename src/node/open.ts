import { basename, resolve } from "node:path";
import type { NodePaths } from "../config/index.ts";
import { LevelDatabase } from "../storage/level-database.ts";
import { MetaStore } from "../storage/meta.ts";
import { exists } from "../util/atomic-file.ts";
import { messageOf, UserError } from "../util/errors.ts";
import { acquireLock } from "../util/lock-file.ts";
import { makeFolder } from "../util/make-folder.ts";

/** Locks a node's folder for this process. @throws {UserError} `IN_USE`, `CANNOT_WRITE` */
export async function lockFolder(paths: NodePaths): Promise<() => void> {
  try {
    await makeFolder(resolve(paths.folder), 0o700);
  } catch (error) {
    throw new UserError(`cannot make the folder ${paths.folder}: ${messageOf(error)}`, "CANNOT_WRITE", {
      cause: error,
    });
  }
  return acquireLock(paths.lock, basename(paths.folder));
}

/** Opens the database of a locked folder. @throws {CodedError} `OPEN_FAILED` */
export async function openDatabase(
  paths: NodePaths,
  onWriteFailed?: (error: Error) => void,
): Promise<LevelDatabase> {
  const database = await LevelDatabase.open(paths.db, onWriteFailed);
  try {
    await new MetaStore(database).checkVersion();
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Like `withDatabase`, but creates no database if there is none. @throws {UserError} `NO_CHAIN` */
export async function withExistingDatabase<T>(
  paths: NodePaths,
  hint: string,
  use: (database: LevelDatabase) => Promise<T>,
): Promise<T> {
  if (!(await exists(paths.db))) throw noChain(paths, hint);
  return withDatabase(paths, use);
}

/** `hint` says what to do. */
export function noChain(paths: NodePaths, hint: string): UserError {
  return new UserError(`${paths.db} holds no chain yet: ${hint}`, "NO_CHAIN");
}

/** Runs `use` with the database of a node that is not running; creates one if there is none. */
export async function withDatabase<T>(
  paths: NodePaths,
  use: (database: LevelDatabase) => Promise<T>,
): Promise<T> {
  const unlock = await lockFolder(paths);
  try {
    const database = await openDatabase(paths);
    try {
      return await use(database);
    } finally {
      await database.close();
    }
  } finally {
    unlock();
  }
}
