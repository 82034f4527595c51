import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readJsonFile } from "../../../src/config/json-file.ts";

async function file(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "ccoin-json-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "a.json");
  await writeFile(path, text);
  return path;
}

it("skips the byte order mark that some editors write", async () => {
  expect(readJsonFile(await file('\uFEFF{ "a": 1 }'), "BAD_FILE", "")).toEqual({ a: 1 });
});

it("says in one line why it cannot be read, and where such a file is from", async () => {
  expect(() => readJsonFile("/nowhere/a.json", "BAD_FILE", "ccoin writes one")).toThrow(
    expect.objectContaining({
      code: "BAD_FILE",
      message: expect.stringMatching(/^cannot read \/nowhere\/a\.json \(ENOENT[^\n]*\): ccoin writes one$/),
    }),
  );
  const path = await file("{\n  1\n}");
  expect(() => readJsonFile(path, "BAD_FILE", "")).toThrow(
    expect.objectContaining({
      code: "BAD_FILE",
      message: expect.stringMatching(/^[^\n]*a\.json is not JSON: [^\n]*$/),
    }),
  );
});
