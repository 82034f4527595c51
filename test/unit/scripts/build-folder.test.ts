import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { finishBuildFolder, prepareBuildFolder } from "../../../scripts/build-folder.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "ccoin-build-"));
});
afterEach(() => rmSync(parent, { recursive: true }));

/** Makes a folder with a key file. */
function folderWith(name: string, ...more: string[]): string {
  const folder = join(parent, "folder");
  mkdirSync(folder);
  for (const each of [name, ...more]) writeFileSync(join(folder, each), "key");
  return folder;
}

it("makes a folder that is not there, and takes an empty one", () => {
  const made = join(parent, "a/b");
  prepareBuildFolder(made, ["src"]);
  expect(existsSync(made)).toBe(true);
  const empty = join(parent, "empty");
  mkdirSync(empty);
  expect(() => prepareBuildFolder(empty, ["src"])).not.toThrow();
});

it("leaves a folder as it is that no build has made, such as a clone with its keys", () => {
  const clone = folderWith("package.json", "account.json");
  expect(() => prepareBuildFolder(clone, ["package.json"])).toThrow("not an earlier build");
  expect(readdirSync(clone).sort()).toEqual(["account.json", "package.json"]);
  symlinkSync(clone, join(parent, "dist"));
  expect(() => prepareBuildFolder(join(parent, "dist"), ["package.json"])).toThrow("not an earlier build");
  expect(readFileSync(join(clone, "account.json"), "utf8")).toBe("key");
});

it("removes what an earlier build has made, finished or not", () => {
  const folder = join(parent, "dist");
  prepareBuildFolder(folder, ["src", "package.json"]);
  mkdirSync(join(folder, "src"));
  writeFileSync(join(folder, "src/old.js"), "");
  mkdirSync(join(folder, "node_modules/.cache"), { recursive: true });
  const marked = readdirSync(folder).filter((name) => name.startsWith("."));
  prepareBuildFolder(folder, ["lib"]);
  expect(readdirSync(folder)).toEqual(marked);
});

it("removes nothing where the folder of an earlier build holds a node's data as well", () => {
  const folder = join(parent, "dist");
  prepareBuildFolder(folder, ["src"]);
  mkdirSync(join(folder, "src"));
  mkdirSync(join(folder, "data/node-1"), { recursive: true });
  expect(() => prepareBuildFolder(folder, ["src"])).toThrow(/holds what no build has made: move data away/);
  expect(existsSync(join(folder, "data/node-1"))).toBe(true);
  expect(existsSync(join(folder, "src"))).toBe(true);
});

it("removes nothing where somebody has added a file below what an earlier build has made", () => {
  const folder = join(parent, "dist");
  prepareBuildFolder(folder, ["docs"]);
  mkdirSync(join(folder, "docs"));
  writeFileSync(join(folder, "docs/client.md"), "");
  finishBuildFolder(folder);
  writeFileSync(join(folder, "docs/notes.md"), "mine");
  expect(() => prepareBuildFolder(folder, ["docs"])).toThrow("move docs/notes.md away first");
  rmSync(join(folder, "docs/notes.md"));
  prepareBuildFolder(folder, ["docs"]);
  expect(existsSync(join(folder, "docs"))).toBe(false);
});

it("refuses a file, and a link that leads nowhere", () => {
  const folder = folderWith("account.json");
  const isNone = /is a file, or a link that leads nowhere: name a folder$/;
  expect(() => prepareBuildFolder(join(folder, "account.json"), ["src"])).toThrow(isNone);
  expect(readFileSync(join(folder, "account.json"), "utf8")).toBe("key");
  symlinkSync(join(parent, "none"), join(parent, "dist"));
  expect(() => prepareBuildFolder(join(parent, "dist"), ["src"])).toThrow(isNone);
});

it.each([
  ["docs/built", "which the build reads: name another folder"],
  ["--help", "name one folder and nothing else: npm run build -- FOLDER"],
])("the build refuses %s and writes nothing", (target, message) => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/build.ts", target], { cwd: root });
  expect([status, stderr.toString()]).toEqual([1, expect.stringMatching(/^error: [^\n]+\n$/)]);
  expect(stderr.toString()).toContain(message);
  expect(existsSync(join(root, target))).toBe(false);
});
