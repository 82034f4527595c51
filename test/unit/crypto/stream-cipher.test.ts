import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { StreamCipher, streamNonceBytes } from "../../../src/crypto/stream-cipher.ts";

test("makes the key stream of XSalsa20 in NaCl's own test", () => {
  const key = Buffer.from("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389", "hex");
  const nonce = Buffer.from("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37", "hex");
  expect(Buffer.from(new StreamCipher(key, nonce).apply(new Uint8Array(32))).toString("hex")).toBe(
    "eea6a7251c1e72916d11c2cb214d3c252539121d8e234e652d651fa4c8cff880",
  );
});

test("encrypts and decrypts the same stream in other pieces", () => {
  const [key, nonce] = [randomBytes(32), randomBytes(streamNonceBytes)];
  const message = randomBytes(2_000);
  const whole = new StreamCipher(key, nonce).apply(message);
  expect(Buffer.from(whole)).not.toEqual(message);
  const pieces = new StreamCipher(key, nonce);
  let at = 0;
  const parts: Uint8Array[] = [];
  for (const length of [1, 0, 63, 64, 65, 807, 1_000]) {
    parts.push(pieces.apply(whole.subarray(at, at + length)));
    at += length;
  }
  expect(Buffer.concat(parts)).toEqual(message);
});
