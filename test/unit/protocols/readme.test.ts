import { readFileSync } from "node:fs";
import {
  ByteVectorType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  type Type,
  UintNumberType,
} from "@chainsafe/ssz";
import { describe, expect, test } from "vitest";
import * as protocols from "../../../protocols/index.ts";
import { resultCodes, topicNames } from "../../../protocols/index.ts";
import { parameterLimits } from "../../../src/config/parameter-limits.ts";
import {
  leaderOf,
  minority,
  quorum,
  roundTimeoutMs,
  settledRound,
  targetSpacing,
} from "../../../src/consensus/finality.ts";
import { banMs, banScore, offences } from "../../../src/network/scores.ts";
import { blockFaults, transactionFaults, voteFaults } from "../../../src/sync/verdicts.ts";
import * as genesisTypes from "../../../src/types/genesis.ts";
import * as types from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { allProtocols } from "./all-protocols.ts";

const readme = readFileSync(new URL("../../../protocols/README.md", import.meta.url), "utf8");
/** Returns the rows of all tables as cells without code marks. */
function tableRows(text: string): string[][] {
  const lines = text.split("\n").filter((line) => line.startsWith("| "));
  return lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.replaceAll("`", "").trim()),
  );
}
const rows = tableRows(readme);
const row = (first: string) => rows.find(([cell]) => cell === first);
const number = (cell: string | undefined) => Number(cell?.replaceAll(",", ""));

test.each(allProtocols.map((protocol) => [protocol.id, protocol] as const))(
  "the table has %s",
  (id, protocol) => {
    const cells = row(id);
    expect(cells?.slice(4, 8).map(number)).toEqual([
      protocol.maxRequestBytes,
      protocol.maxResponseBytes,
      protocol.maxChunks,
      protocol.maxTotalBytes,
    ]);
    expect(cells?.slice(8)).toEqual([
      `${protocol.timeoutMs / 1_000} s`,
      `${protocol.quota.requests} / ${protocol.quota.perMs / 1_000} s`,
    ]);
    expect(cells?.[1]).toBe(protocol.request.typeName);
    expect(cells?.[3]).toBe(protocol.ack?.typeName ?? "");
  },
);

const exported: [string, unknown][] = Object.entries({ ...types, ...genesisTypes, ...protocols });
const containers = exported.filter(
  (entry): entry is [string, ContainerType<Record<string, Type<unknown>>>] =>
    // `EncodedBlock` is another view of the bytes of a `Block`.
    entry[1] instanceof ContainerType && entry[0] !== "EncodedBlock",
);

/** Formats a limit like the page, which writes powers of two above 1024 as such. */
function limitText(limit: number): string {
  const exponent = Math.log2(limit);
  return limit > 1024 && Number.isInteger(exponent) ? `2^${exponent}` : String(limit);
}

/** Formats a type like the page. */
function typeText(type: Type<unknown>): string {
  if (type === types.Count) return "Count";
  if (type === types.Amount) return "Amount";
  if (type === types.ShortId) return "ShortId";
  if (type === types.Transactions) return "Transactions";
  if (type instanceof UintNumberType) return `uint${8 * type.byteLength}`;
  if (type instanceof ByteVectorType) return `Bytes${type.lengthBytes}`;
  if (type instanceof ListCompositeType || type instanceof ListBasicType)
    return `List[${typeText(type.elementType)}, ${limitText(type.limit)}]`;
  return type.typeName;
}

const plainGenesisBlock = new ContainerType({
  header: types.SignedHeader,
  payload: genesisTypes.GenesisPayload,
});

test.each(containers)(
  "%s has the fields, types and sizes that the table gives, in order",
  (name, container) => {
    const described = rows.filter(([cell]) => cell === name);
    expect(described).toHaveLength(1);
    const [, cell, bytes] = described[0]!;
    // Explanations are in parentheses.
    const fields = cell!.replaceAll(/ ?\([^)]*\)/g, "").replaceAll(/ +/g, " ");
    const expected = Object.entries(container.fields).map(([field, type]) => `${field}: ${typeText(type)}`);
    // The compact form is left encoded: 8 bytes for each short id.
    if (name !== "EncodedCompactBlock") expect(fields).toBe(expected.join(", "));
    if (bytes === undefined) return;
    // The coinbase of a genesis block is left encoded: a list of bytes without a least size.
    const { minSize, maxSize } = name === "GenesisBlock" ? plainGenesisBlock : container;
    const english = (size: number) => size.toLocaleString("en");
    const range = minSize === maxSize ? english(minSize) : `${english(minSize)} – ${english(maxSize)}`;
    expect([range, `from ${english(minSize)}`]).toContain(bytes);
  },
);

test("the signing domains are those of the code", () => {
  const domains = tableRows(readme.slice(readme.indexOf("**Addresses**"), readme.indexOf("**Slots.**")));
  expect(
    domains.filter(([, bytes]) => /^[0-9a-f]{8}/.test(bytes!)).map(([, bytes]) => bytes!.slice(0, 8)),
  ).toEqual(Object.values(types.domainTypes).map((bytes) => toHex(bytes).slice(2)));
});

describe("docs/consensus.md", () => {
  const page = readFileSync(new URL("../../../docs/consensus.md", import.meta.url), "utf8");
  const cells = tableRows(page);

  test("leaves the fields of containers to this page", () => {
    const names = new Set(containers.map(([name]) => name));
    expect(cells.filter(([first]) => names.has(first!))).toEqual([]);
  });

  test("docs/consensus.md gives the numbers and limits of parameters that the code has", () => {
    const { minPeriodMs, maxPeriodMs, maxBlockTransactions, minBlockBytes, maxBlockBytes } = parameterLimits;
    const english = (value: number) => value.toLocaleString("en");
    expect(maxPeriodMs).toBe(2 ** 31 - 1);
    expect(cells.filter(([, name]) => Object.hasOwn(types.parameterNumbers, name!))).toEqual([
      ["1", "periodMs", expect.stringMatching(`^${minPeriodMs} to 2\\^31 - 1, at least slotMs`)],
      ["2", "emptyBlockPeriodMs", "0, or from periodMs to 2^31 - 1"],
      ["3", "minFee", "any amount"],
      ["4", "blockReward", "any amount"],
      ["5", "maxBlockTransactions", `1 to ${english(maxBlockTransactions)}`],
      ["6", "maxBlockBytes", `${english(minBlockBytes)} to ${english(maxBlockBytes)}`],
      ["7", "rules", "one more than it is, at most 2^32 - 1"],
    ]);
    const numbers = cells.map(([first, name]) => [name, Number(first)]);
    expect(numbers).toEqual(expect.arrayContaining(Object.entries(types.parameterNumbers)));
  });

  test("names each reason for which the code refuses a block, and no other", () => {
    const sections = page.slice(page.indexOf("## 3. Block validity"), page.indexOf("## 4. Votes"));
    const elsewhere = page.slice(page.indexOf("## 6. Fork choice"));
    const named = (text: string) => [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)+|MALFORMED|OVERFLOW|EXPIRED)`/g)];
    const codes = new Set([...named(sections), ...named(elsewhere)].map(([, code]) => code));
    for (const code of Object.keys(blockFaults)) expect(codes).toContain(code);
    const known = [blockFaults, transactionFaults, voteFaults].flatMap(Object.keys);
    expect([...codes].filter((code) => !known.includes(code!))).toEqual(["CONFLICTING_FINALITY"]);
  });

  test("docs/consensus.md gives the quorums and times of finality that the code has", () => {
    const value = (name: string) => cells.find(([first]) => first === name)?.[1];
    expect(value("quorum")).toContain("2n // 3 + 1");
    expect(value("minority")).toContain("n // 3 + 1");
    for (let n = 1; n <= 1024; n++) {
      expect([quorum(n), minority(n)]).toEqual([Math.floor((2 * n) / 3) + 1, Math.floor(n / 3) + 1]);
    }
    const spacingMs = Number(/^ceil\((\d+) ms \/ periodMs\) heights$/.exec(value("target spacing")!)?.[1]);
    for (const periodMs of [100, 124, 125, 249, 250, 1000]) {
      expect(targetSpacing(periodMs)).toBe(Math.ceil(spacingMs / periodMs));
    }
    expect(value("settled round")).toBe(
      "that of the highest justified checkpoint, or the round after the final one's, if that is lower",
    );
    const at = (round: number) => ({ round, height: round, block: new Uint8Array(32) });
    for (const [justified, settled] of [
      [3, 3],
      [4, 4],
      [9, 4],
    ] as const)
      expect(settledRound({ justified: at(justified), finalized: at(3) })).toBe(settled);
    expect(value("leader of a round")).toBe("the authority whose index in the head's set is round mod n");
    const set = [0, 1, 2, 3].map((fill) => new Uint8Array(32).fill(fill));
    expect(leaderOf(set, 11)).toBe(set[11 % 4]);
    const timeout = /^(\d+) ms, doubled .*, at most (\d+) s$/.exec(value("round time-out")!)!;
    expect(roundTimeoutMs(1)).toBe(Number(timeout[1]));
    expect(roundTimeoutMs(1000)).toBe(1000 * Number(timeout[2]));
  });
});

test("result codes, topics and points are those of the code", () => {
  for (const [name, code] of Object.entries(resultCodes)) expect(row(String(code))?.[1]).toBe(name);
  for (const name of Object.values(topicNames)) expect(row(name)).toBeDefined();
  const points = tableRows(readme.slice(readme.indexOf("## 6. Penalties")))
    .filter((cells) => cells.length === 3 && /^\d+$/.test(cells[1]!))
    .map(([, cell]) => Number(cell));
  expect(points.sort()).toEqual(
    Object.values(offences)
      .map((offence) => offence.points)
      .sort(),
  );
  expect(readme).toContain(`At ${banScore} the peer is disconnected`);
  expect(readme).toContain(`accepted for ${banMs / 60_000} minutes`);
});
