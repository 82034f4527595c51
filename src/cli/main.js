#!/usr/bin/env -S node --max-semi-space-size=4
// JavaScript, so that nothing has to be stripped of types before the cache is on: what was compiled is kept from one run to
// the next, which then takes half the time to start and 20 MB less.
import nodeModule from "node:module";
import { fileURLToPath } from "node:url";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `error: ccoin needs Node.js >= 22.18, not ${process.version}; npm run -s ccoin -- … brings its own`,
  );
  process.exit(1);
}

nodeModule.enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/ccoin", import.meta.url)));

// A reader that closes the pipe (`ccoin status | head -1`) is no failure.
process.stdout.on("error", (error) => {
  if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EPIPE") throw error;
});

const { runCli } = await import("./program.ts");
process.exitCode = await runCli(process.argv.slice(2));
