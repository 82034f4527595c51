import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readNetworkKey } from "../../../src/config/network-key.ts";
import { temporaryFolder } from "../support/database.ts";
import { ccoinHere, oneLine } from "./ccoin.ts";

test("makes a key once, for its owner only", async () => {
  const file = join(await temporaryFolder(), "network.key");
  const made = await ccoinHere(["network-key", "-o", file, "--json"]);
  expect([made.code, oneLine(made.stdout)]).toEqual([0, { file }]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readNetworkKey(file).length).toBe(32);
  const text = readFileSync(file, "utf8");
  const again = await ccoinHere(["network-key", "-o", file]);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining(`cannot write ${file}: it exists`)]);
  expect(readFileSync(file, "utf8")).toBe(text);
});
