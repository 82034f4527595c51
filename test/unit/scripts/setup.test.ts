import { execFileSync } from "node:child_process";
import { chmod, copyFile, mkdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isPageFresh } from "../../../scripts/page-is-fresh.mjs";
import { temporaryFolder } from "../support/database.ts";

const scripts = fileURLToPath(new URL("../../../scripts", import.meta.url));
/** Source that stands for scripts/make-page.ts. */
const makePage = `import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
mkdirSync("build", { recursive: true });
writeFileSync("build/explorer.json", "{}");
appendFileSync("called", "page");
`;

/**
 * Makes a project without packages. `setup` returns the calls of its npm, and `page` the places where it built the
 * page.
 */
async function project() {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "scripts"));
  for (const name of ["setup.mjs", "page-is-fresh.mjs"])
    await copyFile(join(scripts, name), join(folder, "scripts", name));
  await writeFile(join(folder, "scripts/make-page.ts"), makePage);
  await mkdir(join(folder, "src/explorer/pages"), { recursive: true });
  await writeFile(join(folder, "src/explorer/pages/blocks.tsx"), "");
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
  expect(setup()).toMatch(/^ci .*\npage$/);
  expect(setup()).toBe("");
  const later = new Date(Date.now() + 60_000);
  await utimes(join(folder, "package-lock.json"), later, later);
  expect(setup()).toMatch(/^ci /);
});

test("leaves the packages of another folder alone", async () => {
  const { folder, setup } = await project();
  await mkdir(join(folder, "others"));
  await symlink("others", join(folder, "node_modules"));
  expect(setup()).toBe("page");
});

test("a page is fresh until one of its sources is younger, or gone", async () => {
  const { folder } = await project();
  const page = join(folder, "build/explorer.json");
  const source = join(folder, "src/explorer/pages/blocks.tsx");
  expect(isPageFresh(folder)).toBe(false);
  await mkdir(join(folder, "build"));
  await writeFile(page, "{}");
  const [past, future] = [new Date(1), new Date(Date.now() + 60_000)];
  await utimes(page, future, future);
  expect(isPageFresh(folder)).toBe(true);
  await utimes(source, new Date(future.getTime() + 1), new Date(future.getTime() + 1));
  expect(isPageFresh(folder)).toBe(false);
  await utimes(source, past, past);
  expect(isPageFresh(folder)).toBe(true);
  await utimes(page, past, past);
  await rm(source);
  expect(isPageFresh(folder)).toBe(false);
});

test("continues if the page cannot be built", async () => {
  const { folder, setup } = await project();
  await writeFile(join(folder, "scripts/make-page.ts"), "throw new Error('no esbuild')");
  expect(setup()).toMatch(/^ci /);
});
