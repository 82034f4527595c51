import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { usageOf } from "../../e2e/harness/script-args.ts";

const root = join(import.meta.dirname, "../../..");
const scripts = readdirSync(join(root, "scripts"))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => `scripts/${name}`)
  .concat("test/bench/main.ts", "test/faults/kill-node.ts")
  .filter((file) => readFileSync(join(root, file), "utf8").includes("scriptArgs("));

const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });

it.each(scripts)("%s shows how it is used", (file) => {
  expect(usageOf(readFileSync(join(root, file), "utf8"))).toMatch(/^Usage: /m);
});

it("a script explains itself, and names an option that it does not know", () => {
  const help = run("scripts/model.ts", "--help");
  expect(help).toMatchObject({ status: 0, stderr: "" });
  expect(help.stdout).toMatch(/^Checks the model.*\nUsage: node scripts\/model\.ts/s);
  expect(run("scripts/model.ts", "--nope")).toMatchObject({
    status: 2,
    stdout: "",
    stderr: "Unknown option '--nope'; --help shows the options\n",
  });
});
