/**
 * Builds the published package in JavaScript, since Node.js strips no types in node_modules, and packs it as
 * ccoin-<version>.tgz beside the folder: the command as a bundle with its packages, which starts faster, and the client
 * as modules, which its users bundle themselves. The project itself runs from its sources.
 * Usage: npm run build [-- FOLDER], by default dist, then npm i -g ./ccoin-<version>.tgz
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { finishBuildFolder, prepareBuildFolder } from "./build-folder.ts";
import { bundleNode, licensesOf, nativePackages } from "./bundle.ts";
import { unlinkMissing } from "./packed-links.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const copied = ["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "docs", "deploy"];
/** The packages that the client imports. */
const clientPackages = ["@noble/ed25519", "@noble/hashes", "@scure/base"];
const licenses = "THIRD-PARTY-LICENSES";
const packed = ["src", "types", "build", licenses, ...copied];

let folder: string;
try {
  folder = folderOf(process.argv.slice(2));
  prepareBuildFolder(folder, [...packed, "package.json"]);
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exit(1);
}
const packages = await bundleNode(root, join(folder, "src/cli"));
writeFileSync(join(folder, licenses), licensesOf(root, packages));
tsc("src/client", "--noEmit", "false", "--rootDir", "src/client", "--outDir", join(folder, "src/client"));
buildClientTypes(join(folder, "types/client"));
execFileSync(process.execPath, [join(root, "scripts/make-page.ts"), join(folder, "build/explorer.json")]);
for (const name of copied) copy(name);
unlinkMissing(folder);
const made = manifest();
writeFileSync(join(folder, "package.json"), `${JSON.stringify(made, null, 2)}\n`);
finishBuildFolder(folder);
const tarball = join(dirname(folder), `ccoin-${made.version}.tgz`);
const replaces = existsSync(tarball);
execFileSync("npm", ["pack", "--silent", folder], {
  cwd: dirname(folder),
  stdio: ["ignore", "ignore", "inherit"],
  // npm is a script on Windows.
  shell: process.platform === "win32",
});
console.log(`${tarball}${replaces ? ", in place of an earlier one" : ""}`);

/** Returns the folder that the command line names. @throws if it names anything else, or a folder that the build reads */
function folderOf(args: string[]): string {
  const [name = join(root, "dist"), ...more] = args;
  if (name.startsWith("-") || more.length > 0)
    throw new Error("name one folder and nothing else: npm run build -- FOLDER");
  const found = resolve(name);
  const [top = ""] = relative(root, found).split(sep);
  if ([...copied, "src", "protocols", "node_modules"].includes(top))
    throw new Error(`${found} is in ${join(root, top)}, which the build reads: name another folder`);
  return found;
}

/**
 * Builds the declarations of `ccoin/client`, without sources, which TypeScript would otherwise check by the user's
 * settings.
 */
function buildClientTypes(target: string): void {
  const options = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--rootDir", "src/client"];
  tsc("src/client", ...options, "--outDir", target);
  for (const name of readdirSync(target)) {
    const file = join(target, name);
    const text = readFileSync(file, "utf8");
    // tsc rewrites these extensions only in JavaScript.
    writeFileSync(file, text.replaceAll(/(?<=\bfrom "\.\/[\w-]+)\.ts(?=")/g, ".js"));
  }
}

/** Returns package.json without the parts that only developers need, and the packages that are bundled. */
function manifest(): { version: string } {
  const {
    private: _,
    devDependencies: __,
    scripts: ___,
    allowScripts: ____,
    dependencies,
    ...shared
  } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const needed = [...nativePackages, ...clientPackages].map((name) => [name, dependencies[name]]);
  const client = { types: "./types/client/index.d.ts", default: "./src/client/index.js" };
  const exports = { ...shared.exports, "./client": client };
  return { ...shared, exports, dependencies: Object.fromEntries(needed), files: packed };
}

function tsc(project: string, ...options: string[]): void {
  const script = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [script, "-p", project, ...options], { cwd: root, stdio: "inherit" });
}

function copy(path: string): void {
  cpSync(join(root, path), join(folder, path), { recursive: true });
}
