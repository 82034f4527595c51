import { scryptAsync } from "@noble/hashes/scrypt.js";
import { type Address, fromHex, keyFromSeed, toHex } from "../../client/index.ts";

/** The account file of a node (`account.json`): a seed under AES-256-GCM and scrypt. Byte strings are hex digits. */
export interface KeyFile {
  version: 1;
  address: Address;
  scrypt: { n: number; r: number; p: number; salt: string };
  /** `tag` covers the address too. */
  aes256gcm: { nonce: string; seed: string; tag: string };
}

/** Those of a node's own file. A guess takes 128 MiB. */
const cost = { n: 2 ** 17, r: 8, p: 1 };
const maxScryptBytes = 2 ** 30;
const [saltBytes, nonceBytes, tagBytes] = [32, 12, 16];

/** Returns the text of a file that opens with the passphrase here and on a node. */
export async function sealKeyFile(
  seed: Uint8Array<ArrayBuffer>,
  passphrase: string,
  parameters: Omit<KeyFile["scrypt"], "salt"> = cost,
): Promise<string> {
  const { address } = await keyFromSeed(seed);
  const salt = crypto.getRandomValues(new Uint8Array(saltBytes));
  const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes));
  const key = await aesKey(passphrase, salt, parameters);
  const sealed = new Uint8Array(await crypto.subtle.encrypt(cipher(nonce, address), key, seed));
  const file: KeyFile = {
    version: 1,
    address,
    scrypt: { ...parameters, salt: digits(salt) },
    aes256gcm: {
      nonce: digits(nonce),
      seed: digits(sealed.subarray(0, -tagBytes)),
      tag: digits(sealed.subarray(-tagBytes)),
    },
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Returns the seed in a file of this page or of a node. @throws with a text for people */
export async function openKeyFile(text: string, passphrase: string): Promise<Uint8Array<ArrayBuffer>> {
  const { address, scrypt, aes256gcm } = parse(text);
  const key = await aesKey(passphrase, bytes(scrypt.salt), scrypt);
  const sealed = bytes(aes256gcm.seed + aes256gcm.tag);
  let seed: Uint8Array<ArrayBuffer>;
  try {
    seed = new Uint8Array(await crypto.subtle.decrypt(cipher(bytes(aes256gcm.nonce), address), key, sealed));
  } catch {
    throw new Error("This is not the passphrase of this file.");
  }
  if ((await keyFromSeed(seed)).address !== address)
    throw new Error("This file is damaged: its key does not belong to its address.");
  return seed;
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

function cipher(iv: Uint8Array<ArrayBuffer>, address: Address): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(address) };
}

function digits(of: Uint8Array): string {
  return toHex(of).slice(2);
}

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return fromHex(`0x${hex}`);
}
