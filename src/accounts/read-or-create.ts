import { readFile } from "node:fs/promises";
import { createFile } from "../util/atomic-file.ts";
import { codeOf, messageOf, UserError } from "../util/errors.ts";

/** The text of a file, which is created with the text of `make` if there is none. @throws {UserError} `code` */
export async function readOrCreate(path: string, make: () => string, code: string): Promise<string> {
  const read = () => readFile(path, "utf8");
  const create = async () => {
    const text = make();
    await createFile(path, text);
    return text;
  };
  try {
    // If another process creates the file first, its text applies.
    return await read().catch(unless("ENOENT", create)).catch(unless("EEXIST", read));
  } catch (error) {
    throw new UserError(`cannot use ${path}: ${messageOf(error)}`, code, { cause: error });
  }
}

/** Answers errors of this code with `instead`, and throws all others. */
function unless(code: string, instead: () => Promise<string>): (error: unknown) => Promise<string> {
  return async (error) => {
    if (codeOf(error) !== code) throw error;
    return instead();
  };
}
