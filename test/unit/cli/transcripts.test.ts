import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeAddress } from "../../../src/crypto/address.ts";
import { compared, shaped, transcripts } from "../../transcripts.ts";
import { authorities } from "../support/chain.ts";
import { temporaryFolder } from "../support/database.ts";
import { lostMajority } from "../support/lost-majority.ts";
import { ccoinHere } from "./ccoin.ts";

const recover = "ccoin recover recovery.json --nodeid=1 --authorities=cc1phk…,cc193k…,cc1ae2…";

test("ccoin recover prints what docs/operating.md shows", async () => {
  const folder = await temporaryFolder();
  await lostMajority(folder, { chainName: "school", people: ["Anna", "Bert", "Cleo"] });
  const set = authorities.slice(0, 3).map(({ publicKey }) => encodeAddress(publicKey));
  const file = join(folder, "recovery.json");
  const { code, stdout } = await ccoinHere([
    ...["recover", file, "--nodeid=1", "--datadir", folder],
    `--authorities=${set}`,
  ]);
  expect(code).toBe(0);
  const { shown, printed } = compared(recover, stdout.replaceAll(file, "recovery.json"));
  expect(printed).toEqual(shown);
  // The page omits nothing of this output.
  expect(shaped(stdout)).toHaveLength(shown.length);
});

test("each transcript of docs/operating.md is compared by a test", () => {
  const tests = [
    "test/e2e/recovery",
    "test/e2e/rules",
    "test/e2e/transcripts",
    "test/unit/cli/show-https",
    "test/unit/cli/transcripts",
  ]
    .map((name) => readFileSync(new URL(`../../../${name}.test.ts`, import.meta.url), "utf8"))
    .join("\n");
  expect(transcripts.length).toBeGreaterThan(12);
  const times = new Map<string, number>();
  for (const { command, lines } of transcripts) {
    const occurrence = times.get(command) ?? 0;
    times.set(command, occurrence + 1);
    expect(lines.length, command).toBeGreaterThan(0);
    const calls = tests
      .split(`"${command}"`)
      .slice(1)
      .map((after) => after.split("\n")[0]!);
    const isCompared = calls.some((rest) => (/^, (\d)/.exec(rest)?.[1] ?? "0") === String(occurrence));
    expect([command, isCompared]).toEqual([command, true]);
  }
});

test("an address that contains the beginning of an id, and the reverse, are told apart", () => {
  expect(shaped("cc10x4kvw 0x12cc1ab")).toEqual(["<address> <id>"]);
});
