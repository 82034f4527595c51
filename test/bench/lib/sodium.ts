import { createRequire } from "node:module";

/** The part of libsodium that the limit and the load are made with. */
interface Sodium {
  crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

export const sodium = createRequire(import.meta.url)("sodium-native") as Sodium;

export interface SodiumKey {
  publicKey: Uint8Array;
  /** 64 bytes: the seed, then the public key. */
  secretKey: Uint8Array;
}

export function keyFromSeed(seed: Uint8Array): SodiumKey {
  const key = { publicKey: new Uint8Array(32), secretKey: new Uint8Array(64) };
  sodium.crypto_sign_seed_keypair(key.publicKey, key.secretKey, seed);
  return key;
}
