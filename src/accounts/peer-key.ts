import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createFile } from "../util/atomic-file.ts";
import { messageOf, UserError } from "../util/errors.ts";

/**
 * The 32-byte Ed25519 seed of the node's libp2p identity, stored as hex and generated if there is none. It holds no
 * coins, so it is not encrypted. It is independent of the account key, so that moving an account to another machine
 * does not move the peer id.
 * @throws {UserError} `DAMAGED_PEER_KEY`.
 */
export async function loadPeerKey(path: string): Promise<Uint8Array> {
  try {
    return parse(await readFile(path, "utf8"), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw asUserError(error, path);
  }
  try {
    const seed = randomBytes(32);
    await createFile(path, `${seed.toString("hex")}\n`);
    return new Uint8Array(seed);
  } catch (error) {
    // Another process was faster, so its key applies.
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return parse(await readFile(path, "utf8"), path);
    throw asUserError(error, path);
  }
}

function parse(text: string, path: string): Uint8Array {
  const hex = text.trim();
  if (!/^[0-9a-fA-F]{64}$/.test(hex)) {
    throw new UserError(
      `${path} does not hold 32 bytes in hex: restore it from a backup, or delete it to get a new peer id`,
      "DAMAGED_PEER_KEY",
    );
  }
  return new Uint8Array(Buffer.from(hex, "hex"));
}

function asUserError(error: unknown, path: string): UserError {
  if (error instanceof UserError) return error;
  return new UserError(`cannot use ${path}: ${messageOf(error)}`, "PEER_KEY", { cause: error });
}
