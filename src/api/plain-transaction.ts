import { decodeAddressInto } from "../crypto/address.ts";
import { isSafeCount, maxAmount, maxMemoBytes, transactionLayout } from "../types/index.ts";
import type { Hex } from "../util/bytes.ts";

const fields = new Set([
  "from",
  "to",
  "amount",
  "fee",
  "nonce",
  "validUntil",
  "memo",
  "signature",
  "genesisId",
]);
const signaturePattern = /^0x[0-9a-fA-F]{128}$/;
const amountPattern = /^(0|[1-9][0-9]{0,19})$/;
/** Digits of an amount that a number represents exactly. */
const numberDigits = 15;

/**
 * The SSZ encoding of a transaction in its usual JSON form, as `transactionInputSchema` reads it, for a fifth of the
 * work. Undefined if the form is unusual or wrong: the schema then decides.
 */
export function encodePlain(value: unknown, genesisId: Hex): Uint8Array | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  for (const key in value) if (!fields.has(key)) return undefined;
  const { from, to, amount, fee = "0", memo = "", ...rest } = value as Record<string, unknown>;
  const { nonce, validUntil = 0, signature, genesisId: named = genesisId } = rest;
  if (named !== genesisId || typeof memo !== "string" || !memo.isWellFormed()) return undefined;
  if (typeof signature !== "string" || !signaturePattern.test(signature)) return undefined;
  if (!isCount(nonce) || nonce === Number.MAX_SAFE_INTEGER || !isCount(validUntil)) return undefined;
  const memoBytes = memo === "" ? 0 : Buffer.byteLength(memo);
  if (memoBytes > maxMemoBytes) return undefined;
  const at = transactionLayout;
  const encoded = Buffer.allocUnsafe(at.memo + memoBytes);
  if (!decodeAddressInto(from, encoded, at.from) || !decodeAddressInto(to, encoded, at.to)) return undefined;
  if (!writeAmount(amount, encoded, at.amount) || !writeAmount(fee, encoded, at.fee)) return undefined;
  encoded.writeUInt32LE(at.from, 0);
  encoded.writeUInt32LE(at.memo - at.from, at.memoOffset);
  writeCount(nonce, encoded, at.nonce);
  writeCount(validUntil, encoded, at.validUntil);
  encoded.write(signature.slice(2), at.signature, "hex");
  if (memoBytes > 0) encoded.write(memo, at.memo, "utf8");
  return encoded;
}

function writeAmount(text: unknown, to: Buffer, at: number): boolean {
  if (typeof text !== "string" || !amountPattern.test(text)) return false;
  if (text.length <= numberDigits) {
    writeCount(Number(text), to, at);
    return true;
  }
  const amount = BigInt(text);
  if (amount > maxAmount) return false;
  to.writeBigUInt64LE(amount, at);
  return true;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && isSafeCount(value);
}

/** Writes a safe integer in 8 bytes. */
function writeCount(value: number, to: Buffer, at: number): void {
  to.writeUInt32LE(value % 2 ** 32, at);
  to.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}
