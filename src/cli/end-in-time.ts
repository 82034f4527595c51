import { Worker } from "node:worker_threads";

/** Time for the last line to be written; standard error may be a pipe that nobody reads. */
const writeMs = 250;

/**
 * Source of the thread. It loads no module of the project and kills the process without the help of the main thread or
 * the thread pool, because those may be stuck.
 */
const source = `
const { workerData: { afterMs, writeMs, line } } = require("node:worker_threads");
const { write } = require("node:fs");
setTimeout(() => {
  const end = () => process.kill(process.pid, "SIGKILL");
  setTimeout(end, writeMs);
  write(2, line, end);
}, afterMs - writeMs);
`;

/**
 * Kills the process after this time, even when its event loop no longer turns. A process that ends earlier ends this
 * thread with it. If the system gives no thread, only the caller's own timer remains.
 */
export function endInTime(afterMs: number): void {
  const line = `the node did not end within ${afterMs} ms of the signal and is killed: it recovers at its next start\n`;
  try {
    const thread = new Worker(source, {
      eval: true,
      // Options of the process could load modules, or make Node read the source as another format.
      execArgv: [],
      env: {},
      workerData: { afterMs, writeMs, line },
    });
    thread.on("error", () => undefined);
    thread.unref();
  } catch {
    // The system gives no thread: the caller's timer must do.
  }
}
