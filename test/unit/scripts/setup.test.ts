import { execFileSync } from "node:child_process";
import { chmod, copyFile, mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/database.ts";

const script = fileURLToPath(new URL("../../../scripts/setup.mjs", import.meta.url));

/** A project without packages; `setup` resolves to what its npm was called with. */
async function project() {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "scripts"));
  await copyFile(script, join(folder, "scripts/setup.mjs"));
  await writeFile(join(folder, "package-lock.json"), "{}");
  await mkdir(join(folder, "bin"));
  const npm =
    '#!/bin/sh\necho "$@" >called\nmkdir -p node_modules/.bin\ntouch node_modules/.package-lock.json node_modules/.bin/node\n';
  await writeFile(join(folder, "bin/npm"), npm);
  await chmod(join(folder, "bin/npm"), 0o755);
  const setup = () => {
    const env = { PATH: `${join(folder, "bin")}:${process.env["PATH"]}` };
    execFileSync(process.execPath, [join(folder, "scripts/setup.mjs")], { env, stdio: "pipe" });
    return execFileSync("sh", ["-c", "cat called 2>/dev/null; rm -f called"], { cwd: folder }).toString();
  };
  return { folder, setup };
}

test("installs what is missing or older than the lock file, once", async () => {
  const { folder, setup } = await project();
  expect(setup()).toMatch(/^ci /);
  expect(setup()).toBe("");
  const later = new Date(Date.now() + 60_000);
  await utimes(join(folder, "package-lock.json"), later, later);
  expect(setup()).toMatch(/^ci /);
});

test("leaves the packages of another folder alone", async () => {
  const { folder, setup } = await project();
  await mkdir(join(folder, "others"));
  await symlink("others", join(folder, "node_modules"));
  expect(setup()).toBe("");
});
