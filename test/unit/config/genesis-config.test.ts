import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkChainConfig, checkCoinbase, parseGenesis, readGenesisFile } from "../../../src/config/index.ts";
import { encodeAddress } from "../../../src/crypto/address.ts";
import { ChainConfig, Coinbase } from "../../../src/types/index.ts";
import { UserError } from "../../../src/util/errors.ts";
import { testAddresses } from "../support/addresses.ts";

const keys = testAddresses(1026);
const key = (n: number) => keys[n]!;
const address = (n: number) => encodeAddress(key(n));
const authorities = (count: number) => Array.from({ length: count }, (_, n) => address(n));
const maxAmount = (2n ** 64n - 1n).toString();

const valid = {
  name: "test",
  authorities: [address(2), address(1)],
  balances: [
    { address: address(1), balance: "120" },
    { address: address(3), balance: "0" },
  ],
};

describe("parseGenesis", () => {
  it("fills in the defaults and sorts the authorities", () => {
    expect(parseGenesis(valid, "genesis.json")).toEqual({
      config: {
        name: new TextEncoder().encode("test"),
        symbol: new TextEncoder().encode("CC"),
        decimals: 0,
        slotMs: 600_000,
        epochLength: 30_000,
        parameters: {
          periodMs: 600_000,
          emptyBlockPeriodMs: 600_000,
          maxBlockTransactions: 32_768,
          maxBlockBytes: 8 * 2 ** 20,
          blockReward: 0n,
          minFee: 0n,
          rules: 1,
        },
        authorities: [key(1), key(2)],
        names: [],
      },
      coinbase: {
        balances: [
          { address: key(1), balance: 120n },
          { address: key(3), balance: 0n },
        ],
      },
    });
  });

  it("takes every field at its limits, and what it makes survives its encoding and its own check", () => {
    const limits = [
      { name: "x", periodMs: 100, epochLength: 1, emptyBlockPeriodMs: 0, maxBlockTransactions: 1 },
      {
        name: "ä".repeat(32),
        periodMs: 2 ** 31 - 1,
        epochLength: 2 ** 32 - 1,
        emptyBlockPeriodMs: 2 ** 31 - 1,
        maxBlockTransactions: 65_536,
      },
    ];
    const amounts = {
      blockReward: maxAmount,
      minFee: maxAmount,
      balances: [{ address: address(1), balance: maxAmount }],
    };
    const wide = { authorities: authorities(1024), maxBlockBytes: 16 * 2 ** 20, ...amounts };
    for (const genesis of [
      { ...valid, ...limits[0], maxBlockBytes: 1024 },
      { ...valid, ...limits[1], ...wide },
    ]) {
      const { config, coinbase } = parseGenesis(genesis, "genesis.json");
      checkChainConfig(config);
      checkCoinbase(coinbase);
      expect(ChainConfig.deserialize(ChainConfig.serialize(config))).toEqual(config);
      expect(Coinbase.deserialize(Coinbase.serialize(coinbase))).toEqual(coinbase);
    }
  });

  it("takes a unit, a slot and names of addresses, sorted by address", () => {
    const names = [
      { address: address(3), name: "Cleo" },
      { address: address(1), name: "Ann" },
    ];
    const { config } = parseGenesis({ ...valid, symbol: "€", decimals: 2, slotMs: 5_000, names }, "");
    expect(config).toMatchObject({ symbol: new TextEncoder().encode("€"), decimals: 2, slotMs: 5_000 });
    expect(config.names.map(({ name }) => new TextDecoder().decode(name))).toEqual(["Ann", "Cleo"]);
    checkChainConfig(config);
  });

  it("makes a slot as long as the period unless told otherwise", () => {
    expect(parseGenesis({ ...valid, periodMs: 200 }, "").config.slotMs).toBe(200);
  });

  it.each([
    ["a slot that is longer than the period", { slotMs: 600_001 }, "slotMs: must be at most periodMs"],
    [
      "an address that is named twice",
      { names: [1, 1].map((fill) => ({ address: address(fill), name: "A" })) },
      "names[1].address: is listed twice",
    ],
    ["a long symbol", { symbol: "x".repeat(17) }, "symbol: must be a text of 1 to 16 bytes"],
    ["too many decimals", { decimals: 20 }, "decimals: must be a whole number from 0 to 19"],
  ])("refuses %s", (_, fields, message) => {
    expect(() => parseGenesis({ ...valid, ...fields }, "genesis.json")).toThrow(message);
  });

  it("gives empty blocks the chain's period unless told otherwise", () => {
    expect(parseGenesis({ ...valid, periodMs: 1000 }, "").config.parameters.emptyBlockPeriodMs).toBe(1000);
    expect(parseGenesis({ ...valid, emptyBlockPeriodMs: 0 }, "").config.parameters.emptyBlockPeriodMs).toBe(
      0,
    );
  });

  const balance = (...entries: unknown[]) => ({ balances: entries });
  it.each<[string, unknown, string]>([
    ["no object", null, "must be an object"],
    ["a list", [], "must be an object"],
    ["a misspelled field", { period: 1000 }, 'unknown field "period": remove it or correct its spelling'],
    ["no name", { name: undefined }, "name: must be a text of 1 to 64 bytes"],
    ["an empty name", { name: " " }, "name: must be a text of 1 to 64 bytes"],
    ["a name of 65 bytes", { name: `${"ä".repeat(32)}x` }, "name: must be a text of 1 to 64 bytes"],
    ["a name of two lines", { name: "a\nb" }, "without control characters"],
    ["a period below 100 ms", { periodMs: 99 }, "periodMs: must be a whole number from 100 to 2147483647 ms"],
    ["a period as text", { periodMs: "1000" }, "periodMs: must be a whole number"],
    ["half a millisecond", { periodMs: 100.5 }, "periodMs: must be a whole number"],
    ["an epoch of 0", { epochLength: 0 }, "epochLength: must be a whole number from 1"],
    [
      "empty blocks faster than blocks",
      { emptyBlockPeriodMs: 5 },
      "emptyBlockPeriodMs: must be 0 (no empty blocks) or",
    ],
    [
      "no transactions",
      { maxBlockTransactions: 0 },
      "maxBlockTransactions: must be a whole number from 1 to 65536",
    ],
    ["too many transactions", { maxBlockTransactions: 65_537 }, "maxBlockTransactions: must be"],
    [
      "too large blocks",
      { maxBlockBytes: 16 * 2 ** 20 + 1 },
      "maxBlockBytes: must be a whole number from 1024 to",
    ],
    ["too small blocks", { maxBlockBytes: 1023 }, "maxBlockBytes: must be"],
    ["a negative reward", { blockReward: "-1" }, 'blockReward: "-1" is not an amount'],
    ["a fee as number", { minFee: 1 }, 'minFee: write an amount as a string, such as "120"'],
    ["no authorities", { authorities: undefined }, "authorities: is missing: list addresses"],
    ["no authority", { authorities: [] }, "authorities: name at least one authority"],
    ["1025 authorities", { authorities: authorities(1025) }, "authorities: at most 1024 authorities"],
    ["a mistyped address", { authorities: [address(1), "cc1x"] }, "authorities[1]: not an address"],
    [
      "an authority twice",
      { authorities: [address(1), address(2), address(1)] },
      "authorities[2]: is listed twice",
    ],
    ["no balances", { balances: undefined }, "balances: is missing: list {address, balance}"],
    [
      "balances as object",
      { balances: { [address(1)]: "1" } },
      "balances: must be a list of {address, balance}",
    ],
    ["a balance as text", balance("120"), "balances[0]: must be {address, balance}"],
    ["no balance", balance({ address: address(1) }), "balances[0].balance: is missing"],
    [
      "a balance as number",
      balance({ address: address(1), balance: 5 }),
      "balances[0].balance: write an amount as",
    ],
    [
      "a fraction",
      balance({ address: address(1), balance: "1.5" }),
      'balances[0].balance: "1.5" is not an amount',
    ],
    ["a leading zero", balance({ address: address(1), balance: "01" }), "balances[0].balance: "],
    [
      "a balance above u64",
      balance({ address: address(1), balance: (2n ** 64n).toString() }),
      "above the largest",
    ],
    [
      "a balance of very many digits",
      balance({ address: address(1), balance: "1".repeat(1_000) }),
      `balances[0].balance: ${"1".repeat(40)} is above the largest amount`,
    ],
    [
      "a field too many",
      balance({ address: address(1), balance: "1", nonce: 0 }),
      'balances[0]: unknown field "nonce"',
    ],
    [
      "an address twice, once in capitals",
      balance({ address: address(1), balance: "1" }, { address: address(1).toUpperCase(), balance: "1" }),
      "balances[1].address: is listed twice: remove one",
    ],
    [
      "a sum above u64",
      balance({ address: address(1), balance: maxAmount }, { address: address(2), balance: "1" }),
      "balances: their sum is above the largest amount, 18446744073709551615: lower them",
    ],
  ])("refuses %s in one line", (_name, change, message) => {
    const value =
      typeof change === "object" && change !== null && !Array.isArray(change)
        ? { ...valid, ...change }
        : change;
    const parse = () => parseGenesis(value, "my.json");
    expect(parse).toThrow(UserError);
    expect(parse).toThrow(message);
    expect(parse).toThrow(/^my\.json: [^\n]*$/);
  });

  it("counts further errors", () => {
    expect(() => parseGenesis({ ...valid, periodMs: 1, epochLength: 0 }, "g")).toThrow(
      /^g: periodMs: .* \(and 1 more\)$/,
    );
  });
});

describe("readGenesisFile", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ccoin-genesis-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (text: string) => {
    const file = join(folder, "genesis.json");
    writeFileSync(file, text);
    return file;
  };

  it("reads a file", () => {
    expect(readGenesisFile(write(JSON.stringify(valid))).config.authorities).toHaveLength(2);
  });

  it("says that there is none, and how to make one", () => {
    expect(() => readGenesisFile(join(folder, "no.json"))).toThrow(
      /cannot read .*no\.json.*ccoin -- genesis/,
    );
  });

  it.each(["", "{", '{\n  "name": "x",\n}\n'])("says in one line that it is not JSON: %j", (text) => {
    expect(() => readGenesisFile(write(text))).toThrow(/^[^\n]*genesis\.json is not JSON: [^\n]*$/);
  });
});
