import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { entropyToMnemonic, mnemonicToEntropy, mnemonicToSeedWebcrypto } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";

/** The origin of a key. `entropy` are the bytes of its words (BIP-39); a key that came as a seed has none. */
export interface Secret {
  seed: Uint8Array<ArrayBuffer>;
  entropy: Uint8Array<ArrayBuffer> | undefined;
}

/** m/44'/25443'/0' of BIP-44. The number of the coin is "cc" in ASCII, which SLIP-0044 gives to no other chain. */
const path = [44, 0x6363, 0];

export function wordsOf(entropy: Uint8Array): string[] {
  return entropyToMnemonic(entropy, wordlist).split(" ");
}

/** Derives the key of the words that `entropy` stands for. */
export async function secretOfEntropy(entropy: Uint8Array<ArrayBuffer>): Promise<Secret> {
  const master = await mnemonicToSeedWebcrypto(entropyToMnemonic(entropy, wordlist));
  return { seed: deriveSeed(master, path), entropy };
}

/** Reads 12 to 24 words, separated by anything but letters, as in a numbered list. @throws with a text for people */
export async function secretOfWords(text: string): Promise<Secret> {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
  const wrong = words.findIndex((word) => !wordlist.includes(word));
  if (wrong >= 0) throw new Error(`Word ${wrong + 1}, “${words[wrong]}”, is not in the list of words.`);
  if (![12, 15, 18, 21, 24].includes(words.length))
    throw new Error(`A key has 24 words; these are ${words.length}.`);
  let entropy: Uint8Array;
  try {
    entropy = mnemonicToEntropy(words.join(" "), wordlist);
  } catch {
    throw new Error("One of the words is wrong, or in another place.");
  }
  return secretOfEntropy(new Uint8Array(entropy));
}

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
