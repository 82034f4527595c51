import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Limit } from "../figure.ts";
import { mean } from "./statistics.ts";
import type { Usage } from "./usage.ts";

const workerFile = new URL("./verify-worker.ts", import.meta.url);
const threads = 2;
const forMs = 700;

/** Ed25519 signatures that threads verify with libsodium and nothing else to do. */
export interface VerifyRate {
  perSecond: number;
  /** CPU time of one, which others on the machine do not change. */
  cpuMs: number;
}

/** All threads together. */
export async function verifyRate(): Promise<VerifyRate> {
  const workers = Array.from({ length: threads }, () => new Worker(workerFile, { workerData: { forMs } }));
  try {
    await Promise.all(workers.map((worker) => once(worker, "message")));
    const answers = workers.map((worker) => once(worker, "message") as Promise<[VerifyRate]>);
    for (const worker of workers) worker.postMessage("start");
    const rates = (await Promise.all(answers)).map(([rate]) => rate);
    return {
      perSecond: rates.reduce((sum, { perSecond }) => sum + perSecond, 0),
      cpuMs: mean(rates.map(({ cpuMs }) => cpuMs)),
    };
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Measures the limit of two threads just before and just after `measure`: on a busy machine it moves. */
export async function withVerifyLimit<T>(
  measure: () => Promise<T>,
): Promise<{ result: T; limit: Limit; verifyCpuMs: number }> {
  const before = await verifyRate();
  const result = await measure();
  const after = await verifyRate();
  return {
    result,
    limit: {
      what: "Ed25519 verifies/s on two threads",
      value: mean([before.perSecond, after.perSecond]),
    },
    verifyCpuMs: mean([before.cpuMs, after.cpuMs]),
  };
}

/**
 * How much of the CPU time, that for the load included, is bare verification. Where nothing but CPU holds a figure back, this is its
 * ratio to the limit on a machine that does nothing else, and what else runs does not change it.
 */
export function verifyPart(
  verifyCpuMs: number,
  signatures: number,
  { cpuSeconds, loadCpuSeconds }: Pick<Usage, "cpuSeconds" | "loadCpuSeconds">,
): number {
  return (verifyCpuMs * signatures) / ((cpuSeconds + loadCpuSeconds) * 1_000);
}
