import { scryptAsync } from "@noble/hashes/scrypt.js";
import { type Address, fromHex, keyFromSeed, toHex } from "../../client/index.ts";
import type { Contact } from "../wallet/contacts.ts";

/** The name of a key and the contacts, which the page keeps beside it. */
export interface Belongings {
  name: string;
  contacts: readonly Contact[];
}

/** The account file of a node (`account.json`): a seed under AES-256-GCM and scrypt. Byte strings are hex digits. */
export interface KeyFile {
  version: 1;
  address: Address;
  scrypt: { n: number; r: number; p: number; salt: string };
  /** `tag` covers the address too. */
  aes256gcm: { nonce: string; seed: string; tag: string };
  /** The belongings as JSON under the same key, with the tag at the end. Nodes do not read them. */
  belongings?: { nonce: string; sealed: string };
}

/** The cost of a node's own file: each guess of the passphrase takes 128 MiB of memory. */
const cost = { n: 2 ** 17, r: 8, p: 1 };
const maxScryptBytes = 2 ** 30;
const [saltBytes, nonceBytes, tagBytes] = [32, 12, 16];

/** Returns the text of a file that opens with the passphrase here and on a node. */
export async function sealKeyFile(
  seed: Uint8Array<ArrayBuffer>,
  passphrase: string,
  belongings: Belongings,
  parameters: Omit<KeyFile["scrypt"], "salt"> = cost,
): Promise<string> {
  const { address } = await keyFromSeed(seed);
  const salt = crypto.getRandomValues(new Uint8Array(saltBytes));
  const key = await aesKey(passphrase, salt, parameters);
  const { nonce, sealed } = await seal(key, address, seed);
  const text = new TextEncoder().encode(JSON.stringify(belongings));
  const beside = await seal(key, besides(address), text);
  const file: KeyFile = {
    version: 1,
    address,
    scrypt: { ...parameters, salt: digits(salt) },
    aes256gcm: {
      nonce: digits(nonce),
      seed: digits(sealed.subarray(0, -tagBytes)),
      tag: digits(sealed.subarray(-tagBytes)),
    },
    belongings: { nonce: digits(beside.nonce), sealed: digits(beside.sealed) },
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Opens a file that this page or a node has made. @throws with a text for people */
export async function openKeyFile(
  text: string,
  passphrase: string,
): Promise<{ seed: Uint8Array<ArrayBuffer>; belongings: Belongings | undefined }> {
  const { address, scrypt, aes256gcm, belongings } = parse(text);
  const key = await aesKey(passphrase, bytes(scrypt.salt), scrypt);
  // Web Crypto says only that it failed; each caller tells the person what that means.
  const open = (nonce: string, of: string, sealed: string) =>
    crypto.subtle.decrypt(cipher(bytes(nonce), of), key, bytes(sealed)).then(
      (opened) => new Uint8Array(opened),
      () => undefined,
    );
  const seed = await open(aes256gcm.nonce, address, aes256gcm.seed + aes256gcm.tag);
  if (!seed) throw new Error("This is not the passphrase of this file.");
  if ((await keyFromSeed(seed)).address !== address)
    throw new Error("This file is damaged: its key does not belong to its address.");
  if (!belongings) return { seed, belongings: undefined };
  const beside = await open(belongings.nonce, besides(address), belongings.sealed);
  if (!beside) throw new Error("This file is damaged: its contacts cannot be read.");
  return { seed, belongings: JSON.parse(new TextDecoder().decode(beside)) as Belongings };
}

async function seal(
  key: CryptoKey,
  of: string,
  plain: Uint8Array<ArrayBuffer>,
): Promise<Record<"nonce" | "sealed", Uint8Array<ArrayBuffer>>> {
  const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes));
  return { nonce, sealed: new Uint8Array(await crypto.subtle.encrypt(cipher(nonce, of), key, plain)) };
}

/** The text that the seal of the belongings covers, so that neither seal can stand in the other's place. */
function besides(address: Address): string {
  return `beside ${address}`;
}

function parse(text: string): KeyFile {
  let file: Partial<KeyFile> | null;
  try {
    file = JSON.parse(text) as Partial<KeyFile> | null;
  } catch {
    file = null;
  }
  const { version, address, scrypt, aes256gcm } = file ?? {};
  if (!address || !scrypt || !aes256gcm)
    throw new Error("This is not a key file, such as a node's account.json.");
  if (version !== 1) throw new Error(`This file is of version ${version}, which this page does not know.`);
  if (!(128 * scrypt.n * scrypt.r <= maxScryptBytes)) throw new Error("This file asks for too much memory.");
  return file as KeyFile;
}

async function aesKey(
  passphrase: string,
  salt: Uint8Array,
  { n, r, p }: Omit<KeyFile["scrypt"], "salt">,
): Promise<CryptoKey> {
  // A node normalizes in the same way.
  const key = await scryptAsync(passphrase.normalize("NFC"), salt, {
    N: n,
    r,
    p,
    dkLen: 32,
    maxmem: 2 ** 31,
  });
  return crypto.subtle.importKey("raw", new Uint8Array(key), "AES-GCM", false, ["encrypt", "decrypt"]);
}

function cipher(iv: Uint8Array<ArrayBuffer>, of: string): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(of) };
}

function digits(of: Uint8Array): string {
  return toHex(of).slice(2);
}

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return fromHex(`0x${hex}`);
}
