/** The parts of sodium-native (libsodium) that are used; the package has no types. It throws if a length is wrong. */
declare module "sodium-native" {
  export function crypto_sign_seed_keypair(
    publicKey: Uint8Array,
    secretKey: Uint8Array,
    seed: Uint8Array,
  ): void;
  export function crypto_sign_detached(
    signature: Uint8Array,
    message: Uint8Array,
    secretKey: Uint8Array,
  ): void;
  export function crypto_sign_verify_detached(
    signature: Uint8Array,
    message: Uint8Array,
    publicKey: Uint8Array,
  ): boolean;
  /** True if these are the canonical 32 bytes of a point of the prime-order group other than the identity. */
  export function crypto_core_ed25519_is_valid_point(point: Uint8Array): boolean;
  /** Node.js finds no names for these in the package, so they are members of its default export. */
  const others: {
    /** XSalsa20 over a stream, whose place is in the state. */
    crypto_stream_xor_STATEBYTES: number;
    crypto_stream_xor_init(state: Uint8Array, nonce: Uint8Array, key: Uint8Array): void;
    crypto_stream_xor_update(state: Uint8Array, result: Uint8Array, message: Uint8Array): void;
    /** X25519. Throws if the result is the identity. */
    crypto_scalarmult(result: Uint8Array, scalar: Uint8Array, point: Uint8Array): void;
    crypto_scalarmult_base(result: Uint8Array, scalar: Uint8Array): void;
    /** ChaCha20-Poly1305 of RFC 8439. */
    crypto_aead_chacha20poly1305_ietf_encrypt(
      ciphertext: Uint8Array,
      message: Uint8Array,
      associated: Uint8Array,
      secretNonce: null,
      nonce: Uint8Array,
      key: Uint8Array,
    ): number;
    /** Throws if the tag is wrong. */
    crypto_aead_chacha20poly1305_ietf_decrypt(
      message: Uint8Array,
      secretNonce: null,
      ciphertext: Uint8Array,
      associated: Uint8Array,
      nonce: Uint8Array,
      key: Uint8Array,
    ): number;
  };
  export default others;
}
