import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf, messageOf, UserError } from "./errors.ts";

/**
 * The contents of a lock file: its holder. `start` and `boot` distinguish a process from a later one with the same pid.
 */
interface Holder {
  pid: number;
  /** The start of the process in clock ticks since boot (proc(5), field 22 of stat), "" if there is no /proc. */
  start: string;
  /** The id of the boot, "" if there is none. */
  boot: string;
  what: string;
  /** A random value by which a holder recognizes its own file. */
  token: string;
}

/** A take-over takes a few file operations. If one lasts longer, its process hangs. */
const takeOverTimeoutMs = 2_000;
/** The exit code of `flock --nonblock` if another process has the lock. */
const heldByAnother = 1;

/**
 * Holds `path` and its folder for this process until the returned function is called. Exactly one process takes over
 * the lock of a dead process (kill -9, power cut). `what` names the holder to others, such as "node 2". The database
 * has a lock too, but LevelDB loses it when its own process opens the folder again.
 * @throws {UserError} `IN_USE` naming the other process and the folder.
 */
export function acquireLock(path: string, what: string): () => void {
  const own: Holder = { ...identify(process.pid), what, token: randomBytes(16).toString("hex") };
  const folder = lockFolder(dirname(path));
  try {
    const holder = folder === "held" ? (readHolder(path) ?? null) : tryAcquire(path, own);
    if (holder !== undefined) throw inUse(path, holder);
  } catch (error) {
    if (typeof folder === "number") closeSync(folder);
    throw error;
  }
  let isReleased = false;
  return () => {
    if (isReleased) return;
    isReleased = true;
    if (readHolder(path)?.token === own.token) rmSync(path, { force: true });
    if (typeof folder === "number") closeSync(folder);
  };
}

function inUse(path: string, holder: Holder | null): UserError {
  const who =
    holder === null
      ? "another process"
      : holder.pid === process.pid && holder.start === identify(process.pid).start
        ? "this process already"
        : `process ${holder.pid} (${holder.what})`;
  return new UserError(
    `the folder ${dirname(path)} is in use by ${who}: stop it first, or use another folder`,
    "IN_USE",
  );
}

/**
 * Locks the folder by flock(2), which counts between containers too: a pid says nothing to a process of another pid
 * namespace. Node.js has no flock; the program `flock` of util-linux locks the open file that it inherits, and the lock
 * stays with this process until it closes the file or dies. Returns the file descriptor; `unavailable` where there is
 * no such program, or no such lock.
 */
function lockFolder(folder: string): number | "held" | "unavailable" {
  let fd: number;
  try {
    fd = openSync(folder, "r");
  } catch {
    return "unavailable";
  }
  const { status } = spawnSync("flock", ["--nonblock", "3"], { stdio: ["ignore", "ignore", "ignore", fd] });
  if (status === 0) return fd;
  closeSync(fd);
  return status === heldByAnother ? "held" : "unavailable";
}

/** Returns the living holder, or nothing if `own` has the lock now. */
function tryAcquire(path: string, own: Holder): Holder | undefined {
  const deadline = Date.now() + takeOverTimeoutMs;
  for (;;) {
    if (create(path, own)) return undefined;
    const holder = readHolder(path);
    if (holder === undefined) continue; // The lock was released between the two calls.
    if (holder && isAlive(holder)) return holder;
    // A second lock is held while a dead holder's file is replaced, so that nobody removes a living holder's.
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

/** Creates the file with its contents in one step. Returns false if it exists. */
function create(path: string, own: Holder): boolean {
  const temporary = writeTemporary(path, own);
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
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

/** `undefined`: there is no file. `null`: it is no complete lock; since files appear complete, a power cut left it. */
function readHolder(path: string): Holder | null | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
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
    if (codeOf(error) === "ESRCH") return false;
  }
  const now = identify(holder.pid);
  // Without /proc, or if it hides other users' processes, the pid alone decides: it is better to refuse than to let two
  // in.
  if (now.start === "") return true;
  return now.boot === holder.boot && now.start === holder.start;
}

/** An ended process that its parent has not collected (state Z or X) has `start` "ended". */
function identify(pid: number): Pick<Holder, "pid" | "start" | "boot"> {
  const stat = readProc(`/proc/${pid}/stat`);
  // The second field is the command in parentheses, which may itself contain spaces and parentheses.
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
