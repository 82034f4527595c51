import { type Address, fromHex, type Hex, toHex } from "../../client/index.ts";
import type { Secret } from "../backup/words.ts";

/** A key in this browser: AES-256-GCM under PBKDF2-HMAC-SHA-256 of a passphrase; authenticates the address too. */
export interface SavedKey {
  address: Address;
  name: string;
  iterations: number;
  salt: Hex;
  iv: Hex;
  /** The seed, and after it the entropy of a key that is made from words. */
  sealed: Hex;
  /**
   * True once the key is known to be kept elsewhere: its words were written down, or it was saved to or read from a
   * file.
   */
  isBackedUp?: boolean;
}

const seedBytes = 32;
const tagBytes = 16;

export const storageKey = "ccoin.keys";
/** OWASP's figure for PBKDF2-HMAC-SHA-256 (2023): a fraction of a second, once for the user, and for each guess. */
const newIterations = 600_000;

/** Reads the saved keys. @throws if the browser has no storage for this page, or if the stored value is damaged */
export function savedKeys(): SavedKey[] {
  return JSON.parse(localStorage.getItem(storageKey) ?? "[]");
}

/** Saves a key, in place of one with the same address. */
export async function saveKey(
  { address, name, isBackedUp }: Pick<SavedKey, "address" | "name"> & { isBackedUp: boolean },
  { seed, entropy }: Secret,
  passphrase: string,
): Promise<void> {
  const [salt, iv] = [randomBytes(16), randomBytes(12)];
  const sealingKey = await deriveKey(passphrase, salt, newIterations);
  const sealed = await crypto.subtle.encrypt(cipher(iv, address), sealingKey, bytesOf({ seed, entropy }));
  const saved: SavedKey = {
    address,
    name,
    isBackedUp,
    iterations: newIterations,
    salt: toHex(salt),
    iv: toHex(iv),
    sealed: toHex(new Uint8Array(sealed)),
  };
  store([...savedKeys().filter((each) => each.address !== address), saved]);
}

/** Changes what is stored beside the encrypted key. */
export function changeSaved(address: Address, news: Partial<Pick<SavedKey, "name" | "isBackedUp">>): void {
  store(savedKeys().map((each) => (each.address === address ? { ...each, ...news } : each)));
}

/** True if the key is made from words. */
export function hasWords({ sealed }: SavedKey): boolean {
  return fromHex(sealed).length > seedBytes + tagBytes;
}

/** Decrypts the key. @throws if the passphrase is wrong */
export async function unsealKey(saved: SavedKey, passphrase: string): Promise<Secret> {
  const { address, iterations, salt, iv, sealed } = saved;
  const sealingKey = await deriveKey(passphrase, fromHex(salt), iterations);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(
      await crypto.subtle.decrypt(cipher(fromHex(iv), address), sealingKey, fromHex(sealed)),
    );
  } catch {
    throw new Error("This is not the passphrase of this key.");
  }
  const entropy = bytes.length > seedBytes ? bytes.slice(seedBytes) : undefined;
  return { seed: bytes.slice(0, seedBytes), entropy };
}

function bytesOf({ seed, entropy = new Uint8Array() }: Secret): Uint8Array<ArrayBuffer> {
  return new Uint8Array([...seed, ...entropy]);
}

export function forgetKey(address: Address): void {
  store(savedKeys().filter((each) => each.address !== address));
}

function store(keys: readonly SavedKey[]): void {
  localStorage.setItem(storageKey, JSON.stringify(keys));
}

async function deriveKey(
  passphrase: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<CryptoKey> {
  const text = new TextEncoder().encode(passphrase.normalize("NFKC"));
  const base = await crypto.subtle.importKey("raw", text, "PBKDF2", false, ["deriveKey"]);
  const aes = { name: "AES-GCM", length: 256 };
  return crypto.subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, base, aes, false, [
    "encrypt",
    "decrypt",
  ]);
}

function cipher(iv: Uint8Array<ArrayBuffer>, address: Address): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(address) };
}

function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count));
}
