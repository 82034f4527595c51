import { crypto_sign_seed_keypair } from "sodium-native";

export interface SodiumKey {
  publicKey: Uint8Array;
  /** 64 bytes: the seed, then the public key. */
  secretKey: Uint8Array;
}

/** Makes a key with libsodium, which makes and uses keys several times as fast as OpenSSL. */
export function keyFromSeed(seed: Uint8Array): SodiumKey {
  const key = { publicKey: new Uint8Array(32), secretKey: new Uint8Array(64) };
  crypto_sign_seed_keypair(key.publicKey, key.secretKey, seed);
  return key;
}
