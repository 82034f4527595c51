import { randomBytes } from "node:crypto";
import { UserError } from "../util/errors.ts";
import { readOrCreate } from "./read-or-create.ts";

/**
 * The 32-byte Ed25519 seed of the node's libp2p identity, stored as hex and generated if there is none. It holds no
 * coins, so it is not encrypted. It is independent of the account key, so that moving an account to another machine
 * does not move the peer id.
 * @throws {UserError} `DAMAGED_PEER_KEY`, `PEER_KEY`
 */
export async function loadPeerKey(path: string): Promise<Uint8Array> {
  const make = () => `${randomBytes(32).toString("hex")}\n`;
  return parse(await readOrCreate(path, make, "PEER_KEY"), path);
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
