import { createPublicKey, type KeyObject, verify as opensslVerify } from "node:crypto";
import { type Signer, signerFromSeed } from "../../src/accounts/signer.ts";
import { isAddress } from "../../src/crypto/address.ts";
import type { SignatureSet, Verify } from "../../src/crypto/ed25519.ts";
import { compareBytes } from "../../src/util/bytes.ts";

/** More accounts than any scenario has nodes, senders and candidates. */
const accountCount = 40;

/**
 * Real keys that are the same in every run. They ascend, so that an account's number is its place in a set of the first
 * ones.
 */
export const accounts: readonly Signer[] = Array.from({ length: accountCount }, (_, index) => {
  const signer = signerFromSeed(new Uint8Array(32).fill(index + 1));
  return { ...signer, sign: (root: Uint8Array) => signAndKnow(signer, root) };
}).sort((a, b) => compareBytes(a.publicKey, b.publicKey));

const publicKeys = new Map<string, KeyObject>();
let verdicts = new Map<string, boolean>();

/** Forgets the verdicts of one run, which the next does not need. */
export function forgetVerdicts(): void {
  verdicts = new Map();
}

/** Verifies Ed25519 synchronously instead of on threads; each signature is checked once for all nodes. */
export const verify: Verify = async (sets) =>
  sets.map((set) => (!set.address || isAddress(set.address)) && (!("message" in set) || verifyOne(set)));

/** Signs, and remembers that the signature is good. */
async function signAndKnow(signer: Signer, root: Uint8Array): Promise<Uint8Array> {
  const signature = await signer.sign(root);
  verdicts.set(verdictKey({ publicKey: signer.publicKey, message: root, signature }), true);
  return signature;
}

function verifyOne(set: SignatureSet): boolean {
  const key = verdictKey(set);
  let verdict = verdicts.get(key);
  if (verdict === undefined) {
    verdict = opensslVerify(null, set.message, publicKeyOf(set.publicKey), set.signature);
    verdicts.set(key, verdict);
  }
  return verdict;
}

function verdictKey({ publicKey, message, signature }: SignatureSet): string {
  return latin1(publicKey) + latin1(message) + latin1(signature);
}

function publicKeyOf(raw: Uint8Array): KeyObject {
  const name = latin1(raw);
  let key = publicKeys.get(name);
  if (!key) {
    const prefix = Buffer.from("302a300506032b6570032100", "hex");
    key = createPublicKey({ key: Buffer.concat([prefix, raw]), format: "der", type: "spki" });
    publicKeys.set(name, key);
  }
  return key;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
