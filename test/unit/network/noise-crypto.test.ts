import { randomBytes } from "node:crypto";
import { pureJsCrypto } from "@chainsafe/libp2p-noise";
import { expect, test } from "vitest";
import { noiseCrypto } from "../../../src/network/noise-crypto.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const [nonce, key, associated] = [random(12), random(32), random(32)];
/** Makes a stand-in for the lists of pieces that the library hands over. */
const inPieces = (bytes: Uint8Array) =>
  ({ byteLength: bytes.length, subarray: () => bytes.slice() }) as unknown as Uint8Array;
const plain = (bytes: { subarray(): Uint8Array }) => new Uint8Array(bytes.subarray());

test("hashes and derives keys as another implementation", () => {
  const data = random(100);
  expect(plain(noiseCrypto.hashSHA256(inPieces(data)))).toEqual(pureJsCrypto.hashSHA256(data));
  for (const input of [new Uint8Array(), key])
    expect(noiseCrypto.getHKDF(associated, input)).toEqual(pureJsCrypto.getHKDF(associated, input));
});

test("agrees on keys with another implementation, and refuses points of low order", () => {
  const [own, other] = [noiseCrypto.generateX25519KeyPair(), pureJsCrypto.generateX25519KeyPair()];
  expect(noiseCrypto.generateX25519KeyPairFromSeed(own.privateKey)).toEqual(own);
  expect(noiseCrypto.generateX25519KeyPair()).not.toEqual(own);
  expect(noiseCrypto.generateX25519SharedKey(own.privateKey, inPieces(plain(other.publicKey)))).toEqual(
    pureJsCrypto.generateX25519SharedKey(other.privateKey, own.publicKey),
  );
  for (const point of [new Uint8Array(32), Uint8Array.of(1, ...new Uint8Array(31))])
    expect(() => noiseCrypto.generateX25519SharedKey(own.privateKey, point)).toThrow();
});

test.each([0, 1, 16, 1_500, 65_519])("encrypts %i bytes as another implementation", (length) => {
  const message = random(length);
  for (const with_ of [associated, new Uint8Array()]) {
    const ciphertext = pureJsCrypto.chaCha20Poly1305Encrypt(message, nonce, with_, key);
    for (const given of [message, inPieces(message)])
      expect(plain(noiseCrypto.chaCha20Poly1305Encrypt(given, nonce, with_, key))).toEqual(plain(ciphertext));
    for (const given of [plain(ciphertext), inPieces(plain(ciphertext))])
      expect(plain(noiseCrypto.chaCha20Poly1305Decrypt(given, nonce, with_, key))).toEqual(message);
  }
});

test("refuses what was changed, or is too short", () => {
  const ciphertext = plain(noiseCrypto.chaCha20Poly1305Encrypt(random(20), nonce, associated, key));
  const decrypt =
    (bytes: Uint8Array, with_ = associated) =>
    () =>
      noiseCrypto.chaCha20Poly1305Decrypt(bytes, nonce, with_, key);
  for (const index of ciphertext.keys()) {
    const changed = ciphertext.slice();
    changed[index]! ^= 1;
    expect(decrypt(changed)).toThrow();
  }
  expect(decrypt(ciphertext, nonce)).toThrow();
  for (const length of [0, 15, 16, 35]) expect(decrypt(ciphertext.subarray(0, length))).toThrow();
});
