import { verifyAsync as nobleVerify } from "@noble/ed25519";
import { crypto_core_ed25519_is_valid_point, crypto_sign_verify_detached } from "sodium-native";

/** One signature to check: 64 bytes over `message` under the 32-byte `publicKey` (RFC 8032). */
export interface SignatureSet {
  publicKey: Uint8Array;
  message: Uint8Array;
  signature: Uint8Array;
}

/** What libsodium can say of a signature by the rules of ZIP-215. */
export const nativeVerdicts = { invalid: 0, valid: 1, unknown: 2 } as const;
export type NativeVerdict = (typeof nativeVerdicts)[keyof typeof nativeVerdicts];

/**
 * libsodium checks sB - kA = R without the cofactor and takes canonical points of large order only, ZIP-215 checks
 * [8](sB - kA - R) = 0 and takes any bytes that decode to a point; both refuse s >= L. So what libsodium accepts ZIP-215
 * accepts. Where A and R are canonical points of the prime-order group, which holds no point but 0 whose eightfold is 0, the
 * two equations say the same and libsodium's refusal is final too. All else, which nobody honest makes, is for `verifyZip215`.
 */
export function verifyNative({ publicKey, message, signature }: SignatureSet): NativeVerdict {
  if (publicKey.length !== 32 || signature.length !== 64) return nativeVerdicts.invalid;
  if (crypto_sign_verify_detached(signature, message, publicKey)) return nativeVerdicts.valid;
  const final =
    crypto_core_ed25519_is_valid_point(publicKey) &&
    crypto_core_ed25519_is_valid_point(signature.subarray(0, 32));
  return final ? nativeVerdicts.invalid : nativeVerdicts.unknown;
}

/** The last word, for some twenty times the work. */
export async function verifyZip215({ publicKey, message, signature }: SignatureSet): Promise<boolean> {
  try {
    return await nobleVerify(signature, message, publicKey, { zip215: true });
  } catch {
    return false;
  }
}
