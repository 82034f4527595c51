import { mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { LogFile } from "../../../src/util/log-file.ts";

const lostLines = (lines: number, reason: string) => `lost ${lines}: ${reason}\n`;

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "ccoin-log-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe("LogFile", () => {
  it("appends to what is there, and has written all when it is closed", async () => {
    const path = join(await temporaryFolder(), "ccoin.log");
    await writeFile(path, "before\n");
    const file = await LogFile.open(path, lostLines);
    file.write("one\n");
    file.write("two\n");
    await file.close();
    expect(await readFile(path, "utf8")).toBe("before\none\ntwo\n");
  });

  it("rotates at 10 MB and keeps five old files", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "ccoin.log");
    const line = `${"x".repeat(2 ** 20 - 1)}\n`;
    for (let written = 0; written < 71; written++) {
      const file = await LogFile.open(path, lostLines);
      file.write(line);
      await file.close();
    }
    const names = ["ccoin.log", ...[1, 2, 3, 4, 5].map((index) => `ccoin.log.${index}`)];
    expect((await readdir(folder)).sort()).toEqual(names);
    expect((await readFile(path)).length).toBe(line.length);
  });

  it("goes on in a new file when another program has renamed it and asks to reopen", async () => {
    const path = join(await temporaryFolder(), "ccoin.log");
    const file = await LogFile.open(path, lostLines);
    file.write("one\n");
    await expect.poll(() => readFile(path, "utf8")).toBe("one\n");
    await rename(path, `${path}.old`);
    file.reopen();
    file.write("two\n");
    await file.close();
    expect(await readFile(`${path}.old`, "utf8")).toBe("one\n");
    expect(await readFile(path, "utf8")).toBe("two\n");
  });

  it("refuses a path that it cannot write to", async () => {
    await expect(LogFile.open(await temporaryFolder(), lostLines)).rejects.toThrow("not a file");
    await expect(LogFile.open("/dev/null/ccoin.log", lostLines)).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  it("drops lines that the disk has no room for, and counts them once it has", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let text = "";
    let isFull = false;
    const open = () => {
      const stream = new Writable({
        write(chunk, _encoding, callback) {
          if (isFull) return callback(Object.assign(new Error("no space left"), { code: "ENOSPC" }));
          text += chunk;
          callback();
        },
      });
      queueMicrotask(() => stream.emit("open"));
      return stream;
    };
    const file = await LogFile.open("unused", lostLines, open);
    file.write("one\n");
    isFull = true;
    file.write("lost\n");
    await vi.advanceTimersByTimeAsync(10);
    file.write("lost, as it is too soon to try again\n");
    isFull = false;
    await vi.advanceTimersByTimeAsync(1_000);
    file.write("next\n");
    await file.close();
    expect(text).toBe("one\nlost 2: ENOSPC\nnext\n");
  });

  it("drops lines while more than 1 MiB waits for the disk", async () => {
    const held: (() => void)[] = [];
    let text = "";
    const open = () => {
      const stream = new Writable({
        write(chunk, _encoding, callback) {
          text += chunk;
          held.push(callback);
        },
      });
      queueMicrotask(() => stream.emit("open"));
      return stream;
    };
    const file = await LogFile.open("unused", lostLines, open);
    const line = `${"x".repeat(2 ** 19 - 1)}\n`;
    for (let i = 0; i < 5; i++) file.write(line);
    while (held.length > 0) {
      held.shift()!();
      await new Promise(setImmediate);
    }
    file.write("next\n");
    held.shift()!();
    await new Promise(setImmediate);
    held.shift()!();
    expect(text).toBe(`${line.repeat(2)}lost 3: the disk is slower than the log\nnext\n`);
  });
});
