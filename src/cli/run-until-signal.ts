import { Worker } from "node:worker_threads";
import type { RunningNode } from "../node/index.ts";
import { messageOf } from "../util/errors.ts";

/** Service managers wait longer, people do not. */
export const defaultStopTimeoutMs = 4_500;
/** At most this long after the time-out the process is killed, whatever its main thread does. */
export const killAfterMs = 300;
/** Ctrl-C reaches the whole process group, and npm passes it on again: a repetition this soon is the same signal. */
const sameSignalMs = 300;
/** 128 + SIGINT. */
const interruptedCode = 130;

/**
 * Runs a node until it ends, or until SIGINT, SIGTERM or SIGHUP arrives, even while it starts; resolves to the exit
 * code. A second signal ends the process at once with 130. A node that does not close in time is abandoned and recovers
 * at its next start: all that it acknowledged is synced. If even its event loop has stopped, a separate thread kills
 * the process soon after. An unhandled error closes the node in the same way, with the stack on standard error. With
 * `onHangup`, SIGHUP calls that instead, with the node if it has started.
 * @throws the unhandled error, or the one that ended the node
 */
export async function runUntilSignal(
  start: () => Promise<RunningNode>,
  stopTimeoutMs = defaultStopTimeoutMs,
  onHangup?: (node: RunningNode | undefined) => void,
): Promise<number> {
  let running: RunningNode | undefined;
  const watch = () => endInTime(stopTimeoutMs + killAfterMs);
  // A terminal that was closed, or a pipe without a reader, takes nothing more, which is no fault of the node.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignore);
  const signal = watchSignals(watch, onHangup && (() => onHangup(running)));
  const fault = watchFaults(watch);
  const reason = Promise.race([signal.first, fault.first]);
  const starting = start();
  try {
    const node = await Promise.race([starting, reason.then(() => undefined)]);
    if (node) {
      running = node;
      const ended = await Promise.race([node.exitCode, reason]);
      if (typeof ended === "number") return ended;
    }
    const cause = await reason;
    if (!(cause instanceof Fault))
      return await withDeadline(stop(starting, cause), stopTimeoutMs, node ? 1 : 0);
    await withDeadline(stop(starting, `unhandled error: ${messageOf(cause.error)}`), stopTimeoutMs, 1);
    throw cause.error;
  } finally {
    signal.dispose();
    fault.dispose();
    for (const stream of [process.stdout, process.stderr]) stream.off("error", ignore);
  }
}

function ignore(): void {}

/** An unhandled error. */
class Fault {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Watches unhandled errors and rejections. Later ones, such as those of parts that are closing, are only printed. */
function watchFaults(onFirst: () => void): { first: Promise<Fault>; dispose(): void } {
  const { promise, resolve } = Promise.withResolvers<Fault>();
  let isFirst = true;
  const listener = (error: unknown) => {
    const stack = error instanceof Error ? error.stack : String(error);
    process.stderr.write(`unhandled error${isFirst ? ", the node closes" : ""}: ${stack}\n`);
    if (isFirst) onFirst();
    isFirst = false;
    resolve(new Fault(error));
  };
  // Node.js makes an exception of a rejection, but not with --unhandled-rejections=warn.
  const events = ["uncaughtException", "unhandledRejection"] as const;
  for (const event of events) process.on(event, listener);
  return {
    first: promise,
    dispose: () => {
      for (const event of events) process.off(event, listener);
    },
  };
}

async function stop(starting: Promise<RunningNode>, reason: string): Promise<number> {
  let node: RunningNode;
  try {
    node = await starting;
  } catch {
    // The node was to end anyway.
    return 0;
  }
  await node.stop(reason);
  return 0;
}

function withDeadline(work: Promise<number>, timeoutMs: number, codeWhenLate: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      process.stderr.write(`the node did not close within ${timeoutMs} ms: it recovers at its next start\n`);
      resolve(codeWhenLate);
    }, timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The handler itself calls `onFirst`: code that awaits the promise may never run if the event loop is stuck. */
function watchSignals(
  onFirst: () => void,
  onHangup?: () => void,
): { first: Promise<NodeJS.Signals>; dispose(): void } {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let firstAt: number | undefined;
  const listener = (name: NodeJS.Signals) => {
    const now = performance.now();
    if (firstAt !== undefined && now - firstAt > sameSignalMs) process.exit(interruptedCode);
    if (firstAt === undefined) onFirst();
    firstAt ??= now;
    resolve(name);
  };
  const listeners = { SIGINT: listener, SIGTERM: listener, SIGHUP: onHangup ?? listener };
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of names) process.on(name, listeners[name]);
  return {
    first: promise,
    dispose: () => {
      for (const name of names) process.off(name, listeners[name]);
    },
  };
}

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
function endInTime(afterMs: number): void {
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
