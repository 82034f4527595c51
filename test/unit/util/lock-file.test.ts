import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { acquireLock } from "../../../src/util/lock-file.ts";

const module = new URL("../../../src/util/lock-file.ts", import.meta.url).href;
const hasProc = existsSync("/proc/self/stat");
const pidNamespace = ["--pid", "--fork", "--kill-child", "--mount-proc"];
const canUnshare = spawnSync("unshare", [...pidNamespace, "flock", "--version"]).status === 0;

let folder: string;
let path: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ccoin-lock-"));
  path = join(folder, "lock");
});

afterEach(async () => {
  for (const child of children.splice(0))
    if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "exit");
  rmSync(folder, { recursive: true });
});

/** Starts a process that runs `body` with `acquireLock` and `path`; resolves with its first line of output. */
async function inChild(body: string): Promise<{ child: ChildProcess; line: string }> {
  const code = `import { acquireLock } from ${JSON.stringify(module)}; const path = ${JSON.stringify(path)}; ${body}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [data] = (await once(child.stdout!, "data")) as [Buffer];
  return { child, line: data.toString().trim() };
}

function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

const hold = 'acquireLock(path, "other"); console.log("held"); setInterval(() => {}, 1000);';

describe("acquireLock", () => {
  it("refuses while another process holds it, naming it and the folder", async () => {
    const { child } = await inChild(hold);
    expect(() => acquireLock(path, "this")).toThrow(
      expect.objectContaining({
        code: "IN_USE",
        message: `the folder ${folder} is in use by process ${child.pid} (other): stop it first, or use another folder`,
      }),
    );
  });

  it("takes over after kill -9 of the holder", async () => {
    const { child } = await inChild(hold);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(existsSync(path)).toBe(true);
    acquireLock(path, "this")();
  });

  it("refuses a second time in the same process, and allows it after release", () => {
    const release = acquireLock(path, "this");
    expect(() => acquireLock(path, "again")).toThrow(/this process already/);
    release();
    acquireLock(path, "again")();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("releases only its own", () => {
    const first = acquireLock(path, "first");
    first();
    const second = acquireLock(path, "second");
    first();
    expect(() => acquireLock(path, "third")).toThrow(/in use/);
    second();
  });

  it.runIf(hasProc)("takes over from a process whose pid another one has now", () => {
    const release = acquireLock(path, "this");
    const holder = JSON.parse(readFileSync(path, "utf8"));
    release();
    // The same pid with an earlier start is a reused pid.
    writeFileSync(path, JSON.stringify({ ...holder, start: "1" }));
    acquireLock(path, "this")();
    // The same pid and start in another boot belong to another process.
    writeFileSync(path, JSON.stringify({ ...holder, boot: "another" }));
    acquireLock(path, "this")();
    // An unchanged record names this process.
    writeFileSync(path, JSON.stringify(holder));
    expect(() => acquireLock(path, "this")).toThrow(/in use/);
  });

  it.runIf(hasProc)("takes over from a process that ended and was not collected", async () => {
    // The shell's child writes the lock and ends; the shell, now sleep, never waits for it.
    const script = `"$0" --input-type=module -e 'import { acquireLock } from "${module}"; acquireLock("${path}", "zombie"); console.log(process.pid);' & exec sleep 60`;
    const shell = spawn("sh", ["-c", script, process.execPath], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(shell);
    const [data] = (await once(shell.stdout!, "data")) as [Buffer];
    const pid = Number(data.toString());
    await expect.poll(() => readFileSync(`/proc/${pid}/stat`, "utf8")).toMatch(/\) Z /);
    acquireLock(path, "this")();
  });

  it.each(["", "\0\0\0\0", "{", "null", "{}", '{"pid":-1}'])(
    "takes over what a power loss left: %j",
    (text) => {
      writeFileSync(path, text);
      acquireLock(path, "this")();
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it.runIf(canUnshare)(
    "refuses while a process in another pid namespace holds it, and not after that",
    async () => {
      const body = `import { acquireLock } from ${JSON.stringify(module)}; acquireLock(${JSON.stringify(path)}, "node in a container"); console.log("held"); setInterval(() => {}, 1000);`;
      const container = spawn(
        "unshare",
        [...pidNamespace, process.execPath, "--input-type=module", "-e", body],
        {
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      children.push(container);
      await once(container.stdout!, "data");
      // To the outside, the pid in the lock belongs to another process.
      expect(JSON.parse(readFileSync(path, "utf8")).pid).toBe(1);
      expect(() => acquireLock(path, "this")).toThrow(/in use by process 1 \(node in a container\)/);
      container.kill("SIGKILL");
      await once(container, "exit");
      await expect.poll(() => attempt(() => acquireLock(path, "this")())).toBe(true);
    },
  );

  it("lets one of several processes take over a dead one's", async () => {
    writeFileSync(path, JSON.stringify({ pid: 2 ** 30, start: "1", boot: "", what: "dead", token: "x" }));
    const compete = `
      let held = false;
      try { acquireLock(path, "competitor"); held = true; } catch {}
      console.log(held ? "held" : "refused");
      setInterval(() => {}, 1000);`;
    const results = await Promise.all(Array.from({ length: 4 }, () => inChild(compete)));
    expect(results.map(({ line }) => line).sort()).toEqual(["held", "refused", "refused", "refused"]);
  });

  it("goes on after a process that died while it took over", () => {
    const dead = JSON.stringify({ pid: 2 ** 30, start: "1", boot: "", what: "dead", token: "x" });
    writeFileSync(path, dead);
    writeFileSync(`${path}.take-over`, dead);
    acquireLock(path, "this")();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("says where the folder cannot be written", () => {
    expect(() => acquireLock(join(folder, "missing", "lock"), "this")).toThrow(/cannot lock .*missing/);
  });
});
