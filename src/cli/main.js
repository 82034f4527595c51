#!/usr/bin/env -S node --max-semi-space-size=4
// This file is JavaScript so that Node strips no types before the compile cache is on. The cache keeps compiled code
// from one run to the next, which halves the time to start and saves 20 MB.
import nodeModule from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `error: ccoin needs Node.js >= 22.18, not ${process.version}; in a clone, npm run -s ccoin -- … brings its own`,
  );
  process.exit(1);
}

// An idle node does without V8's optimizing compilers, which read 5 MB of Node.js's file and make more code than it
// needs. `startCompilers` starts them.
for (const flag of ["--no-opt", "--no-maglev"]) setFlagsFromString(flag);

const { compileCacheStatus } = nodeModule.constants;
const own = fileURLToPath(new URL("../../node_modules/.cache/ccoin", import.meta.url));
if (nodeModule.enableCompileCache(own).status === compileCacheStatus.FAILED) {
  // A user who runs a package that root has installed cannot write there.
  const { XDG_CACHE_HOME, HOME } = process.env;
  const caches = XDG_CACHE_HOME || (HOME && join(HOME, ".cache"));
  if (caches) nodeModule.enableCompileCache(join(caches, "ccoin"));
}

// The published package is a bundle. Its maps take time and memory, which a debugged command can spare.
if (process.env["CCOIN_DEBUG"]) nodeModule.setSourceMapsSupport(true, { nodeModules: true });

// A reader that closes the pipe (`ccoin status | head -1`) is no failure.
process.stdout.on("error", (error) => {
  if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EPIPE") throw error;
});

const { runCli } = await import("./program.ts");
process.exitCode = await runCli(process.argv.slice(2));
