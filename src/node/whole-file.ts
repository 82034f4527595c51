import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { CodedError, messageOf, UserError } from "../util/errors.ts";

/** Makes or replaces a file that is whole wherever it is there: it gets its name at the end, synced. @throws {UserError} `CANNOT_WRITE` */
export async function writeWholeFile(
  file: string,
  write: (handle: FileHandle) => Promise<void>,
  mode?: number,
): Promise<void> {
  const partial = `${file}.partial`;
  try {
    const handle = await open(partial, "w", mode);
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    if (error instanceof CodedError) throw error;
    throw new UserError(`cannot write ${file}: ${messageOf(error)}`, "CANNOT_WRITE", { cause: error });
  }
}
