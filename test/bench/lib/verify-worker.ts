/** Verifies Ed25519 signatures of 32 bytes for a given time, and reports their number. */
import { parentPort, workerData } from "node:worker_threads";
import { crypto_sign_detached, crypto_sign_verify_detached } from "sodium-native";
import { keyFromSeed } from "./sodium.ts";
import type { VerifyRate } from "./verify-limit.ts";

/** Enough keys to exceed the caches. */
const signatures = 512;

const sets = Array.from({ length: signatures }, (_, index) => {
  const { publicKey, secretKey } = keyFromSeed(
    new Uint8Array(32).fill(index & 0xff, 0, 16).fill(index >> 8, 16),
  );
  const message = new Uint8Array(32).fill(index);
  const signature = new Uint8Array(64);
  crypto_sign_detached(signature, message, secretKey);
  return { publicKey, message, signature };
});

parentPort!.on("message", () => {
  const { forMs } = workerData as { forMs: number };
  const startedAt = performance.now();
  const cpuBefore = process.threadCpuUsage();
  let verified = 0;
  let elapsedMs = 0;
  for (; elapsedMs < forMs; elapsedMs = performance.now() - startedAt) {
    for (let n = 0; n < 32; n++) {
      const { publicKey, message, signature } = sets[verified++ % signatures]!;
      if (!crypto_sign_verify_detached(signature, message, publicKey)) throw new Error("not verified");
    }
  }
  const { user, system } = process.threadCpuUsage(cpuBefore);
  parentPort!.postMessage({
    perSecond: (verified / elapsedMs) * 1_000,
    cpuMs: (user + system) / 1_000 / verified,
  } satisfies VerifyRate);
});
parentPort!.postMessage("ready");
