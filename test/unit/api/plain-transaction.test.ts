import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodePlain } from "../../../src/api/plain-transaction.ts";
import { encodeInput, transactionInputSchema } from "../../../src/api/transaction-input.ts";
import { encodeAddress } from "../../../src/crypto/address.ts";
import { Transaction } from "../../../src/types/index.ts";
import { fromHex, toHex } from "../../../src/util/bytes.ts";

const genesisId = `0x${"0c".repeat(32)}`;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const address = bytes(32).map(encodeAddress);
const amount = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
/** The form in which programs usually write a transaction. */
const usual = fc.record(
  {
    from: address,
    to: address,
    amount,
    fee: amount,
    nonce: fc.oneof(fc.nat(), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 })),
    memo: fc.string({ unit: "grapheme", maxLength: 60 }).filter((text) => Buffer.byteLength(text) <= 256),
    signature: bytes(64).map(toHex),
    genesisId: fc.constant(genesisId),
  },
  { requiredKeys: ["from", "to", "amount", "nonce", "signature"] },
);
const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom("", "0", "00", "-1", "1e3", "18446744073709551616", "9".repeat(20), "0x", "\ud800", " 1"),
  fc.constantFrom(-1, -0, 0.5, 2 ** 53 - 2, 2 ** 53 - 1, 2 ** 53, 1e300),
  fc.string({ unit: "binary", maxLength: 300 }),
  address.map((text) => text.toUpperCase()),
  address.map((text) => `${text.slice(0, 60)}q`),
  bytes(64).map((each) => toHex(each).toUpperCase()),
  // Characters whose lowest byte is that of a hex digit.
  bytes(64).map((each) => toHex(each).replaceAll("a", "\u0161")),
  fc.constant(`0x${"ab".repeat(32)}`),
);
const keys = ["from", "to", "amount", "fee", "nonce", "memo", "signature", "genesisId", "extra", "__proto__"];

/** Returns the result of the schema. */
function bySchema(value: unknown): string | undefined {
  const result = transactionInputSchema.safeParse(value);
  if (!result.success) return undefined;
  const { signature, genesisId: named, ...message } = result.data;
  if (named !== undefined && named.toLowerCase() !== genesisId) return undefined;
  return toHex(Transaction.serialize({ message, signature: fromHex(signature) }));
}

describe("a transaction in its usual JSON form", () => {
  it("encodes the usual form of a transaction as the schema does", () => {
    fc.assert(
      fc.property(usual, (value) => {
        const parsed: unknown = JSON.parse(JSON.stringify(value));
        const plain = encodePlain(parsed, genesisId);
        expect(plain && toHex(plain)).toBe(bySchema(parsed));
        expect(plain).toBeDefined();
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it("accepts a transaction exactly if the schema accepts it, whatever other fields it has", () => {
    let taken = 0;
    fc.assert(
      fc.property(usual, fc.constantFrom(...keys), odd, fc.boolean(), (value, key, other, remove) => {
        const changed: Record<string, unknown> = { ...value };
        if (remove) delete changed[key];
        else Object.defineProperty(changed, key, { value: other, enumerable: true });
        const parsed: unknown = JSON.parse(JSON.stringify(changed));
        const encoded = encodeInput(parsed, genesisId);
        const expected = bySchema(parsed);
        expect(encoded instanceof Uint8Array ? toHex(encoded) : undefined).toBe(expected);
        if (expected) taken++;
      }),
      { numRuns: 2000, seed: 1 },
    );
    expect(taken).toBeGreaterThan(100);
    expect(taken).toBeLessThan(1900);
  });

  it("encodes nothing but objects of the usual form", () => {
    for (const value of [null, [], "text", 1, true, [{}]])
      expect(encodePlain(value, genesisId)).toBeUndefined();
  });
});
