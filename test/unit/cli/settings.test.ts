import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ccoinHere, oneLine } from "./ccoin.ts";

async function configFile(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "ccoin-config-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "ccoin.json");
  await writeFile(path, text);
  return path;
}

/** The options that a node would run with. */
async function configOf(args: string[], env: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await ccoinHere(["start", "--print-config", "--json", ...args], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return oneLine(stdout) as Record<string, unknown>;
}

describe("options of start", () => {
  it("come from the environment, under their name", async () => {
    const env = {
      CCOIN_NODEID: "3",
      CCOIN_HTTP_PORT: "8080",
      CCOIN_MDNS: "false",
      CCOIN_TLS: "true",
      CCOIN_BOOTSTRAP: "/ip4/10.0.0.1/tcp/1,/ip4/10.0.0.2/tcp/2",
      CCOIN_DATADIR: "/tmp/elsewhere",
      CCOIN_LOG_LEVEL: "",
    };
    expect(await configOf([], env)).toMatchObject({
      nodeid: 3,
      "http-port": 8080,
      port: 63_265,
      mdns: false,
      tls: true,
      bootstrap: ["/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.2/tcp/2"],
      datadir: "/tmp/elsewhere",
      "log-level": "info",
    });
  });

  it("come from a file, which --print-config --json can make", async () => {
    const file = await configFile(
      '\uFEFF{ "nodeid": 4, "bootstrap": ["/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.2/tcp/2"], "mine": false, "datadir": "/tmp/d" }',
    );
    const config = await configOf([`--config=${file}`]);
    expect(config).toMatchObject({
      nodeid: 4,
      port: 63_267,
      bootstrap: ["/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.2/tcp/2"],
      mine: false,
      mdns: true,
      datadir: "/tmp/d",
    });
    expect(await configOf([], { CCOIN_CONFIG: await configFile(JSON.stringify(config)) })).toEqual(config);
  });

  it("of the command line win over the environment, and that over the file", async () => {
    const file = await configFile('{ "nodeid": 1, "port": 1, "http-port": 1, "host": "::1" }');
    const env = { CCOIN_PORT: "2", CCOIN_HTTP_PORT: "2" };
    expect(await configOf([`--config=${file}`, "--http-port=3"], env)).toMatchObject({
      host: "::1",
      port: 2,
      "http-port": 3,
    });
  });

  it("are shown with where they are from", async () => {
    const file = await configFile('{ "mdns": false }');
    const { stdout } = await ccoinHere(["start", "--nodeid=2", `--config=${file}`, "--print-config"], {
      CCOIN_PORT: "7",
    });
    for (const line of [
      /^nodeid +2 {2}\(command line\)$/m,
      /^port +7 {2}\(environment\)$/m,
      /^mdns +false {2}\(file\)$/m,
      /^http-port +63264 {2}\(default\)$/m,
    ])
      expect(stdout).toMatch(line);
  });

  it.each<[string, string | undefined, Record<string, string>, string]>([
    [
      "an unknown option",
      '{ "http_port": 1 }',
      {},
      'there is no option "http_port"; options are datadir, nodeid',
    ],
    ["an option of the command line only", '{ "reset": true }', {}, 'there is no option "reset"'],
    ["no object", "[1]", {}, "must be an object of options"],
    ["no JSON", "{", {}, "is not JSON"],
    [
      "a switch that is neither true nor false",
      undefined,
      { CCOIN_MDNS: "off" },
      "CCOIN_MDNS: must be true or false",
    ],
    [
      "a value that the option refuses",
      undefined,
      { CCOIN_STOP_TIMEOUT: "x" },
      "CCOIN_STOP_TIMEOUT: --stop-timeout",
    ],
    ["a value that the node refuses", '{ "port": 70000 }', {}, "--port"],
  ])("refuse %s", async (_, text, env, message) => {
    const file = text === undefined ? [] : [`--config=${await configFile(text)}`];
    const { code, stderr } = await ccoinHere(["start", "--nodeid=1", "--print-config", ...file], env);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it("refuse a file that is missing", async () => {
    const { code, stderr } = await ccoinHere(["start", "--nodeid=1", "--config=/nowhere/ccoin.json"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: cannot read \/nowhere\/ccoin\.json \(ENOENT.*--config names/);
  });

  it("refuse a log file that cannot be written", async () => {
    const { code, stderr } = await ccoinHere(["start", "--nodeid=1", "--log-file=/dev/null/ccoin.log"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: --log-file: cannot write \/dev\/null\/ccoin\.log: ENOTDIR/);
  });
});
