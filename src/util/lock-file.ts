import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf, UserError } from "./errors.ts";

/** Contents of a lock file: its holder. `start` and `boot` tell a process from a later one with the same pid. */
interface Holder {
  pid: number;
  /** Start of the process in clock ticks since boot (proc(5), field 22 of stat), "" where there is no /proc. */
  start: string;
  /** Id of the boot, "" where there is none. */
  boot: string;
  what: string;
  /** Random, so that a holder knows its own file. */
  token: string;
}

/** A take-over is a few file operations: one that lasts longer belongs to a process that hangs. */
const takeOverTimeoutMs = 2_000;

/**
 * Holds `path` for this process until the returned function is called. What a dead process left (kill -9, power loss) is
 * taken over, by one process only. `what` names the holder to others, such as "node 2".
 * The database has a lock too, but LevelDB's is lost when its own process opens the folder again.
 * @throws {UserError} `IN_USE` naming the other process and the folder.
 */
export function acquireLock(path: string, what: string): () => void {
  const own: Holder = { ...identify(process.pid), what, token: randomBytes(16).toString("hex") };
  const holder = tryAcquire(path, own);
  if (holder) {
    const who =
      holder.pid === process.pid ? "this process already" : `process ${holder.pid} (${holder.what})`;
    throw new UserError(
      `the folder ${dirname(path)} is in use by ${who}: stop it first, or use another folder`,
      "IN_USE",
    );
  }
  return () => {
    if (readHolder(path)?.token === own.token) rmSync(path, { force: true });
  };
}

/** Returns the living holder, or nothing when `own` has the lock now. */
function tryAcquire(path: string, own: Holder): Holder | undefined {
  const deadline = Date.now() + takeOverTimeoutMs;
  for (;;) {
    if (create(path, own)) return undefined;
    const holder = readHolder(path);
    if (holder === undefined) continue; // released between the two calls
    if (holder && isAlive(holder)) return holder;
    // A second lock is held while a dead holder's file is replaced, so that nobody removes a living one's.
    const guard = `${path}.take-over`;
    const busy = tryAcquire(guard, own);
    if (!busy) {
      try {
        const current = readHolder(path);
        if (current === null || (current && !isAlive(current))) {
          replace(path, own);
          return undefined;
        }
      } finally {
        rmSync(guard, { force: true });
      }
    } else if (Date.now() > deadline) {
      return busy;
    } else {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

/** Makes the file with its contents in one step: false if it exists. */
function create(path: string, own: Holder): boolean {
  const temporary = writeTemporary(path, own);
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new UserError(`cannot lock ${path}: ${messageOf(error)}`, "IN_USE", { cause: error });
  } finally {
    rmSync(temporary, { force: true });
  }
}

function replace(path: string, own: Holder): void {
  renameSync(writeTemporary(path, own), path);
}

function writeTemporary(path: string, own: Holder): string {
  const temporary = `${path}.${own.pid}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(own)}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    throw new UserError(`cannot lock ${path}: ${messageOf(error)}`, "IN_USE", { cause: error });
  }
  return temporary;
}

/** `undefined`: no file. `null`: not a complete lock; since files appear complete, a power loss left it. */
function readHolder(path: string): Holder | null | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new UserError(`cannot read the lock ${path}: ${messageOf(error)}`, "IN_USE", { cause: error });
  }
  try {
    const holder = JSON.parse(text) as Holder | null;
    return typeof holder?.pid === "number" && holder.pid > 0 ? holder : null;
  } catch {
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const now = identify(holder.pid);
  // Without /proc, or where it hides others' processes, the pid alone decides: rather refuse than let two in.
  if (now.start === "") return true;
  return now.boot === holder.boot && now.start === holder.start;
}

/** An ended process that its parent has not collected (state Z or X) has `start` "ended". */
function identify(pid: number): Pick<Holder, "pid" | "start" | "boot"> {
  const stat = readProc(`/proc/${pid}/stat`);
  // The second field is the command in parentheses, which may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ended = fields[0] === "Z" || fields[0] === "X";
  return {
    pid,
    start: ended ? "ended" : (fields[19] ?? ""),
    boot: readProc("/proc/sys/kernel/random/boot_id"),
  };
}

function readProc(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}
