import { type FileContent, replaceFile } from "../util/atomic-file.ts";
import { CodedError, messageOf, UserError } from "../util/errors.ts";

/** As the umask allows: a file that a person asked for. */
const defaultMode = 0o666;

/** Makes or replaces a file that a person named, in a folder that exists (`replaceFile`). @throws {UserError} `CANNOT_WRITE` */
export async function writeWholeFile(file: string, content: FileContent, mode = defaultMode): Promise<void> {
  try {
    await replaceFile(file, content, { mode, makeFolder: false });
  } catch (error) {
    if (error instanceof CodedError) throw error;
    throw new UserError(`cannot write ${file}: ${messageOf(error)}`, "CANNOT_WRITE", { cause: error });
  }
}
