import { describe, expect, test } from "vitest";
import { codeOf, defaultConfig, extend, genesisParent, namesOf } from "./test-chain.ts";

/** A case; its blocks have the form of `parseBlock`: `A` signs, `A+B` votes to add B, `A-B` to remove it. */
interface Case {
  name: string;
  signers: string;
  blocks: string;
  /** The authorities after all blocks, or the error of the last block. */
  result: string | { code: string };
  epochLength?: number;
}

/** The test cases of EIP-225, in its order. */
const cases: Case[] = [
  { name: "a: one signer, no votes", signers: "A", blocks: "A", result: "A" },
  {
    name: "b: one signer adds two, the second needs two votes",
    signers: "A",
    blocks: "A+B B A+C",
    result: "AB",
  },
  {
    name: "c: two signers add three, the third needs three votes",
    signers: "AB",
    blocks: "A+C B+C A+D B+D C A+E B+E",
    result: "ABCD",
  },
  { name: "d: one signer drops itself", signers: "A", blocks: "A-A", result: "" },
  { name: "e: two signers, one vote drops neither", signers: "AB", blocks: "A-B", result: "AB" },
  { name: "f: two signers, both votes drop one", signers: "AB", blocks: "A-B B-B", result: "A" },
  { name: "g: three signers, two drop the third", signers: "ABC", blocks: "A-C B-C", result: "AB" },
  { name: "h: four signers, two votes drop nobody", signers: "ABCD", blocks: "A-C B-C", result: "ABCD" },
  { name: "i: four signers, three votes drop one", signers: "ABCD", blocks: "A-D B-D C-D", result: "ABC" },
  {
    name: "j: votes to add count once a signer and candidate",
    signers: "AB",
    blocks: "A+C B A+C B A+C",
    result: "AB",
  },
  {
    name: "k: several may be added concurrently",
    signers: "AB",
    blocks: "A+C B A+D B A B+D A B+C",
    result: "ABCD",
  },
  {
    name: "l: votes to remove count once a signer and candidate",
    signers: "AB",
    blocks: "A-B B A-B B A-B",
    result: "AB",
  },
  {
    name: "m: several may be removed concurrently",
    signers: "ABCD",
    blocks: "A-C B C A-D B C A B-D C-D A B-C",
    result: "AB",
  },
  {
    name: "n: votes to remove of a removed signer are discarded",
    signers: "ABC",
    blocks: "C-B A-C B-C A-B",
    result: "AB",
  },
  {
    name: "o: votes to add of a removed signer are discarded",
    signers: "ABC",
    blocks: "C+D A-C B-C A+D",
    result: "AB",
  },
  {
    name: "p: no cascade, only the account voted on changes",
    signers: "ABCD",
    blocks: "A-C B C A-D B-C C A B-D C-D",
    result: "ABC",
  },
  {
    name: "q: a majority reached by a removal is enacted on touch",
    signers: "ABCD",
    blocks: "A-C B C A-D B-C C A B-D C-D A C+C",
    result: "AB",
  },
  {
    name: "r: a majority reached by a removal may be lost on touch",
    signers: "ABCD",
    blocks: "A-C B C A-D B-C C A B-D C-D A B+C",
    result: "ABC",
  },
  {
    name: "s: pending votes do not survive changes of status",
    signers: "ABCDE",
    blocks: "A+F B+F C+F D-F E-F B-F C-F D+F E+F B-A C-A D-A B+F",
    result: "BCDEF",
  },
  {
    name: "t: an epoch clears the votes",
    signers: "AB",
    blocks: "A+C B A B+C",
    result: "AB",
    epochLength: 3,
  },
  {
    name: "u: who is no signer cannot sign",
    signers: "A",
    blocks: "B",
    result: { code: "NOT_AN_AUTHORITY" },
  },
  {
    name: "v: who signed recently cannot sign",
    signers: "AB",
    blocks: "A A",
    result: { code: "SIGNED_RECENTLY" },
  },
  {
    name: "w: an epoch does not clear the recent signers",
    signers: "ABC",
    blocks: "A B A A",
    result: { code: "SIGNED_RECENTLY" },
    epochLength: 3,
  },
];

describe("EIP-225 test cases", () => {
  test("all 23 are here", () => {
    expect(cases.map(({ name }) => name[0]).join("")).toBe("abcdefghijklmnopqrstuvw");
  });

  test.each(cases)("$name", ({ signers, blocks, result, epochLength = 30_000 }) => {
    const config = { ...defaultConfig, epochLength };
    const list = blocks.split(" ");
    if (typeof result === "string") {
      const { snapshot } = extend(genesisParent(signers), list, config);
      expect(namesOf(snapshot.authorities, [..."ABCDEFG"])).toBe(result);
      expect(snapshot.authorities).toHaveLength(result.length);
    } else {
      const before = extend(genesisParent(signers), list.slice(0, -1), config);
      expect(codeOf(() => extend(before, list.slice(-1), config))).toBe(result.code);
    }
  });
});
