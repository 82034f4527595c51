import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadAdminToken, readAdminToken } from "../../../src/accounts/admin-token.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ccoin-admin-"));
  path = join(folder, "node-1", "admin-token");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("makes the token once, for its owner only", async () => {
  await expect(readAdminToken(path)).rejects.toMatchObject({ code: "NO_ADMIN_TOKEN" });
  const [token, other] = await Promise.all([loadAdminToken(path), loadAdminToken(path)]);
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(other).toBe(token);
  expect(await loadAdminToken(path)).toBe(token);
  expect(await readAdminToken(path)).toBe(token);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, "utf8")).toBe(`${token}\n`);
});

test.each(["", "short\n", "with spaces in the middle of it\n"])("refuses %j", async (text) => {
  await loadAdminToken(path);
  writeFileSync(path, text);
  await expect(loadAdminToken(path)).rejects.toMatchObject({ code: "ADMIN_TOKEN" });
  await expect(readAdminToken(path)).rejects.toMatchObject({ code: "ADMIN_TOKEN" });
});

test("takes 16 to 1024 printable characters, and says what a file holds instead", async () => {
  await loadAdminToken(path);
  for (const token of ["x".repeat(16), "~".repeat(1024)]) {
    writeFileSync(path, `\n${token}\n`);
    expect([await loadAdminToken(path), await readAdminToken(path)]).toEqual([token, token]);
  }
  for (const text of ["x".repeat(15), "x".repeat(1025), `a ${"x".repeat(16)}`, `${"x".repeat(16)} z`]) {
    writeFileSync(path, text);
    for (const read of [loadAdminToken, readAdminToken])
      await expect(read(path)).rejects.toThrow(/^\S+ does not hold a token/);
  }
});

test("names the file that it cannot read or write", async () => {
  mkdirSync(path, { recursive: true });
  for (const read of [loadAdminToken, readAdminToken])
    await expect(read(path)).rejects.toMatchObject({
      code: "ADMIN_TOKEN",
      message: expect.stringContaining(`cannot use ${path}`),
    });
  writeFileSync(join(folder, "file"), "");
  const inFile = join(folder, "file", "node-1", "admin-token");
  // No folder can be made in the second one.
  for (const file of [inFile, "/proc/no-such/admin-token"])
    await expect(loadAdminToken(file)).rejects.toMatchObject({ code: "ADMIN_TOKEN" });
});

test("tells a client that there is none, and where it is made", async () => {
  await expect(readAdminToken(path)).rejects.toMatchObject({
    code: "NO_ADMIN_TOKEN",
    message: expect.stringContaining(path),
  });
});
