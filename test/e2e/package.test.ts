import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createNetwork, startAll } from "./harness/network.ts";
import { openWorld } from "./harness/open-world.ts";
import { environment, nodeFlags, root } from "./harness/process.ts";
import { until } from "./harness/until.ts";

const { world, close } = openWorld();
afterAll(() => close(false));
const packages = join(world.dataDir, "node_modules");
const installed = join(packages, "ccoin");
const readJson = (file: string) => JSON.parse(readFileSync(file, "utf8"));
const { dependencies, version } = readJson(join(root, "package.json"));

/** Builds and packs the project, and installs the tarball with this project's packages instead of a registry. */
beforeAll(() => {
  const built = join(world.dataDir, "built");
  execFileSync(process.execPath, ["scripts/build.ts", built], { cwd: root, stdio: "inherit" });
  mkdirSync(packages);
  const tarball = join(world.dataDir, `ccoin-${version}.tgz`);
  execFileSync("tar", ["-xzf", tarball, "-C", packages, "--transform", "s/^package/ccoin/"]);
  for (const name of Object.keys(readJson(join(installed, "package.json")).dependencies)) {
    mkdirSync(join(packages, dirname(name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(packages, name));
  }
});

test("the package needs only native packages and those of the client, and contains no sources of the client", () => {
  const {
    dependencies: needed,
    devDependencies: more,
    private: isPrivate,
    scripts,
  } = readJson(join(installed, "package.json"));
  const native = ["@chainsafe/hashtree", "classic-level", "sodium-native"];
  expect(Object.keys(needed)).toEqual([...native, "@noble/ed25519", "@noble/hashes", "@scure/base"]);
  for (const [name, range] of Object.entries(needed)) expect(range).toBe(dependencies[name]);
  expect([more, isPrivate, scripts]).toEqual([undefined, undefined, undefined]);
  expect(existsSync(join(installed, "types/client/index.d.ts"))).toBe(true);
  expect(readdirSync(join(installed, "types/client")).filter((name) => !name.endsWith(".d.ts"))).toEqual([]);
});

test("the package contains the licenses of what it bundles", () => {
  const licenses = readFileSync(join(installed, "THIRD-PARTY-LICENSES"), "utf8");
  for (const [name, text] of [
    ["libp2p", "See git\\+https://github.com/libp2p"],
    ["hono", "MIT License"],
    ["@chainsafe/ssz", "Copyright 2019- ChainSafe"],
  ])
    expect(licenses).toMatch(new RegExp(`^${name} [\\d.]+ \\(.+\\)\n=+\n\n${text}`, "m"));
});

test("links of the packed documentation lead to files of the package", () => {
  const pages = readdirSync(installed, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".md"),
  );
  const links = pages.flatMap((page) =>
    [...readFileSync(join(installed, page), "utf8").matchAll(/\]\(([^)\s:#]+)[^)\s:]*\)/g)].map(
      ([, target]) => [page, target!] as const,
    ),
  );
  expect(links.length).toBeGreaterThan(100);
  expect(links.filter(([page, target]) => !existsSync(join(installed, dirname(page), target)))).toEqual([]);
});

test("the bundle takes one byte of memory for each character, and sorts nothing by the rules of a language", () => {
  const folder = join(installed, "src/cli");
  const scripts = readdirSync(folder).filter((name) => name.endsWith(".js"));
  const texts = scripts.map((name) => [name, readFileSync(join(folder, name), "utf8")] as const);
  const isNode = ([name]: readonly [string, string]) => name.startsWith("node-");
  expect(texts.filter(isNode)).toHaveLength(1);
  for (const [name, text] of texts) expect([name, /^[\0-\x7f]*$/.test(text)]).toEqual([name, true]);
  expect(texts.find(isNode)![1]).not.toContain("localeCompare");
});

test("an error names the command that is installed, and the sources in its stack trace", () => {
  const args = [join(installed, "src/cli/main.js"), "status", "--url=http://127.0.0.1:9"];
  const { stderr } = spawnSync(process.execPath, args, { env: { ...environment(), CCOIN_DEBUG: "1" } });
  expect(stderr.toString()).toContain('Start it with "ccoin start --nodeid=<id>"');
  expect(stderr.toString()).toMatch(/at async run\w* \(.*\/src\/cli\/commands\/status\.ts:\d+:\d+\)/);
});

interface Started {
  url: string;
  joinLine: string;
}

test("the installed package runs a node with the explorer and the client", async () => {
  const command = [process.execPath, ...nodeFlags, join(installed, "src/cli/main.js")];
  const node = world.start("the package", [
    ...command,
    ...["start", "--json", "--datadir", join(world.dataDir, "data"), "--http-port=0", "--port=0"],
  ]);
  const { url, joinLine } = await until("it runs", () => JSON.parse(node.stdout.trim()) as Started, {
    timeoutMs: 60_000,
  });
  expect(joinLine).toMatch(/^ccoin start --nodeid=/);
  const page = await (await fetch(url)).text();
  expect(page).toMatch(/<script type="module">.{1000}/s);
  expect(await (await fetch(`${url}/wallet.js`)).text()).toContain("Make the key");

  const program = `import { Client } from "ccoin/client"; console.log((await new Client(${JSON.stringify(url)}).status()).mode)`;
  const args = ["--input-type=module", "--eval", program];
  const client = await world.start("its client", [process.execPath, ...args], { cwd: world.dataDir }).ended;
  expect(client).toMatchObject({ code: 0, stdout: "ready\n" });
  node.signal("SIGTERM");
  expect((await node.ended).code).toBe(0);
});

test("the installed package has what only some nodes load: a readable log, and certificates of its own, but without peers no WebAssembly", async () => {
  const noWebAssembly = ["--import", "data:text/javascript,delete globalThis.WebAssembly"];
  const node = world.start("HTTPS by the package", [
    ...[process.execPath, ...nodeFlags, ...noWebAssembly],
    ...[join(installed, "src/cli/main.js"), "start", "--json", "--tls"],
    ...["--log-format=text", "--log-level=info", "--http-port=0", "--port=0"],
    ...["--datadir", join(world.dataDir, "tls")],
  ]);
  const { url, fingerprint } = await until(
    "it runs",
    () => JSON.parse(node.stdout.trim()) as { url: string; fingerprint: string },
    { timeoutMs: 60_000 },
  );
  expect(url).toMatch(/^https:/);
  expect(node.stderr).toMatch(new RegExp(`INFO: HTTPS by this certificate\n.*"${fingerprint}"`));
  node.signal("SIGTERM");
  expect((await node.ended).code).toBe(0);
});

test("nodes of the installed package connect", async () => {
  const network = await createNetwork(world, { nodes: 2 });
  for (const node of network.nodes) node.program = join(installed, "src/cli/main.js");
  await startAll(network);
});

test("a second run takes the code that the first one compiled", () => {
  const env = { ...environment(), NODE_COMPILE_CACHE: "", NODE_DEBUG_NATIVE: "COMPILE_CACHE" };
  const args = [...nodeFlags, join(installed, "src/cli/main.js"), "--help"];
  const [, second] = [1, 2].map(() => spawnSync(process.execPath, args, { env }).stderr.toString());
  expect(second).toMatch(/code cache for ESM file:\S+\/program-\w+\.js was accepted/);
  expect(second).not.toContain("rejected");
});

test("the compile cache is in the user's own folder if the package's folder is not writable", () => {
  // A file takes the place of the folder, because root could write into any folder.
  const cache = join(installed, "node_modules");
  rmSync(cache, { recursive: true, force: true });
  writeFileSync(cache, "");
  const home = join(world.dataDir, "home");
  const env = { ...process.env, HOME: home, XDG_CACHE_HOME: "", NODE_COMPILE_CACHE: "" };
  const { stdout } = spawnSync(process.execPath, [join(installed, "src/cli/main.js"), "--version"], { env });
  expect(stdout.toString()).toBe(`${version}\n`);
  expect(readdirSync(join(home, ".cache/ccoin"))).not.toEqual([]);
  rmSync(cache);
});

/** Uses most of what the client exports. */
const program = `
import { Client, type ChainEvent, ClientError, generateSeed, genesisTrust, type Key, keyFromSeed, signTransfer, verifyAccountProof } from "ccoin/client";

const key: Key = await keyFromSeed(generateSeed());
const client = new Client("http://127.0.0.1:63262", { signal: AbortSignal.timeout(1000) });
const { head, genesisId } = await client.status();
const height: number = head!.height;
const signed = await signTransfer(key, genesisId!, { to: key.address, amount: 5n, fee: 1n, nonce: 0 });
await client.waitFor(signed, "finalized");
const trust = genesisTrust(await client.block(0), genesisId!);
const { verdict } = await verifyAccountProof(await client.accountProof(key.address), trust);
for await (const event of await client.events({ types: ["block"] })) {
  const seen: ChainEvent = event;
  if (seen.type === "block") console.log(seen.data.transactionCount + height, verdict, new ClientError("X", "x").code);
}
`;

test.each([
  ["nodenext", ["--module", "nodenext"], "es2022,dom"],
  ["bundler", ["--module", "esnext", "--moduleResolution", "bundler"], "es2022,dom,dom.asynciterable"],
])("the client type-checks strictly for its users, with --moduleResolution %s", (name, options, lib) => {
  const file = join(world.dataDir, `${name}.mts`);
  writeFileSync(file, program);
  const strict = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--noEmit"];
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const check = (text: string) => {
    writeFileSync(file, text);
    const args = [tsc, ...strict, "--target", "es2022", "--lib", lib, "--types", "", ...options, file];
    return spawnSync(process.execPath, args, { cwd: world.dataDir }).stdout.toString();
  };
  expect(check(program)).toBe("");
  // The check reads the program and knows the types.
  expect(check(program.replace("const height: number", "const height: string"))).toContain("TS2322");
});

test("the client bundles for browsers", () => {
  const { outputFiles, warnings } = buildSync({
    stdin: { contents: program, loader: "ts", resolveDir: world.dataDir },
    ...{ bundle: true, platform: "browser", format: "esm", minify: true, write: false },
  });
  expect(warnings).toEqual([]);
  const [{ text }] = outputFiles as [(typeof outputFiles)[number]];
  expect(text).not.toMatch(/from"node:|require\("/);
  // The bundle has 40 kB, mostly for the curve and the hashes.
  expect(text.length).toBeLessThan(60_000);
});
