import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseRecoveries, readRecoveryFile, recoveryFile } from "../../../src/config/index.ts";
import { checkRecoveries, nextRecoveryRound, recoveryId } from "../../../src/consensus/index.ts";
import { encodeAddress } from "../../../src/crypto/address.ts";
import type { Recovery } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { authorities } from "../support/chain.ts";
import { recoveryAt } from "../support/recovery.ts";

const folder = mkdtempSync(join(tmpdir(), "recovery-"));
afterAll(() => rmSync(folder, { recursive: true }));

const genesisId = new Uint8Array(32).fill(1);
const at = (height: number, byte: number) => ({
  header: { height } as never,
  id: new Uint8Array(32).fill(byte),
});
const first = recoveryAt(genesisId, at(10, 2), authorities.slice(0, 3));
const second = recoveryAt(genesisId, at(20, 3), authorities.slice(2, 4), first);
const json = () => structuredClone(recoveryFile(genesisId, [first, second]));

const problemOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
  return "none";
};

describe("a recovery file", () => {
  test("says all that its ids cover, and is read back as it was written", () => {
    const text = JSON.stringify(json());
    expect(parseRecoveries(JSON.parse(text), "f")).toEqual([first, second]);
    expect(json().recoveries[1]).toEqual({
      id: toHex(recoveryId(second)),
      block: { height: 20, id: toHex(second.block.id) },
      round: second.round,
      authorities: second.authorities.map(encodeAddress),
      parameters: { ...second.parameters, blockReward: "5", minFee: "1" },
    });
  });

  test("reads the same recovery in whatever order the file lists the authorities", () => {
    const file = json();
    file.recoveries[0]!.authorities.reverse();
    expect(parseRecoveries(file, "f")).toEqual([first, second]);
  });

  test.each<[string, (file: ReturnType<typeof json>) => void, RegExp]>([
    ["a changed height", (file) => file.recoveries[0]!.block.height++, /recoveries\[0\]\.id.*was changed/],
    ["a changed round", (file) => file.recoveries[0]!.round++, /was changed/],
    ["a changed genesis", (file) => (file.genesisId = `0x${"05".repeat(32)}`), /was changed/],
    ["a changed block", (file) => (file.recoveries[0]!.block.id = `0x${"05".repeat(32)}`), /was changed/],
    [
      "an authority less",
      (file) => file.recoveries[1]!.authorities.pop(),
      /recoveries\[1\]\.id.*was changed/,
    ],
    ["without the earlier one", (file) => file.recoveries.shift(), /was changed/],
    ["without any", (file) => (file.recoveries = []), /recoveries: there is none/],
    [
      "without authorities",
      (file) => (file.recoveries[0]!.authorities = []),
      /authorities: name one at least/,
    ],
    [
      "an authority that is no address",
      (file) => (file.recoveries[0]!.authorities[0] = "cc1x"),
      /authorities\[0\]/,
    ],
    ["an id that is none", (file) => (file.genesisId = "0x12"), /genesisId: must be an id/],
    [
      "a changed parameter",
      (file) => (file.recoveries[0]!.parameters.minFee = "2"),
      /recoveries\[0\]\.id.*was changed/,
    ],
    [
      "a parameter that is out of range",
      (file) => (file.recoveries[0]!.parameters.maxBlockBytes = 1023),
      /parameters\.maxBlockBytes: must be a whole number from 1024/,
    ],
    [
      "without a parameter",
      (file) => Reflect.deleteProperty(file.recoveries[0]!.parameters, "rules"),
      /parameters\.rules/,
    ],
    ["another field", (file) => Object.assign(file, { more: 1 }), /unknown field "more"/],
  ])("refuses a recovery file with %s", (_name, change, problem) => {
    const file = json();
    change(file);
    const message = problemOf(() => parseRecoveries(file, "recovery.json"));
    expect(message).toMatch(/^BAD_RECOVERY: recovery\.json: /);
    expect(message).toMatch(problem);
  });

  test.each<[string, unknown]>([
    ["genesis.json", { name: "a chain", authorities: [], balances: [] }],
    ["account.json", { genesisId: toHex(genesisId) }],
    ["list.json", [first]],
    ["text.json", "recoveries"],
    ["null.json", null],
  ])("%s is said to be none, with the command that writes one", (file, content) => {
    const problem = `BAD_RECOVERY: ${file} is not a recovery file: name the file that "ccoin recover" has written`;
    expect(problemOf(() => parseRecoveries(content, file))).toContain(problem);
  });

  test("refuses a file that is missing or no JSON, and says what to do", () => {
    expect(problemOf(() => readRecoveryFile(join(folder, "none")))).toMatch(/BAD_RECOVERY.*"ccoin recover"/);
    writeFileSync(join(folder, "text"), "recovery");
    expect(problemOf(() => readRecoveryFile(join(folder, "text")))).toMatch(/BAD_RECOVERY.*is not JSON/);
  });
});

describe("a list of recoveries", () => {
  const check = (...recoveries: Recovery[]) => problemOf(() => checkRecoveries(recoveries, { slotMs: 1000 }));
  const notFirst = { ...first, block: { ...first.block, height: 9 } };

  test("accepts recoveries that follow each other, also from one block", () => {
    expect(check(first, second)).toBe("none");
    expect(check(first, recoveryAt(genesisId, at(10, 2), authorities.slice(3), first))).toBe("none");
  });

  test.each<[string, Recovery[], RegExp]>([
    ["of two chains", [first, { ...second, genesisId: new Uint8Array(32) }], /another chain/],
    ["out of order", [second, first], /recovery 1 .* follows/],
    ["without the one before", [second], /follows/],
    ["at genesis", [{ ...first, block: { height: 0, id: genesisId } }], /no block above genesis/],
    ["at no height", [{ ...first, block: { height: 2 ** 53, id: genesisId } }], /no block above genesis/],
    ["below the one before", [first, recoveryAt(genesisId, at(9, 2), authorities, first)], /below/],
    [
      "beside the one before",
      [first, recoveryAt(genesisId, at(10, 4), authorities, first)],
      /same height as that of the previous recovery, but another block/,
    ],
    ["in the round before", [first, { ...second, round: first.round }], /round is out of range/],
    ["in round 0", [{ ...first, round: 0 }], /round is out of range/],
    ["in a round that leaves none", [{ ...first, round: 2 ** 52 + 1 }], /round is out of range/],
    ["without authorities", [{ ...notFirst, authorities: [] }], /no authority/],
    [
      "with an authority twice",
      [{ ...first, authorities: [first.authorities[0]!, first.authorities[0]!] }],
      /ascend/,
    ],
    ["with authorities that descend", [{ ...first, authorities: first.authorities.toReversed() }], /ascend/],
    ["with an authority of no key", [{ ...first, authorities: [new Uint8Array(32)] }], /no key/],
  ])("%s is refused", (_name, recoveries, problem) => {
    expect(check(...recoveries)).toMatch(problem);
  });

  test("begins in rounds above all that are known", () => {
    expect([0, 1, 2 ** 32 - 1, 2 ** 32].map(nextRecoveryRound)).toEqual([2 ** 32, 2 ** 32, 2 ** 32, 2 ** 33]);
  });
});
