/**
 * Builds the package as it is published: JavaScript with types, since Node.js strips no types in node_modules. The project itself runs from
 * its sources. Usage: npm run build [-- FOLDER=dist], then npm publish ./dist
 */
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [folder = join(root, "dist")] = process.argv.slice(2).map((path) => resolve(path));

rmSync(folder, { recursive: true, force: true });
const tsc = join(root, "node_modules/.bin/tsc");
execFileSync(tsc, ["-p", join(root, "tsconfig.build.json"), "--outDir", folder], { stdio: "inherit" });

// The node builds the page from these sources: the explorer, and the client that it imports.
copy("src/explorer");
for (const name of readdirSync(join(root, "src/client")))
  if (name.endsWith(".ts")) copy(`src/client/${name}`);
for (const name of ["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "docs"]) copy(name);

const {
  private: _,
  devDependencies: __,
  scripts: ___,
  allowScripts: ____,
  ...shared
} = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const client = { types: "./src/client/index.d.ts", default: "./src/client/index.js" };
const exports = { ...shared.exports, "./client": client };
writeFileSync(join(folder, "package.json"), `${JSON.stringify({ ...shared, exports }, null, 2)}\n`);

function copy(path: string): void {
  cpSync(join(root, path), join(folder, path), { recursive: true });
}
