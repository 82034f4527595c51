import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGenesisFile } from "../../../src/config/index.ts";
import { encodeAddress } from "../../../src/crypto/address.ts";
import { ccoinHere, oneLine } from "./ccoin.ts";

let folder: string;
let addresses: string[];

/** Makes two accounts: node 1 by option with JSON, node 2 by environment with text. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ccoin-cli-"));
  const one = await ccoinHere([
    "create-account",
    "--nodeid=1",
    "--balance=120",
    "--json",
    "--datadir",
    folder,
  ]);
  const two = await ccoinHere(["create-account", "--nodeid=2"], { CCOIN_DATADIR: folder });
  expect([one.code, two.code, one.stderr, two.stderr]).toEqual([0, 0, "", ""]);
  expect(two.stdout).toContain(`${join(folder, "node-2", "passphrase")} (random)`);
  const { address, ...others } = oneLine(one.stdout) as { address: string };
  expect(others).toEqual({});
  addresses = [address, /cc1[0-9a-z]{58}/.exec(two.stdout)![0]];
});

afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => ccoinHere(args, { CCOIN_DATADIR: folder });

describe("create-account", () => {
  it("makes nothing but the account and its passphrase", () => {
    for (const id of [1, 2]) {
      const account = JSON.parse(readFileSync(join(folder, `node-${id}`, "account.json"), "utf8"));
      expect(account.address).toBe(addresses[id - 1]);
      expect(account.genesisBalance).toBe(id === 1 ? "120" : "0");
    }
  });

  it("refuses to make a second account with code 1, as JSON too, and changes nothing", async () => {
    const file = join(folder, "node-1", "account.json");
    const before = readFileSync(file, "utf8");
    const text = await run("create-account", "--nodeid=1");
    expect(text).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/^error: [^\n]*\n$/) });
    const json = await run("create-account", "--nodeid=1", "--json");
    expect(json).toMatchObject({ code: 1, stdout: "" });
    expect(oneLine(json.stderr)).toMatchObject({ error: { code: "ACCOUNT_EXISTS" } });
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  it("makes nothing if the given passphrase file is missing, and says so", async () => {
    const { code, stderr } = await run("create-account", "--nodeid=3", "--passphrase-file=/nonexistent");
    expect(code).toBe(1);
    expect(stderr).toContain("cannot read the passphrase file /nonexistent");
    expect(existsSync(join(folder, "node-3"))).toBe(false);
  });
});

describe("genesis", () => {
  it("writes a configuration that init reads, and refuses to replace it", async () => {
    const file = join(folder, "genesis.json");
    const options = ["--nodeids=1,2,1", "--period=1000", "--name=Käse", "-o", file];
    const { code, stdout } = await run("genesis", ...options, "--json");
    expect(code).toBe(0);
    expect(oneLine(stdout)).toEqual({ file, authorities: addresses });
    const { config, coinbase } = readGenesisFile(file);
    expect(new TextDecoder().decode(config.name)).toBe("Käse");
    expect(config.parameters.periodMs).toBe(1000);
    expect(config.parameters.minFee).toBe(1n);
    expect(config.authorities.map(encodeAddress).sort()).toEqual([...addresses].sort());
    expect(coinbase.balances.map((entry) => [encodeAddress(entry.address), entry.balance])).toEqual([
      [addresses[0], 120n],
    ]);
    expect(statSync(file).mode & 0o444).toBe(0o444);

    const before = readFileSync(file, "utf8");
    const again = await run("genesis", ...options);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("exists") });
    expect(readFileSync(file, "utf8")).toBe(before);
    expect((await run("genesis", "--nodeids=2", "-o", file, "--force")).code).toBe(0);
    expect(readGenesisFile(file).config.authorities).toHaveLength(1);
  });

  it("prints the configuration if no file is named", async () => {
    const { code, stdout } = await run("genesis", "--nodeids=2");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ authorities: [addresses[1]], balances: [] });
  });

  it.each([
    [1, ["--nodeids=1,3"], "there is no account in", "node-3"],
    [2, ["--nodeids=1", "--period=99"], "error: --period: must be a whole number from 100", ""],
    [2, ["--nodeids=1", "--name="], "--name: must be a text", ""],
    [1, ["--nodeids=1", "-o", "/dev/null/x"], "cannot write /dev/null/x", ""],
  ])("exits with %i for %j", async (expected, args, message, also) => {
    const { code, stdout, stderr } = await run("genesis", ...args);
    expect({ code, stdout }).toEqual({ code: expected, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toContain(also);
  });
});

describe("init", () => {
  it("makes the genesis block, prints its id and says that so few authorities tolerate no fault", async () => {
    const file = join(folder, "init.json");
    await run("genesis", "--nodeids=1,2", "-o", file);
    const { code, stdout, stderr } = await run("init", "-c", file, "--nodeid=1", "--json");
    expect(code).toBe(0);
    expect(oneLine(stdout)).toEqual({ genesisId: expect.stringMatching(/^0x[0-9a-f]{64}$/) });
    expect(oneLine(stderr)).toMatchObject({ warning: { code: "NO_FAULT_TOLERANCE" } });
    const again = await run("init", "-c", file, "--nodeid=1");
    expect(again.stderr).toContain('start it with "npm start -- --nodeid=1"');
    expect(again).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/^error: [^\n]*\n$/) });
  });

  it("warns of a chain without coins, and of an account that is no authority", async () => {
    const file = join(folder, "mistaken.json");
    const genesis = { name: "x", authorities: [addresses[0]], balances: [] };
    const warningsOf = async (more: object) => {
      writeFileSync(file, JSON.stringify({ ...genesis, ...more }));
      const { code, stderr } = await run("init", "-c", file, "--nodeid=2", "--json");
      expect(code).toBe(0);
      rmSync(join(folder, "node-2", "db"), { recursive: true });
      const warnings = stderr
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).warning.code);
      return warnings.filter((warning) => warning !== "NO_FAULT_TOLERANCE");
    };
    expect(await warningsOf({})).toEqual(["NO_COINS", "NOT_AN_AUTHORITY"]);
    expect(await warningsOf({ blockReward: "1" })).toEqual(["NOT_AN_AUTHORITY"]);
    const balances = [{ address: addresses[0], balance: "5" }];
    expect(await warningsOf({ balances, authorities: addresses })).toEqual([]);
  });

  it("says how the other nodes join, and that a second init makes another chain", async () => {
    const file = join(folder, "joined.json");
    await run("genesis", "--nodeids=2", "-o", file);
    const { stdout } = await run("init", "-c", file, "--nodeid=2");
    expect(stdout).toMatch(
      /^others +npm start -- --nodeid=<id> --genesis=0x[0-9a-f]{64}\n +Run init on one node only/m,
    );
    rmSync(join(folder, "node-2", "db"), { recursive: true });
  });

  it.each([
    ["that is missing", undefined, /cannot read .*npm run -s ccoin -- genesis/],
    ["that is not JSON", "{", /is not JSON/],
    [
      "with a wrong field",
      '{"name":"x","authorities":["cc1x"],"balances":[]}',
      /authorities\[0\]: not an address/,
    ],
  ])("refuses a configuration %s", async (_name, text, message) => {
    const file = join(folder, "bad.json");
    rmSync(file, { force: true });
    if (text !== undefined) writeFileSync(file, text);
    const { code, stderr } = await run("init", "-c", file, "--nodeid=1");
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: [^\n]*\n$/);
  });
});
