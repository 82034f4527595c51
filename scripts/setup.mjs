/**
 * Installs the packages where they are missing or older than package-lock.json, and makes the page that nodes serve
 * where it is missing or older than its sources; prints nothing if everything is up to date. Plain JavaScript without
 * packages: it runs before there are any, on Node.js >= 20; the packages bring the Node.js that runs the project.
 */
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, statSync, utimesSync } from "node:fs";
import { delimiter, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isPageFresh } from "./page-is-fresh.mjs";

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
/** npm writes this file last. */
const installed = "node_modules/.package-lock.json";
const [major, minor] = process.versions.node.split(".").map(Number);

if (major < 20)
  fail(`Node.js ${process.version} is too old to install the packages: install >= 20 (https://nodejs.org)`);
if (!isInstalled()) install();
if (!isPageFresh(".")) makePage();

function isInstalled() {
  // node_modules is a link: npm ci would empty the folder it points to.
  if (lstatSync("node_modules", { throwIfNoEntry: false })?.isSymbolicLink()) return true;
  if (!existsSync(installed)) return false;
  if (statSync("package-lock.json").mtimeMs > statSync(installed).mtimeMs) return false;
  return existsSync("node_modules/.bin/node") || major > 22 || (major === 22 && minor >= 18);
}

function install() {
  console.error("installing packages…");
  const { status, stdout, stderr } = spawnSync("npm ci --no-audit --no-fund --loglevel=error", {
    shell: true,
    encoding: "utf8",
  });
  if (status !== 0) fail(`npm ci failed:\n${stdout}${stderr}`);
  utimesSync(installed, new Date(), new Date());
}

/** A node works without its page too. */
function makePage() {
  const env = { ...process.env, PATH: `${resolve("node_modules/.bin")}${delimiter}${process.env.PATH}` };
  const { status, stderr } = spawnSync("node scripts/make-page.ts", { shell: true, encoding: "utf8", env });
  if (status !== 0) console.error(`setup: the explorer's page is not made:\n${stderr}`);
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}
