import { readFileSync } from "node:fs";
import { lineOf, messageOf, UserError } from "../util/errors.ts";

/**
 * Reads a JSON file that a person may have edited: a byte order mark, which some editors write, is skipped.
 * @throws {UserError} `code`: the file cannot be read, with `hint` on where such a file is from, or is not JSON
 */
export function readJsonFile(file: string, code: string, hint: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new UserError(`cannot read ${file} (${messageOf(error)}): ${hint}`, code, { cause: error });
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new UserError(`${file} is not JSON: ${lineOf(error)}`, code, { cause: error });
  }
}
