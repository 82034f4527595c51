import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Verify } from "../crypto/ed25519.ts";
import type { Database, Write } from "../storage/database.ts";

const verifyBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
/** A synced write takes 0.1 ms on a fast disk, 10 ms and more on a rotating one. */
const commitBuckets = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
];

/** Metrics of signatures and the database, on which the node spends most of its time. */
export class WorkMetrics {
  readonly #waiting: Gauge;
  readonly #verified: Counter<"result">;
  readonly #verifySeconds: Histogram;
  readonly #commitSeconds: Histogram;
  readonly #writes: Counter;
  readonly #writtenBytes: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#waiting = new Gauge({
      name: "ccoin_verify_queue_signatures",
      help: "Signatures that are being checked or wait for it",
      registers,
    });
    this.#verified = new Counter({
      name: "ccoin_verify_signatures_total",
      help: "Signatures that were checked, or found right by another check before their turn",
      labelNames: ["result"],
      registers,
    });
    this.#verifySeconds = new Histogram({
      name: "ccoin_verify_seconds",
      help: "From asking for some signatures to be checked until all are",
      buckets: verifyBuckets,
      registers,
    });
    this.#commitSeconds = new Histogram({
      name: "ccoin_database_commit_seconds",
      help: "From asking for some writes until they are on disk, synced",
      buckets: commitBuckets,
      registers,
    });
    this.#writes = new Counter({
      name: "ccoin_database_writes_total",
      help: "Entries written or deleted",
      registers,
    });
    this.#writtenBytes = new Counter({
      name: "ccoin_database_written_bytes_total",
      help: "Keys and values that were written, before the database's own work on them",
      registers,
    });
  }

  /** The same function, measured. */
  verify(verify: Verify): Verify {
    return async (sets, order, isRight) => {
      const end = this.#verifySeconds.startTimer();
      this.#waiting.inc(sets.length);
      try {
        const verdicts = await verify(sets, order, isRight);
        const valid = verdicts.reduce((count, isValid) => count + Number(isValid), 0);
        this.#verified.inc({ result: "valid" }, valid);
        this.#verified.inc({ result: "invalid" }, sets.length - valid);
        return verdicts;
      } finally {
        this.#waiting.dec(sets.length);
        end();
      }
    };
  }

  /** The same database, measured. */
  database(database: Database): Database {
    return {
      get: (key) => database.get(key),
      getMany: (keys) => database.getMany(keys),
      iterate: (range) => database.iterate(range),
      close: () => database.close(),
      commit: async (writes) => {
        const end = this.#commitSeconds.startTimer();
        this.#writes.inc(writes.length);
        this.#writtenBytes.inc(writes.reduce((sum, write) => sum + sizeOf(write), 0));
        await database.commit(writes);
        end();
      },
    };
  }
}

function sizeOf({ key, value }: Write): number {
  return key.length + (value?.length ?? 0);
}
