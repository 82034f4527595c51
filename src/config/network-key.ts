import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { messageOf, UserError } from "../util/errors.ts";
import { commandLine } from "./command.ts";

const keyBytes = 32;
const lines = ["/key/swarm/psk/1.0.0/", "/base16/"];

/** A new key of a closed network as the text of its file: the format of libp2p's pre-shared keys. */
export function makeNetworkKey(): string {
  return `${[...lines, randomBytes(keyBytes).toString("hex")].join("\n")}\n`;
}

/** @throws {UserError} `BAD_NETWORK_KEY` */
export function readNetworkKey(path: string): Uint8Array {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new UserError(`cannot read the network key ${path}: ${messageOf(cause)}`, "BAD_NETWORK_KEY", {
      cause,
    });
  }
  const [format, base, hex, ...more] = text.trim().split(/\s*\n\s*/);
  if (format !== lines[0] || base !== lines[1] || !/^[0-9a-fA-F]{64}$/.test(hex ?? "") || more.length > 0) {
    throw new UserError(
      `${path} is not a network key: "${commandLine("network-key -o <file>")}" writes three lines, the last of them 64 hex digits`,
      "BAD_NETWORK_KEY",
    );
  }
  return new Uint8Array(Buffer.from(hex!, "hex"));
}
