import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { chainDigest, topic } from "../../../protocols/index.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { toHex, uint32Bytes } from "../../../src/util/bytes.ts";

const readme = readFileSync(new URL("../../../protocols/README.md", import.meta.url), "utf8");
const genesisId = new Uint8Array(32).fill(7);

test("the digest equals the example in the protocols' README, computed by hand", () => {
  const digest = chainDigest({ genesisId, recoveries: [], rules: 1 });
  // Computes the root without a library: three fields make four leaves; an empty list of 2^10 is a zero tree of that
  // depth and its length.
  const zero = new Uint8Array(32);
  let list: Uint8Array = zero;
  for (let depth = 0; depth < 10; depth++) list = sha256(list, list);
  const rules = new Uint8Array(32);
  rules[0] = 1;
  const root = sha256(sha256(genesisId, sha256(list, zero)), sha256(rules, zero));
  expect(toHex(digest)).toBe(toHex(root.slice(0, 4)));
  expect(readme).toContain(`\`${toHex(digest).slice(2)}\``);
  const names = ["blocks", "transactions", "votes", "evidence"] as const;
  for (const name of names)
    expect(topic(name, genesisId, digest)).toBe(
      `/ccoin/${"07".repeat(32)}/${toHex(digest).slice(2)}/${name}/1`,
    );
});

test("the digest depends on the genesis id, the rules, the recoveries and their order", () => {
  const one = new Uint8Array(32).fill(1);
  const two = new Uint8Array(32).fill(2);
  const digests = [
    { genesisId, recoveries: [], rules: 1 },
    { genesisId: one, recoveries: [], rules: 1 },
    { genesisId, recoveries: [], rules: 2 },
    { genesisId, recoveries: [], rules: 2 ** 24 },
    { genesisId, recoveries: [new Uint8Array(32)], rules: 1 },
    { genesisId, recoveries: [one], rules: 1 },
    { genesisId, recoveries: [one, two], rules: 1 },
    { genesisId, recoveries: [two, one], rules: 1 },
  ].map((of) => toHex(chainDigest(of)));
  expect(new Set(digests).size).toBe(digests.length);
  expect(digests.every((digest) => digest.length === 2 + 2 * uint32Bytes(0).length)).toBe(true);
});
