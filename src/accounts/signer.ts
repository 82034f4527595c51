import { type Address, encodeAddress } from "../crypto/address.ts";
import { keyPairFromSeed } from "../crypto/ed25519.ts";

/**
 * Signs for one account. It is asynchronous, so that a wrapper can put a record on disk before the signature leaves.
 */
export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly address: Address;
  /** `root` is the 32 bytes of `signingRoot`. Resolves to a signature of 64 bytes. */
  sign(root: Uint8Array): Promise<Uint8Array>;
}

/** `seed`: the 32-byte private key of RFC 8032. */
export function signerFromSeed(seed: Uint8Array): Signer {
  const { publicKey, sign } = keyPairFromSeed(seed);
  return { publicKey, address: encodeAddress(publicKey), sign: async (root) => sign(root) };
}
