import { hkdfSync } from "node:crypto";
import type { ICryptoInterface, KeyPair } from "@chainsafe/libp2p-noise";
import sodium from "sodium-native";
import { sha256 } from "../crypto/hash.ts";

const keyBytes = 32;
const tagBytes = 16;

/**
 * The functions of Noise_XX_25519_ChaChaPoly_SHA256 by libsodium. The library's own make an OpenSSL object for each
 * message or run WebAssembly, which takes several times the CPU for the usual messages of a few kilobytes. All of them
 * throw if a length is wrong.
 */
export const noiseCrypto: ICryptoInterface = {
  hashSHA256: (data) => sha256(data.subarray()),

  /** HKDF (RFC 5869) with three outputs: section 4.3 of the Noise Protocol Framework. */
  getHKDF(chainingKey, input) {
    const all = new Uint8Array(hkdfSync("sha256", input, chainingKey, "", 3 * keyBytes));
    return [all.slice(0, keyBytes), all.slice(keyBytes, 2 * keyBytes), all.slice(2 * keyBytes)];
  },

  generateX25519KeyPair: () => keyPairOf(crypto.getRandomValues(new Uint8Array(keyBytes))),
  generateX25519KeyPairFromSeed: keyPairOf,

  /** X25519 (RFC 7748). @throws if the public key is a point of low order */
  generateX25519SharedKey(privateKey, publicKey) {
    const shared = new Uint8Array(keyBytes);
    sodium.crypto_scalarmult(shared, privateKey.subarray(), publicKey.subarray());
    return shared;
  },

  /** RFC 8439, section 2.8: the ciphertext, and behind it the tag. */
  chaCha20Poly1305Encrypt(plaintext, nonce, associated, key) {
    const ciphertext = Buffer.allocUnsafe(plaintext.byteLength + tagBytes);
    sodium.crypto_aead_chacha20poly1305_ietf_encrypt(
      ciphertext,
      plaintext.subarray(),
      associated,
      null,
      nonce,
      key,
    );
    return ciphertext;
  },

  /** @throws if the tag is wrong */
  chaCha20Poly1305Decrypt(ciphertext, nonce, associated, key) {
    const plaintext = new Uint8Array(Math.max(0, ciphertext.byteLength - tagBytes));
    sodium.crypto_aead_chacha20poly1305_ietf_decrypt(
      plaintext,
      null,
      ciphertext.subarray(),
      associated,
      nonce,
      key,
    );
    return plaintext;
  },
};

function keyPairOf(privateKey: Uint8Array): KeyPair {
  const publicKey = new Uint8Array(keyBytes);
  sodium.crypto_scalarmult_base(publicKey, privateKey);
  return { publicKey, privateKey };
}
