import { existsSync } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeFolder } from "../../../src/util/make-folder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ccoin-folder-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("makes what is missing, with its mode, and names the topmost folder that it made", async () => {
  const path = join(folder, "a/b/c");
  expect(await makeFolder(path, 0o700)).toBe(join(folder, "a"));
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  expect(await makeFolder(path, 0o700)).toBeUndefined();
});

it("makes a folder for several callers at once", async () => {
  const path = join(folder, "a/b");
  await Promise.all([makeFolder(path, 0o700), makeFolder(path, 0o700), makeFolder(path, 0o700)]);
  expect(existsSync(path)).toBe(true);
});

it("makes no folder below a file", async () => {
  await writeFile(join(folder, "file"), "");
  await expect(makeFolder(join(folder, "file/a/b"), 0o700)).rejects.toMatchObject({ code: "ENOTDIR" });
});

it.runIf(existsSync("/proc/self"))("makes no folder where the file system takes none", async () => {
  await expect(makeFolder("/proc/ccoin/a", 0o700)).rejects.toMatchObject({ code: "ENOENT" });
});
