import { type FileContent, replaceFile } from "../util/atomic-file.ts";
import { CodedError, messageOf, UserError } from "../util/errors.ts";

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
