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
  };
  export default others;
}
