import { Worker } from "node:worker_threads";

/** The line may be going to a pipe that nobody reads: it gets this long. */
const writeMs = 250;

/**
 * Source of the thread. It loads no module of the project and needs neither the main thread nor the thread pool for its end, since
 * those may be what is stuck.
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
 * Kills the process after this time, also where its event loop does not turn any more; a process that ends earlier ends the watch
 * with it. Without a thread for it, the caller's own timer is what is left.
 */
export function endInTime(afterMs: number): void {
  const line = `the node has not ended ${afterMs} ms after the signal, and is killed: it recovers at its next start\n`;
  try {
    const thread = new Worker(source, {
      eval: true,
      // Options of the process may load modules, or have the source read as something else.
      execArgv: [],
      env: {},
      workerData: { afterMs, writeMs, line },
    });
    thread.on("error", () => undefined);
    thread.unref();
  } catch {
    // The system gives no thread.
  }
}
