import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
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

test("is made once, for its owner only", async () => {
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
