import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";

const hardened = 2 ** 31;

/** Derives an Ed25519 seed by SLIP-0010; all steps of `path` are hardened, since this curve has no others. */
export function deriveSeed(master: Uint8Array, path: readonly number[]): Uint8Array<ArrayBuffer> {
  let node = hmac(sha512, new TextEncoder().encode("ed25519 seed"), master);
  for (const step of path) {
    const data = new Uint8Array(37);
    data.set(node.subarray(0, 32), 1);
    new DataView(data.buffer).setUint32(33, step + hardened);
    node = hmac(sha512, node.subarray(32), data);
  }
  return new Uint8Array(node.subarray(0, 32));
}
