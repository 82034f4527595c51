import { messageOf } from "../util/errors.ts";
import { endInTime } from "./end-in-time.ts";
import type { RunningNode } from "./node-module.ts";

/** A service manager's patience is longer, a person's is not. */
export const defaultStopTimeoutMs = 4_500;
/** From the time-out to the end of the process at the latest, whatever its main thread does. */
export const killAfterMs = 300;
/** npm passes a terminal's Ctrl-C on to a process that has had it from the terminal already. */
const sameSignalMs = 300;
/** 128 + SIGINT. */
const interruptedCode = 130;

/**
 * Runs a node until it ends or SIGINT or SIGTERM arrives, also while it starts; resolves to the exit code. A second signal
 * ends the process at once with 130. A node that has not closed in time is left to its crash recovery: all that it acknowledged is
 * synced. Where even its event loop has stopped, a thread of its own kills the process soon after. An error that nothing has handled
 * ends the node in the same way, with its stack on standard error. @throws that error, or the one that the node has ended with
 */
export async function runUntilSignal(
  start: () => Promise<RunningNode>,
  stopTimeoutMs = defaultStopTimeoutMs,
): Promise<number> {
  const watch = () => endInTime(stopTimeoutMs + killAfterMs);
  const signal = watchSignals(watch);
  const fault = watchFaults(watch);
  const reason = Promise.race([signal.first, fault.first]);
  const starting = start();
  try {
    const node = await Promise.race([starting, reason.then(() => undefined)]);
    if (node) {
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
  }
}

/** An error that nothing has handled. */
class Fault {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Rejections without a handler come here too. Later faults, as of parts that are being closed, are printed only. */
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
  process.on("uncaughtException", listener);
  return { first: promise, dispose: () => process.off("uncaughtException", listener) };
}

async function stop(starting: Promise<RunningNode>, reason: string): Promise<number> {
  let node: RunningNode;
  try {
    node = await starting;
  } catch {
    // It was to end anyway.
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

/** `onFirst` is called by the handler itself: what waits for the promise may not run any more. */
function watchSignals(onFirst: () => void): { first: Promise<NodeJS.Signals>; dispose(): void } {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let firstAt: number | undefined;
  const listener = (name: NodeJS.Signals) => {
    const now = performance.now();
    if (firstAt !== undefined && now - firstAt > sameSignalMs) process.exit(interruptedCode);
    if (firstAt === undefined) onFirst();
    firstAt ??= now;
    resolve(name);
  };
  const names = ["SIGINT", "SIGTERM"] as const;
  for (const name of names) process.on(name, listener);
  return {
    first: promise,
    dispose: () => {
      for (const name of names) process.off(name, listener);
    },
  };
}
