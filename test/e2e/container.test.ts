import { cpSync, mkdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./harness/process.ts";
import { until } from "./harness/until.ts";
import { createWorld, type World } from "./harness/world.ts";

interface Service {
  entrypoint?: string[];
  environment?: { CCOIN_NODEID: number };
  ports?: string[];
  command: string[];
}

const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");
// Imported by a variable name, so that types can be checked in checkouts with older packages.
const yaml = "yaml";
const { parse: parseYaml } = (await import(yaml)) as { parse(text: string, options: object): object };
const { services } = parseYaml(readFileSync(join(root, "compose.yaml"), "utf8"), { merge: true }) as {
  services: Record<string, Service>;
};
const { init, ...nodes } = services;

/** Follows the Docker files without Docker, which may be missing, in a folder with the contents of the image. */
test("compose.yaml starts four healthy nodes of one chain", async () => {
  const world = createWorld();
  const run = enterImage(world);
  const [shell, ...args] = init!.entrypoint!;
  const initialize = () => run("init", [shell!, ...args], {}).ended;
  const first = await initialize();
  expect(first, first.stderr).toMatchObject({ code: 0 });
  const before = readFileSync(join(world.dataDir, "data/genesis.json"), "utf8");
  // Each further `docker compose up` runs this again.
  expect(await initialize()).toMatchObject({ code: 0, stdout: "", stderr: "" });
  expect(readFileSync(join(world.dataDir, "data/genesis.json"), "utf8")).toBe(before);

  expect(Object.keys(nodes)).toEqual(["node1", "node2", "node3", "node4"]);
  const started = Object.entries(nodes).map(([name, { environment, command, ports }]) => {
    const env = { CCOIN_NODEID: String(environment!.CCOIN_NODEID) };
    // Compose makes each name a host.
    const local = command.map((each) => each.replaceAll(/\/dns4\/node\d\//g, "/dns4/localhost/"));
    const [published] = /:(\d+)$/.exec(ports![0]!)!.slice(1);
    return {
      process: run(name, [...entrypoint(), ...local], env),
      env,
      url: `http://127.0.0.1:${published}`,
    };
  });
  const healthCode = async (env: Record<string, string>) =>
    (await run("health check", instruction("HEALTHCHECK"), env).ended).code;
  for (const { url, env } of started) {
    await until(
      `${url} finalizes with three others`,
      async () => {
        const { finalized, peers } = (await (await fetch(`${url}/v1/status`)).json()) as {
          finalized: { height: number };
          peers: number;
        };
        return finalized.height > 2 && peers >= 3;
      },
      { timeoutMs: 90_000 },
    );
    expect(await healthCode(env)).toBe(0);
    expect(await (await fetch(`${url}/wallet.js`)).text()).toContain("Make the key");
  }
  const status = await run("status", [...entrypoint(), "status", "--json"], { CCOIN_NODEID: "2" }).ended;
  expect(JSON.parse(status.stdout)).toMatchObject({ nodeId: 2, name: "compose" });

  const [last] = started.slice(-1);
  last!.process.signal("SIGTERM");
  expect((await last!.process.ended).code).toBe(0);
  expect(await healthCode(last!.env)).toBe(1);
});

test("the image runs as a user other than root, in a folder that this user owns", () => {
  const lines = dockerfile.split("\n");
  const at = (line: string) => lines.indexOf(line);
  expect(at("USER node")).toBeGreaterThan(lines.findLastIndex((line) => /^(RUN|COPY|FROM) /.test(line)));
  expect(at("VOLUME /data")).toBeGreaterThan(0);
  expect(dockerfile).toContain("chown node:node /data");
  const image = Number(/^FROM node:(\d+)-/m.exec(dockerfile)![1]);
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect(devDependencies.node).toMatch(new RegExp(`^${image}\\.`));
});

/** Returns the words of a Dockerfile instruction in JSON form. */
function instruction(name: string): string[] {
  return JSON.parse(new RegExp(`^${name} .*?(\\[.*\\])$`, "m").exec(dockerfile)![1]!);
}

function entrypoint(): string[] {
  return instruction("ENTRYPOINT");
}

/** Makes the folder that the image has, and runs commands there with its environment. */
function enterImage(world: World) {
  const [app, bin, data] = ["app", "bin", "data"].map((name) => join(world.dataDir, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [app, bin, data]) mkdirSync(folder);
  // Copies only into the last image; its packages are linked below.
  const last = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
  const instructions = [...last.matchAll(/^COPY (--from=\S+ \/app\/)?(.+) (\S+)$/gm)];
  for (const [, , sources, target] of instructions.filter(([line]) => !line.includes("node_modules"))) {
    for (const source of sources!.split(" ")) {
      const isFolder = statSync(join(root, source)).isDirectory();
      cpSync(join(root, source), join(app, target!, isFolder ? "." : source.split("/").at(-1)!), {
        recursive: true,
      });
    }
  }
  symlinkSync(join(root, "node_modules"), join(app, "node_modules"));
  symlinkSync(join(app, "src/cli/main.js"), join(bin, "ccoin"));
  symlinkSync(process.execPath, join(bin, "node"));
  const environment = {
    PATH: `${bin}:${process.env["PATH"]}`,
    NODE_ENV: "production",
    CCOIN_DATADIR: data,
  };
  return (name: string, command: readonly string[], env: Record<string, string>) =>
    world.start(name, command, { cwd: app, env: { ...environment, CCOIN_NODEID: "1", ...env } });
}
