import { readFileSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { verifySet } from "./ed25519.ts";
import { packedBytes, unpack, type VerifyRequest } from "./verify-messages.ts";

/** Added to the nice value of the process. */
const niceness = 5;

// When all cores are busy, a flood of signatures takes time from other signatures, and not from the main threads of the
// nodes on this machine, which make blocks and answer requests. Only Linux has priorities of single threads.
try {
  const [threadId] = readFileSync("/proc/thread-self/stat", "utf8").split(" ");
  setPriority(Number(threadId), Math.min(getPriority() + niceness, constants.priority.PRIORITY_LOW));
} catch {
  // The thread works at the priority of the process.
}

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
