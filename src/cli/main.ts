#!/usr/bin/env node
import { runCli } from "./program.ts";

// A reader that closes the pipe (`ccoin status | head -1`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await runCli(process.argv.slice(2));
