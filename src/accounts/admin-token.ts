import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { codeOf, messageOf, UserError } from "../util/errors.ts";
import { readOrCreate } from "./read-or-create.ts";

/**
 * The token that `Authorization: Bearer` must carry for the HTTP routes that change the node: 256 random bits in a file
 * that only its owner can read. Creates the file if there is none. @throws {UserError} `ADMIN_TOKEN`
 */
export async function loadAdminToken(path: string): Promise<string> {
  const make = () => `${randomBytes(32).toString("base64url")}\n`;
  return parse(await readOrCreate(path, make, "ADMIN_TOKEN"), path);
}

/** Reads the token for a client on the node's machine. @throws {UserError} `NO_ADMIN_TOKEN`, `ADMIN_TOKEN` */
export async function readAdminToken(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    if (codeOf(cause) !== "ENOENT")
      throw new UserError(`cannot use ${path}: ${messageOf(cause)}`, "ADMIN_TOKEN", { cause });
    throw new UserError(
      `there is no admin token in ${path}: run this where the node's folder is (--datadir, --nodeid); the node makes it at its first start`,
      "NO_ADMIN_TOKEN",
    );
  });
  return parse(text, path);
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
