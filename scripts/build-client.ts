/**
 * Builds `ccoin/client` as a package of its own for other projects: JavaScript and types, without the node.
 * Usage: node scripts/build-client.ts [FOLDER]   (default: dist)
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { findImports } from "./find-imports.ts";

const root = join(import.meta.dirname, "..");
const folder = resolve(process.argv[2] ?? join(root, "dist"));
const { name, version, description, license, dependencies } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
) as Manifest;

interface Manifest {
  name: string;
  version: string;
  description: string;
  license: string;
  dependencies: Record<string, string>;
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const options = ["--noEmit", "false", "--declaration", "--outDir", join(folder, "client")];
execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", join(root, "src/client"), ...options], {
  stdio: "inherit",
});
const packages = new Set(
  readdirSync(join(root, "src/client"))
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => findImports(readFileSync(join(root, "src/client", file), "utf8")))
    .map(({ specifier }) => specifier)
    .filter((specifier) => !specifier.startsWith("."))
    .map((specifier) =>
      specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/"),
    ),
);
const manifest = {
  name,
  version,
  description,
  license,
  type: "module",
  exports: { "./client": { types: "./client/index.d.ts", default: "./client/index.js" } },
  dependencies: Object.fromEntries([...packages].sort().map((each) => [each, dependencies[each]])),
};
writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
