import { availableParallelism } from "node:os";
import type { Verify } from "../crypto/ed25519.ts";
import { VerifyPool } from "../crypto/verify-pool.ts";

/** With more threads the main thread is the limit. */
const maxThreads = 4;
/** Bytes of blocks whose signatures are checked ahead of the other work. */
export const maxCheckedBytes = 2 ** 20;

/** Creates one thread per core. `onThreadEnd`: a thread has died; its work is done again. */
export function createVerifyPool(onThreadEnd?: (error: unknown) => void): VerifyPool {
  const threads = Math.min(availableParallelism(), maxThreads);
  return new VerifyPool({ threads, ...(onThreadEnd && { onThreadEnd }) });
}

/** Creates a pool for a command: the threads end with `work`. */
export async function withVerifyPool<T>(work: (verify: Verify) => Promise<T>): Promise<T> {
  const pool = createVerifyPool();
  try {
    return await work(pool.verify);
  } finally {
    await pool.close();
  }
}
