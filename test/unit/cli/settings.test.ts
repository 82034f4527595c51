import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ccoin, ccoinHere, oneLine } from "./ccoin.ts";

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
  it("reads options from the environment, under their name", async () => {
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

  it("reads options from a file, which --print-config --json can make", async () => {
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

  it("command-line options win over the environment, and the environment over the file", async () => {
    const file = await configFile('{ "nodeid": 1, "port": 1, "http-port": 1, "host": "::1" }');
    const env = { CCOIN_PORT: "2", CCOIN_HTTP_PORT: "2" };
    expect(await configOf([`--config=${file}`, "--http-port=3"], env)).toMatchObject({
      host: "::1",
      port: 2,
      "http-port": 3,
    });
  });

  it("shows options with where they are from", async () => {
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
  ])("refuses %s", async (_, text, env, message) => {
    const file = text === undefined ? [] : [`--config=${await configFile(text)}`];
    const { code, stderr } = await ccoinHere(["start", "--nodeid=1", "--print-config", ...file], env);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it("ignores the variables that Kubernetes sets for services named ccoin and ccoin-http", async () => {
    const env = {
      CCOIN_SERVICE_HOST: "10.96.0.7",
      CCOIN_SERVICE_PORT: "63262",
      CCOIN_SERVICE_PORT_HTTP: "63262",
      CCOIN_PORT: "tcp://10.96.0.7:63262",
      CCOIN_PORT_63262_TCP: "tcp://10.96.0.7:63262",
      CCOIN_PORT_63262_TCP_PROTO: "tcp",
      CCOIN_PORT_63262_TCP_PORT: "63262",
      CCOIN_PORT_63262_TCP_ADDR: "10.96.0.7",
      CCOIN_HTTP_SERVICE_HOST: "10.96.0.8",
      CCOIN_HTTP_PORT: "tcp://10.96.0.8:80",
      CCOIN_P2P_PORT: "udp://10.96.0.9:63261",
    };
    const config = { nodeid: 1, port: 63_261, "http-port": 63_262 };
    expect(await configOf(["--nodeid=1"], env)).toMatchObject(config);
  });

  it.each([
    ["CCOIN_BOOTSTRP", ": did you mean CCOIN_BOOTSTRAP?"],
    ["CCOIN_NO_MDNS", ": did you mean CCOIN_MDNS?"],
    ["CCOIN_DATA_DIR", ": did you mean CCOIN_DATADIR?"],
    ["CCOIN_TLS_FINGERPRINTS", ": did you mean CCOIN_TLS_FINGERPRINT?"],
    ["CCOIN_SEED", ": see npm start -- --help"],
  ])("warns of a variable that seems to mean an option: %s", async (name, hint) => {
    const args = ["start", "--print-config", "--nodeid=1"];
    const { stderr } = await ccoinHere(args, { [name]: "x" });
    expect(stderr.split("\n")[0]).toBe(`warning: no option is read from ${name}${hint}`);
    const inJson = await ccoinHere([...args, "--json"], { [name]: "x" });
    expect(oneLine(inJson.stderr)).toMatchObject({ warning: { code: "UNREAD_VARIABLE" } });
  });

  it("the log of a node names a variable that seems to mean an option", async () => {
    const { stderr } = await ccoin(["start", "--nodeid=1", "--recovery=/nowhere"], { CCOIN_BOOTSTRP: "x" });
    expect(stderr).toMatch(
      /^\{"level":40,.*"msg":"no option is read from CCOIN_BOOTSTRP: did you mean CCOIN_BOOT/,
    );
  });

  it("does not warn of known variables, whichever command reads them", async () => {
    const env = {
      CCOIN_NODEID: "7",
      CCOIN_OPTIONS: "--tls",
      CCOIN_DEBUG: "1",
      CCOIN_TLS_CA: "x",
      CCOIN_MINE: "false",
    };
    expect(await configOf([], env)).toMatchObject({ nodeid: 7 });
  });

  it("refuses a file that is missing", async () => {
    const { code, stderr } = await ccoinHere(["start", "--nodeid=1", "--config=/nowhere/ccoin.json"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: cannot read \/nowhere\/ccoin\.json \(ENOENT.*--config names/);
  });

  it("refuses a log file that cannot be written", async () => {
    const { code, stderr } = await ccoinHere(["start", "--nodeid=1", "--log-file=/dev/null/ccoin.log"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: --log-file: cannot write \/dev\/null\/ccoin\.log: ENOTDIR/);
  });
});
