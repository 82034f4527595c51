import { parentPort } from "node:worker_threads";
import { packedBytes, unpack, type VerifyRequest } from "./verify-messages.ts";
import { verifyNative, verifyZip215 } from "./zip215.ts";

/**
 * A thread of `VerifyPool`: answers each request with one verdict a signature, in the order of the requests. One that it cannot
 * answer ends it, since nobody handles the rejection.
 */
let answered: Promise<void> = Promise.resolve();
parentPort?.on("message", (request: VerifyRequest) => {
  answered = answered.then(() => answer(request));
});

async function answer({ packed, native }: VerifyRequest): Promise<void> {
  const verdicts = new Uint8Array(packed.length / packedBytes);
  for (let index = 0; index < verdicts.length; index++) {
    const set = unpack(packed, index);
    verdicts[index] = native ? verifyNative(set) : Number(await verifyZip215(set));
  }
  parentPort?.postMessage(verdicts, [verdicts.buffer]);
}
