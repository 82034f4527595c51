/**
 * Builds the published package in JavaScript, since Node.js strips no types in node_modules, and packs it as ccoin-<version>.tgz
 * beside the folder. The project itself runs from its sources.
 * Usage: npm run build [-- FOLDER=dist], then npm i -g ./ccoin-<version>.tgz
 */
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { prepareBuildFolder } from "./build-folder.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const [folder = join(root, "dist")] = process.argv.slice(2).map((path) => resolve(path));
const copied = ["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "docs", "deploy"];
const packed = ["src", "protocols", "types", "build", ...copied];

try {
  prepareBuildFolder(folder, [...packed, "package.json"]);
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exit(1);
}
tsc("tsconfig.build.json", "--outDir", folder);
buildClientTypes(join(folder, "types/client"));
execFileSync(process.execPath, [join(root, "scripts/make-page.ts"), join(folder, "build/explorer.json")]);
for (const name of copied) copy(name);
writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
execFileSync("npm", ["pack", "--silent", folder], {
  cwd: dirname(folder),
  stdio: ["ignore", "inherit", "inherit"],
  // npm is a script on Windows.
  shell: process.platform === "win32",
});

/** Builds the declarations of `ccoin/client`, without sources, which TypeScript would otherwise check by the user's settings. */
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

/** Returns package.json without the parts that only developers need. */
function manifest(): object {
  const {
    private: _,
    devDependencies: __,
    scripts: ___,
    allowScripts: ____,
    ...shared
  } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const client = { types: "./types/client/index.d.ts", default: "./src/client/index.js" };
  return { ...shared, exports: { ...shared.exports, "./client": client }, files: packed };
}

function tsc(project: string, ...options: string[]): void {
  const script = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [script, "-p", project, ...options], { cwd: root, stdio: "inherit" });
}

function copy(path: string): void {
  cpSync(join(root, path), join(folder, path), { recursive: true });
}
