import { parentPort } from "node:worker_threads";
import { verifySet } from "./ed25519.ts";
import { packedBytes, unpack, type VerifyRequest } from "./verify-messages.ts";

/**
 * The code of a `VerifyPool` thread. It answers each request with one verdict per set, in order. A request that it
 * cannot read ends it.
 */
parentPort?.on("message", ({ packed }: VerifyRequest) => {
  const verdicts = new Uint8Array(packed.length / packedBytes);
  for (let index = 0; index < verdicts.length; index++)
    verdicts[index] = Number(verifySet(unpack(packed, index)));
  parentPort?.postMessage(verdicts, [verdicts.buffer]);
});
