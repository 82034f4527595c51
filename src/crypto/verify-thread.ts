import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { VerifyRequest } from "./verify-messages.ts";

/** A thread that answers requests one after the other. */
export interface VerifyThread {
  /** Transfers the request's memory to the thread. */
  post(request: VerifyRequest): void;
  /** While `busy`, the thread keeps the process alive. */
  hold(busy: boolean): void;
  end(): Promise<unknown>;
}

/** `onEnd` is called when the thread has ended, whoever has ended it. */
export type StartVerifyThread = (
  onAnswer: (verdicts: Uint8Array) => void,
  onEnd: (error: unknown) => void,
) => VerifyThread;

/** The thread needs memory only for numbers and libsodium. */
const resourceLimits = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 };

export const startVerifyThread: StartVerifyThread = (onAnswer, onEnd) => {
  const file = new URL(`./verify-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, { resourceLimits });
  let reason: unknown = "it exited";
  worker.on("message", onAnswer);
  worker.on("error", (error) => {
    reason = error;
  });
  worker.on("exit", () => onEnd(reason));
  return {
    post: (request) => worker.postMessage(request, [request.packed.buffer]),
    hold: (busy) => (busy ? worker.ref() : worker.unref()),
    end: () => worker.terminate(),
  };
};
