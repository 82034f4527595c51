import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFile, exists, replaceFile, writeWholeFile } from "../../../src/util/atomic-file.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ccoin-atomic-"));
  file = join(folder, "file");
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Records in order whether a file or a folder is synced from now on. */
async function recordSyncs(): Promise<("file" | "folder")[]> {
  const handle = await open(folder, "r");
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const { sync } = prototype;
  const synced: ("file" | "folder")[] = [];
  vi.spyOn(prototype, "sync").mockImplementation(async function (this: FileHandle) {
    synced.push((await this.stat()).isDirectory() ? "folder" : "file");
    await sync.call(this);
  });
  return synced;
}

describe.each([
  ["createFile", () => createFile(file, "new")],
  ["replaceFile", () => replaceFile(file, "new")],
  ["writeWholeFile", () => writeWholeFile(file, (handle) => handle.writeFile("new"))],
])("%s", (_, write) => {
  it.skipIf(process.platform === "win32")("syncs the file, then the folder that holds its name", async () => {
    const synced = await recordSyncs();
    await write();
    expect(synced).toEqual(["file", "folder"]);
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});

it("createFile leaves a file that is there as it is", async () => {
  writeFileSync(file, "old");
  await expect(createFile(file, "new")).rejects.toMatchObject({ code: "EEXIST" });
  expect(readFileSync(file, "utf8")).toBe("old");
  expect(readdirSync(folder)).toEqual(["file"]);
});

it("replaceFile keeps the old contents, and leaves nothing behind, where writing fails", async () => {
  writeFileSync(file, "old");
  const failing = replaceFile(file, async (handle) => {
    await handle.writeFile("half");
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(readFileSync(file, "utf8")).toBe("old");
  expect(readdirSync(folder)).toEqual(["file"]);
});

it("a file system that cannot sync folders is no failure, but a disk that fails is", async () => {
  const handle = await open(folder, "r");
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  let code = "EINVAL";
  vi.spyOn(prototype, "sync").mockImplementation(async function (this: FileHandle) {
    if ((await this.stat()).isDirectory()) throw Object.assign(new Error(code), { code });
  });
  await replaceFile(file, "new");
  expect(readFileSync(file, "utf8")).toBe("new");
  code = "EIO";
  await expect(replaceFile(file, "newer")).rejects.toMatchObject({ code: "EIO" });
});

it("only the owner can read a file, unless another mode is given", async () => {
  await createFile(file, "key");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await replaceFile(file, "key");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await replaceFile(file, "text", { mode: 0o640 });
  expect(statSync(file).mode & 0o777).toBe(0o640);
});

it("makes the folder of the node's own files, but not one that a person misspelt", async () => {
  await replaceFile(join(folder, "a/b"), "text");
  expect(readFileSync(join(folder, "a/b"), "utf8")).toBe("text");
  await expect(writeWholeFile(join(folder, "c/d"), "text")).rejects.toMatchObject({ code: "CANNOT_WRITE" });
  expect(readdirSync(folder)).toEqual(["a"]);
});

it("a file that nobody can look for is not called missing", async () => {
  expect(await exists(file)).toBe(false);
  writeFileSync(file, "");
  expect(await exists(file)).toBe(true);
  expect(await exists(join(file, "below"))).toBe(false);
  const loop = join(folder, "loop");
  symlinkSync(loop, loop);
  await expect(exists(join(loop, "file"))).rejects.toMatchObject({ code: "CANNOT_READ" });
});
