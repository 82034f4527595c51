/** Signs transfers `first` to before `end` of a run and sends their encodings back. */
import { parentPort, workerData } from "node:worker_threads";
import { crypto_sign_detached } from "sodium-native";
import { computeDomain, transactionRecords } from "../../../src/types/index.ts";
import { type PresignJob, placeOf, senderKey, transferBytes } from "./senders.ts";
import type { SodiumKey } from "./sodium.ts";

/** The offset of the signature in an encoded transaction. */
const signatureAt = 4;
const batch = 1_000;

parentPort!.postMessage(presignPart(workerData as PresignJob));

function presignPart({ genesisId, senders, first, end }: PresignJob): Uint8Array {
  const keys = new Map<number, SodiumKey>();
  const key = (number: number) => {
    const known = keys.get(number) ?? senderKey(number);
    keys.set(number, known);
    return known;
  };
  const domain = computeDomain("transaction", genesisId);
  const bytes = new Uint8Array((end - first) * transferBytes);
  for (let start = first; start < end; start += batch) {
    const places = Array.from({ length: Math.min(batch, end - start) }, (_, n) =>
      placeOf(start + n, senders),
    );
    const unsigned = places.map(({ from, to, nonce }) => ({
      message: {
        from: key(from).publicKey,
        to: key(to).publicKey,
        amount: 1n,
        fee: 1n,
        nonce,
        validUntil: 0,
        memo: new Uint8Array(),
      },
      signature: new Uint8Array(64),
    }));
    for (const [n, { encoded, signingRoot }] of transactionRecords(unsigned, domain).entries()) {
      const at = (start - first + n) * transferBytes;
      bytes.set(encoded, at);
      const signature = bytes.subarray(at + signatureAt, at + signatureAt + 64);
      crypto_sign_detached(signature, signingRoot, key(places[n]!.from).secretKey);
    }
  }
  return bytes;
}
