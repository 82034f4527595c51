import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { messageOf } from "../../src/util/errors.ts";
import { wholeNumber } from "../devnet/ccoin.ts";
import { dieWithParent } from "../devnet/nodes.ts";
import type { LessonOptions } from "./lesson.ts";
import { lessons } from "./lessons.ts";
import { openWindow } from "./window.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Pause for reading on a terminal; none in a file. */
const defaultPauseSeconds = process.stdout.isTTY ? 8 : 0;

let options: LessonOptions;
try {
  options = parse();
} catch (error) {
  console.error(`class: ${messageOf(error)}\n${usage()}`);
  process.exit(2);
}

// A browser cannot reach the machines' own network, so sockets in a folder connect them.
const folder = mkdtempSync(join(tmpdir(), "ccoin-class-"));
const { sides } = lessons[options.name]!;
const windows = await Promise.all(sides.map((_, index) => openWindow(index + 1, folder)));
const urls = windows.map(({ url }) => url);
const [command, ...args] = [
  ...dieWithParent(),
  "scripts/in-netns.sh",
  process.execPath,
  "scripts/class/inside.ts",
  JSON.stringify({ ...options, folder, urls }),
];
// Detached: a terminal's Ctrl-C reaches this process only.
const child = spawn(command!, args, { cwd: root, stdio: "inherit", detached: true });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
child.once("exit", (code) => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(code ?? 1);
});

function parse(): LessonOptions {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { pause: { type: "string" }, period: { type: "string" } },
  });
  const [name = "", ...rest] = positionals;
  if (!Object.hasOwn(lessons, name) || rest.length > 0) throw new Error("name one lesson");
  return {
    name,
    pauseMs: 1_000 * wholeNumber(values.pause ?? String(defaultPauseSeconds), "--pause", 0, 3_600),
    periodMs: wholeNumber(values.period ?? "1000", "--period", 100, 60_000),
  };
}

function usage(): string {
  const lines = Object.entries(lessons).map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`);
  return `usage: scripts/class.sh LESSON [--pause SECONDS] [--period MS]\n${lines.join("\n")}`;
}
