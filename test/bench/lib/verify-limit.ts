import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Limit } from "../figure.ts";
import { mean } from "./statistics.ts";
import type { Usage } from "./usage.ts";

const workerFile = new URL("./verify-worker.ts", import.meta.url);
const threads = 2;
const forMs = 700;

/** The rate at which threads verify Ed25519 signatures with libsodium without other work. */
export interface VerifyRate {
  perSecond: number;
  /** The CPU time of one signature, which other load on the machine does not change. */
  cpuMs: number;
}

/** Measures the rate of all threads together. */
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

/** Measures the limit of two threads just before and just after `measure`, since it varies on a busy machine. */
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
 * Returns the share of bare verification in the CPU time, including that of the load. If only CPU limits a figure, this
 * is its ratio to the limit on an idle machine, and other load does not change it.
 */
export function verifyPart(
  verifyCpuMs: number,
  signatures: number,
  { cpuSeconds, loadCpuSeconds }: Pick<Usage, "cpuSeconds" | "loadCpuSeconds">,
): number {
  return (verifyCpuMs * signatures) / ((cpuSeconds + loadCpuSeconds) * 1_000);
}
