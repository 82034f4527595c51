import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createFile } from "../util/atomic-file.ts";
import { codeOf, messageOf, UserError } from "../util/errors.ts";

/**
 * The token that `Authorization: Bearer` must carry for the HTTP routes that change the node: 256 random bits in a file
 * that only its owner can read. Creates the file if there is none. @throws {UserError} `ADMIN_TOKEN`
 */
export async function loadAdminToken(path: string): Promise<string> {
  try {
    return parse(await readFile(path, "utf8"), path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw asUserError(error, path);
  }
  try {
    const token = randomBytes(32).toString("base64url");
    await createFile(path, `${token}\n`);
    return token;
  } catch (error) {
    // Another process was faster, so its token applies.
    if (codeOf(error) === "EEXIST") return parse(await readFile(path, "utf8"), path);
    throw asUserError(error, path);
  }
}

/** Reads the token for a client on the node's machine. @throws {UserError} `NO_ADMIN_TOKEN`, `ADMIN_TOKEN` */
export async function readAdminToken(path: string): Promise<string> {
  try {
    return parse(await readFile(path, "utf8"), path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw asUserError(error, path);
    throw new UserError(
      `there is no admin token in ${path}: run this where the node's folder is (--datadir, --nodeid); the node makes it at its first start`,
      "NO_ADMIN_TOKEN",
    );
  }
}

/** A short token was written by hand and can be guessed. */
function parse(text: string, path: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]{16,1024}$/.test(token)) return token;
  throw new UserError(
    `${path} does not hold a token of 16 or more printable characters: delete it, and the node makes a new one when it starts`,
    "ADMIN_TOKEN",
  );
}

function asUserError(error: unknown, path: string): UserError {
  if (error instanceof UserError) return error;
  return new UserError(`cannot use ${path}: ${messageOf(error)}`, "ADMIN_TOKEN", { cause: error });
}
