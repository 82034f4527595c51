import { spawn } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { StreamOutput } from "../../../src/util/log-output.ts";

const kibibyte = 1024;
const lostLines = (lines: number, reason: string) => `lost ${lines}: ${reason}\n`;

/** A reader that takes `room` bytes, then none, or fails. */
class Reader {
  text = "";
  room = Number.POSITIVE_INFINITY;
  failure: string | undefined;

  write(bytes: Uint8Array): number {
    if (this.failure) throw Object.assign(new Error("cannot write"), { code: this.failure });
    if (this.room === 0) throw Object.assign(new Error("try again"), { code: "EAGAIN" });
    const taken = bytes.subarray(0, this.room);
    this.room -= taken.length;
    this.text += Buffer.from(taken).toString();
    return taken.length;
  }
}

describe("StreamOutput", () => {
  let reader: Reader;
  let output: StreamOutput;

  beforeEach(() => {
    vi.useFakeTimers();
    reader = new Reader();
    output = new StreamOutput((bytes) => reader.write(bytes), lostLines);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("writes each line at once while the reader takes it", () => {
    output.write("one\n");
    output.write("two\n");
    expect(reader.text).toBe("one\ntwo\n");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps lines for a reader that has paused, in the middle of one too", () => {
    reader.room = 6;
    for (const line of ["one\n", "two\n", "three\n"]) output.write(line);
    expect(reader.text).toBe("one\ntw");
    reader.room = Number.POSITIVE_INFINITY;
    vi.advanceTimersByTime(1_000);
    expect(reader.text).toBe("one\ntwo\nthree\n");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("drops what is more than 1 MiB, and says how many lines when the reader goes on", () => {
    reader.room = 0;
    const line = `${"x".repeat(kibibyte - 1)}\n`;
    for (let i = 0; i < 1_034; i++) output.write(line);
    reader.room = Number.POSITIVE_INFINITY;
    vi.advanceTimersByTime(1_000);
    expect(reader.text).toBe(`${line.repeat(1_024)}lost 10: the reader of the log has paused\n`);
    output.write("next\n");
    expect(reader.text.endsWith("paused\nnext\n")).toBe(true);
  });

  it("drops lines that cannot be written, and says how many and why in front of the next one that can", () => {
    reader.failure = "ENOSPC";
    for (let i = 0; i < 3; i++) output.write("lost\n");
    expect(reader.text).toBe("");
    reader.failure = undefined;
    output.write("next\n");
    expect(reader.text).toBe("lost 3: ENOSPC\nnext\n");
    output.write("last\n");
    expect(reader.text).toBe("lost 3: ENOSPC\nnext\nlast\n");
  });

  it("begins a new line after one that was written in part", () => {
    reader.room = 2;
    output.write("cut off\n");
    reader.failure = "ENOSPC";
    vi.advanceTimersByTime(1_000);
    reader.failure = undefined;
    reader.room = Number.POSITIVE_INFINITY;
    output.write("next\n");
    expect(reader.text).toBe("cu\nlost 1: ENOSPC\nnext\n");
  });
});

describe("standardErrorOutput", () => {
  it.each([
    ["a socket", `exec "$0" "$@"`],
    ["a pipe", `"$0" "$@" 2>&1 >&3 | cat >&2`],
  ])("does not wait for the reader of %s that has paused, and counts what is lost", async (_, command) => {
    const module = new URL("../../../src/util/log-output.ts", import.meta.url).href;
    const source = `
      import { standardErrorOutput } from ${JSON.stringify(module)};
      const output = standardErrorOutput((lines) => "lost " + lines + "\\n");
      for (let i = 0; i < 4096; i++) output.write("x".repeat(1023) + "\\n");
      process.stdout.write("done\\n");
      setInterval(() => {}, 1000);`;
    const shell = `exec 3>&1; ${command}`;
    const child = spawn("/bin/sh", ["-c", shell, process.execPath, "--input-type=module", "-e", source], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    onTestFinished(() => {
      process.kill(-child.pid!, "SIGKILL");
    });
    let text = "";
    let done = "";
    child.stdout.on("data", (data) => {
      done += data;
    });
    await expect.poll(() => done, { timeout: 10_000 }).toBe("done\n");
    child.stderr.on("data", (data) => {
      text += data;
    });
    await expect.poll(() => text, { timeout: 10_000 }).toMatch(/\nlost \d+\n$/);
    const written = text.split("\n").filter((line) => line.startsWith("x")).length;
    expect(written + Number(text.match(/lost (\d+)/)![1])).toBe(4096);
  });
});
