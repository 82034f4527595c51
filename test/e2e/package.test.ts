import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeFlags, root } from "./harness/process.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

test("npm run build makes a package that runs where it is installed", async () => {
  const world = createWorld();
  const packages = join(world.dataDir, "node_modules");
  const built = join(packages, "ccoin");
  mkdirSync(packages);
  execFileSync(process.execPath, ["scripts/build.ts", built], { cwd: root, stdio: "inherit" });
  // Nothing that only developers have.
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const { dependencies: needed, private: isPrivate } = JSON.parse(
    readFileSync(join(built, "package.json"), "utf8"),
  );
  expect(needed).toEqual(dependencies);
  expect(isPrivate).toBeUndefined();
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (!name.startsWith(".") && !Object.hasOwn(devDependencies, name))
      symlinkSync(join(root, "node_modules", name), join(packages, name));
  }

  const command = [process.execPath, ...nodeFlags, join(built, "src/cli/main.js")];
  const node = world.start("the package", [
    ...command,
    ...["start", "--json", "--datadir", join(world.dataDir, "data"), "--http-port=0", "--port=0"],
  ]);
  const { url } = await until("it runs", () => JSON.parse(node.stdout.trim()) as { url: string }, {
    timeoutMs: 60_000,
  });
  const page = await (await fetch(url)).text();
  // The page is built where the package is installed, from the sources in the package.
  expect(page).toMatch(/<script type="module">.{1000}/s);
  expect(page).toContain("Make the key");

  const program = `import { Client } from "ccoin/client"; console.log((await new Client(${JSON.stringify(url)}).status()).mode)`;
  const client = await world.start(
    "its client",
    [process.execPath, "--input-type=module", "--eval", program],
    {
      cwd: world.dataDir,
    },
  ).ended;
  expect(client).toMatchObject({ code: 0, stdout: "ready\n" });
  node.signal("SIGTERM");
  expect((await node.ended).code).toBe(0);
});
