import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "ccoin/client";
import { expect, it, onTestFinished } from "vitest";
import * as client from "../../../src/client/index.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

it("is exported as ccoin/client", () => {
  expect(Client).toBe(client.Client);
});

it("is a package that other projects install, with types, without the node and its packages", {
  timeout: 120_000,
}, async () => {
  const project = mkdtempSync(join(tmpdir(), "ccoin-client-"));
  onTestFinished(() => rmSync(project, { recursive: true }));
  const packages = join(project, "node_modules");
  mkdirSync(packages);
  execFileSync(process.execPath, [join(root, "scripts/build-client.ts"), join(packages, "ccoin")]);
  for (const scope of ["@noble", "@scure"])
    symlinkSync(join(root, "node_modules", scope), join(packages, scope));
  writeFileSync(join(project, "package.json"), '{"type": "module"}');
  writeFileSync(
    join(project, "main.ts"),
    `import { type Key, keyFromSeed } from "ccoin/client";
const key: Key = await keyFromSeed(new Uint8Array(32));
const address: string = key.address;
console.log(address);
`,
  );
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: project, encoding: "utf8" });
  run(
    join(root, "node_modules/.bin/tsc"),
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--lib",
    "es2024,dom",
    "main.ts",
  );
  const { address } = await client.keyFromSeed(new Uint8Array(32));
  expect(run(process.execPath, "main.ts")).toBe(`${address}\n`);
});
