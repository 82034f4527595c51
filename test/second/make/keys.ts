import { Point } from "@noble/ed25519";
import { bech32, bech32m } from "@scure/base";
import { decodeAddressText, encodeAddress, isAddress } from "../../../src/crypto/address.ts";
import { keyPairFromSeed, type SignatureSet, verifySet } from "../../../src/crypto/ed25519.ts";
import { concatBytes, equalBytes } from "../../../src/util/bytes.ts";
import { encode, mixedSet, order, p, setWithR, smallOrder, torsion } from "../../unit/support/odd-points.ts";
import { hex } from "./text.ts";

const own = keyPairFromSeed(new Uint8Array(32).fill(3));
const message = new Uint8Array(32).fill(5);

/** 32 bytes each, most of which are no address. */
function makeAddresses() {
  const isCanonical = (bytes: Uint8Array) => torsion.some((point) => equalBytes(point.toBytes(), bytes));
  const ys = Array.from({ length: 19 }, (_, above) => [above, encode(p + BigInt(above))] as const);
  const cases: [string, Uint8Array][] = [
    ["the public key of the seed 32 × 03", own.publicKey],
    ["the base point", new Uint8Array(Point.BASE.toBytes())],
    ["the identity", encode(1n)],
    ...smallOrder
      .filter((bytes) => !equalBytes(bytes, encode(1n)))
      .map((bytes, at): [string, Uint8Array] => [
        `of small order, ${at + 1}${isCanonical(bytes) ? "" : ": not canonical"}`,
        bytes,
      ]),
    ...torsion
      .slice(1)
      .map((point, at): [string, Uint8Array] => [
        `of mixed order, ${at + 1}: a torsion component`,
        mixedSet(message, point, Point.ZERO).publicKey,
      ]),
    ...ys
      .filter(([, bytes]) => !smallOrder.some((each) => equalBytes(each, bytes)))
      .map(([above, bytes]): [string, Uint8Array] => [`y = p + ${above}: not canonical`, bytes]),
    ["y = 2: no point", encode(2n)],
  ];
  return cases.map(([about, bytes]) => ({
    about,
    bytes: hex(bytes),
    text: encodeAddress(bytes),
    valid: isAddress(bytes),
  }));
}

/** Texts that hold the 32 bytes of a key, and texts that hold nothing. */
function makeTexts() {
  const text = encodeAddress(own.publicKey);
  const words = bech32m.toWords(own.publicKey);
  const read = (of: string) => {
    try {
      return hex(decodeAddressText(of));
    } catch {
      return null;
    }
  };
  const cases: [string, string][] = [
    ["an address", text],
    ["in capitals", text.toUpperCase()],
    ["in both", `C${text.slice(1)}`],
    ["one letter is another", `${text.slice(0, -1)}${text.endsWith("q") ? "p" : "q"}`],
    ["another prefix", bech32m.encode("cd", words)],
    ["the checksum of BIP-173", bech32.encode("cc", words)],
    ["31 bytes", bech32m.encode("cc", bech32m.toWords(own.publicKey.subarray(1)))],
    ["33 bytes", bech32m.encode("cc", bech32m.toWords(Uint8Array.of(...own.publicKey, 0)))],
    ["padding bits that are set", bech32m.encode("cc", [...words.slice(0, -1), words.at(-1)! | 1])],
  ];
  return cases.map(([about, of]) => ({ about, text: of, bytes: read(of) }));
}

/** A signature by a key of mixed order whose equation holds without the cofactor. */
function fittingMixedSet(): SignatureSet {
  for (let byte = 0; ; byte++) {
    const set = mixedSet(new Uint8Array(32).fill(byte), torsion[4]!, Point.ZERO);
    if (verifySet(set)) return set;
  }
}

function makeSignatures() {
  const good = { publicKey: own.publicKey, message, signature: own.sign(message) };
  const s = BigInt(`0x${Buffer.from(good.signature.subarray(32)).reverse().toString("hex")}`);
  const cases: [string, SignatureSet][] = [
    ["by the rule", good],
    ["of another message", { ...good, message: new Uint8Array(32) }],
    ["by another key", { ...good, publicKey: new Uint8Array(Point.BASE.toBytes()) }],
    [
      "s is above L: the equation holds",
      { ...good, signature: concatBytes(good.signature.subarray(0, 32), encode(s + order)) },
    ],
    ["R is the identity: the equation holds", mixedSet(message, Point.ZERO, Point.ZERO, 0n)],
    [
      "R is the identity with y + p: the equation holds for the point, not for its bytes",
      setWithR(message, Point.ZERO, encode(p + 1n), 0n),
    ],
    [
      "R is the identity with the sign of x set: the equation holds for the point, not for its bytes",
      setWithR(message, Point.ZERO, encode(1n, true), 0n),
    ],
    [
      "R is of small order: the equation holds with the cofactor alone",
      mixedSet(message, Point.ZERO, torsion[1]!, 0n),
    ],
    [
      "R has a torsion component: the equation holds with the cofactor alone",
      mixedSet(message, Point.ZERO, torsion[1]!),
    ],
    ["the key has a torsion component: the equation holds without the cofactor", fittingMixedSet()],
  ];
  return cases.map(([about, set]) => ({
    about,
    publicKey: hex(set.publicKey),
    message: hex(set.message),
    signature: hex(set.signature),
    valid: verifySet({ ...set, newKey: true }),
  }));
}

/** Returns `keys.json`. */
export function makeKeys() {
  return { addresses: makeAddresses(), texts: makeTexts(), signatures: makeSignatures() };
}
