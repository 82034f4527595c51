import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ccoin, ccoinHere, oneLine } from "./ccoin.ts";

const address = "cc1deapehffkzmcl5f67nz4nrl07nhj49ckdc72duhyl07vmqzst0csdtw8ga";

describe("help", () => {
  it("lists every command and exits with 0", async () => {
    const { code, stdout, stderr } = await ccoin(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const listed = [...stdout.matchAll(/^ {2}([a-z][a-z-]*) /gm)].map(([, name]) => name);
    expect(listed).toEqual(
      expect.arrayContaining(
        "create-account genesis init start send status account propose export import verify protection network-key completion".split(
          " ",
        ),
      ),
    );
  });

  it.each(
    "create-account genesis init start send status account propose export import verify protection network-key completion".split(
      " ",
    ),
  )("the help of %s has an example", async (command) => {
    const { code, stdout } = await ccoinHere([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Examples, in which ccoin stands for npm run -s ccoin --:\n  ccoin ${command}`);
    expect(stdout).toContain("--datadir");
  });

  it.each(["propose add", "propose list", "protection export", "protection import"])(
    "the help of the subcommand %s has an example",
    async (command) => {
      const { stdout } = await ccoinHere([...command.split(" "), "--help"]);
      expect(stdout).toContain(
        `Examples, in which ccoin stands for npm run -s ccoin --:\n  ccoin ${command}`,
      );
    },
  );

  it("prints the version", async () => {
    expect(await ccoin(["--version"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});

describe("wrong usage exits with 2 and one line on standard error", () => {
  it.each<[string, string]>([
    ["nope", "unknown command 'nope': see npm run -s ccoin -- --help"],
    ["status --quux", "unknown option '--quux': see npm run -s ccoin -- status --help"],
    ["status extra", "Expected 0 arguments but got 1: see npm run -s ccoin -- status --help"],
    [
      "create-account",
      "required option '--nodeid <id>' not specified: see npm run -s ccoin -- create-account --help",
    ],
    ["create-account --nodeid=0", "error: --nodeid: must be a whole number from 1 to 1000"],
    ["create-account --nodeid=1001", "must be a whole number from 1 to 1000"],
    ["create-account --nodeid=one", "must be a whole number from 1 to 1000"],
    ["create-account --nodeid=1 --balance=1.5", '"1.5" is not an amount'],
    ["create-account --nodeid=1 --balance=18446744073709551616", "above the largest amount"],
    ["recover r.json --nodeid=1 --authorities=cc1xyz", "--authorities: not an address"],
    ["recover r.json --nodeid=1", "name the new authorities with --authorities=cc1…,cc1…, or what to set"],
    ["recover r.json --nodeid=1 --set minFee", "--set: write <parameter>=<whole number>"],
    ["recover r.json --nodeid=1 --set fee=1", "--set: there is no parameter fee; parameters are periodMs,"],
    ["genesis --nodeids=", "--nodeids: name at least one node: see npm run -s ccoin -- genesis --help"],
    ["genesis --nodeids=1,x", "--nodeids: must be whole numbers from 1 to 1000, separated by commas: see "],
    ["genesis --nodeids=1 --period=1s", "must be a whole number"],
    ["init --nodeid=1", "required option '-c, --config <file>' not specified"],
    [
      "start --genesis=0x12",
      "--genesis needs --nodeid: without it, start runs a development chain of one node",
    ],
    ["start --no-mine", "--no-mine needs --nodeid"],
    ["start --bootstrap=/ip4/10.0.0.1/tcp/1", "--bootstrap needs --nodeid"],
    ["start --announce=/ip4/203.0.113.7/tcp/1", "--announce needs --nodeid"],
    [
      "start --nodeid=1 --announce=203.0.113.7",
      "--announce, value 1: must be an address that others can dial",
    ],
    ["start --nodeid=1 --max-per-address=many", "--max-per-address: must be a whole number from 1 to 1000"],
    ["start --nodeid=1 --allow-peers=12D3,x", "--allow-peers, value 1: must be a peer id, such as 12D3KooW"],
    ["network-key", "required option '-o, --out <file>' not specified"],
    ["start --nodeid=-1", "must be a whole number from 1 to 1000"],
    ["start --nodeid=1 --reset", "--reset is for the development chain: leave --nodeid out"],
    ["start --http-port=x", "--http-port: must be a whole number"],
    [
      "start --nodeid=1 --port=65536",
      "--port: must be a whole number from 0 to 65535: see npm start -- --help",
    ],
    ["start --nodeid=1 --http-port=x", "--http-port: must be a whole number"],
    ["start --nodeid=1 --allow-host=a.org,b.org:80", "--allow-host, value 2: must be a name without a port"],
    ["start --tls-cert=cert.pem", "--tls-cert: needs --tls-key with the key of the certificate"],
    ["start --tls-key=key.pem", "--tls-key: needs --tls-cert with the certificate of the key"],
    ["start --allow-origin=a.org", "--allow-origin, value 1: must be an origin, such as https://"],
    [
      "start --nodeid=1 --trust-proxy=10.0.0.0/33",
      "--trust-proxy, value 1: must be the address or network of a proxy",
    ],
    [
      "start --nodeid=1 --bootstrap=10.0.0.1:63261",
      "--bootstrap, value 1: must be a TCP multiaddr, such as /ip4/",
    ],
    ["start --nodeid=1 --bootstrap=/ip4/1.2.3.4/tcp/1,/x", "--bootstrap, value 2: must be a TCP multiaddr"],
    ["start --nodeid=1 --genesis=0x12", "--genesis: must be a genesis id: 0x and 64 hex digits"],
    ["start --nodeid=1 --genesis-timeout=0", "--genesis-timeout: must be a whole number from 1"],
    ["start --nodeid=1 --stop-timeout=0", "--stop-timeout: must be a whole number from 1 to"],
    ["start --nodeid=1 --log-level=loud", "--log-level: must be one of silent, error, warn, info, debug"],
    ["send --nodeid=1 --to=cc1x --amount=1", "error: --to: not an address"],
    [`send --nodeid=1 --to=${address} --amount=-1`, "is not an amount"],
    [`send --nodeid=1 --to=${address} --amount=1e3`, "is not an amount"],
    [
      `send --nodeid=1 --to=${address} --amount=1 --memo=${"x".repeat(257)}`,
      "--memo has 257 bytes, at most 256",
    ],
    [`send --nodeid=1 --to=${address} --amount=1 --nonce=x`, "must be a whole number"],
    ["status --url=ftp://x", "--url must be an HTTP address"],
    ["account cc1x", "error: <address>: not an address"],
    ["export --nodeid=1", "missing required argument 'file'"],
  ])("ccoin %s", async (line, message) => {
    const { code, stdout, stderr } = await ccoinHere(line.split(" "));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^error: [^\n]*\n$/);
    expect(stderr).toContain(message);
  });

  it("prints JSON wherever --json stands on the line", async () => {
    for (const args of [
      ["status", "--quux", "--json"],
      ["--json", "status", "--quux"],
    ]) {
      const { code, stdout, stderr } = await ccoin(args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(oneLine(stderr)).toEqual({
        error: { code: "USAGE", message: "unknown option '--quux': see npm run -s ccoin -- status --help" },
      });
    }
  });

  it("names CCOIN_NODEID if its value is wrong", async () => {
    const { code, stderr } = await ccoin(["status"], { CCOIN_NODEID: "one" });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: --nodeid: must be a whole number from 1 to 1000: see npm run -s ccoin -- status --help\n$/,
    );
  });

  it("refuses an old Node.js", () => {
    const old =
      'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.1.0" } })';
    const main = fileURLToPath(new URL("../../../src/cli/main.js", import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, ["--import", `data:text/javascript,${old}`, main]);
    expect({ status, stderr: stderr.toString() }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^error: ccoin needs Node.js >= 22.18, not [^\n]*\n$/),
    });
  });

  it("prints the help if no command is given", async () => {
    const { code, stdout, stderr } = await ccoin([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(
      /Usage: ccoin[\s\S]*error: no command was given: see npm run -s ccoin -- --help\n$/,
    );
  });
});
