import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { computeDomain, decodeRecords, type TransactionRecord } from "../../../src/types/index.ts";
import { type PresignJob, transferBytes } from "./senders.ts";
import { sszList } from "./ssz-list.ts";

const workerFile = new URL("./presign-worker.ts", import.meta.url);
const threads = 2;

/** Signed transfers in the order in which they are sent. */
export interface Presigned {
  count: number;
  senders: number;
  /** Returns the SSZ encoding of transaction `index`. */
  encoded(index: number): Uint8Array;
}

/** Signs transfers on all cores before the measurement starts. */
export async function presign(genesisId: Uint8Array, senders: number, count: number): Promise<Presigned> {
  const part = Math.ceil(count / threads);
  const parts = await Promise.all(
    Array.from({ length: threads }, async (_, thread) => {
      const first = Math.min(count, thread * part);
      const job: PresignJob = { genesisId, senders, first, end: Math.min(count, first + part) };
      const worker = new Worker(workerFile, { workerData: job });
      const [bytes] = (await once(worker, "message")) as [Uint8Array];
      return bytes;
    }),
  );
  return {
    count,
    senders,
    encoded: (index) => {
      const at = (index % part) * transferBytes;
      return parts[Math.floor(index / part)]!.subarray(at, at + transferBytes);
    },
  };
}

/** Returns the records of transactions `first` to before `end` in the form that a node holds. */
export function recordsOf(
  presigned: Presigned,
  genesisId: Uint8Array,
  first: number,
  end: number,
): TransactionRecord[] {
  const indexes = Array.from({ length: end - first }, (_, n) => first + n);
  return decodeRecords(sszList(indexes.map(presigned.encoded)), computeDomain("transaction", genesisId));
}
