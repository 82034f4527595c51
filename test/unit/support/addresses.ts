import { keyPairFromSeed } from "../../../src/crypto/ed25519.ts";
import { compareBytes } from "../../../src/util/bytes.ts";

/** Returns this many ascending addresses, the same in every run. */
export function testAddresses(count: number): Uint8Array[] {
  const seed = new Uint8Array(32);
  const addresses = Array.from({ length: count }, (_, index) => {
    new DataView(seed.buffer).setUint32(0, index);
    return keyPairFromSeed(seed).publicKey;
  });
  return addresses.sort(compareBytes);
}
