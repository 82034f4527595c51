import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ChainStatus, chainDigest, HeightRequest, ToldPeer } from "../../../protocols/index.ts";
import { endFrame, frame, successFrame } from "../../../protocols/reqresp/frames.ts";
import { computeDomain, signingRoot } from "../../../src/types/index.ts";
import { signRecord } from "../network/sign-record.ts";

const readme = readFileSync(new URL("../../../protocols/README.md", import.meta.url), "utf8");
/** The texts of the page's examples, each up to the end of its paragraph or item. */
const examples = readme
  .split("_Vector._ ")
  .slice(1)
  .map((text) => text.split(/\n\n|\n- /)[0]!.replaceAll(/\s+/g, " "));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const checks: { begins: string; check(text: string): void | Promise<void> }[] = [
  {
    begins: "Genesis id 32 × `07`, type transaction",
    check(text) {
      expect(text).toContain("the domain is `01000000` and 28 × `07`; with the object root 32 × `01`");
      const domain = computeDomain("transaction", new Uint8Array(32).fill(7));
      expect(hex(domain)).toBe(`01000000${"07".repeat(28)}`);
      expect(hex(signingRoot(new Uint8Array(32).fill(1), domain))).toBe(/`([0-9a-f]{64})`/.exec(text)![1]);
    },
  },
  {
    begins: "`height` with `timeMs` = 1",
    check(text) {
      const [, request, head, size, end] =
        /request is `([0-9a-f ]+)`; an answer is `([0-9a-f ]+)` and (\d+) bytes, then `([0-9a-f ]+)`/.exec(
          text,
        )!;
      expect(hex(frame(HeightRequest.serialize({ timeMs: 1 })).subarray())).toBe(
        request!.replaceAll(" ", ""),
      );
      const answer = hex(successFrame(ChainStatus.serialize(ChainStatus.defaultValue())).subarray());
      expect(answer.slice(0, head!.replaceAll(" ", "").length)).toBe(head!.replaceAll(" ", ""));
      expect(answer.length / 2 - head!.replaceAll(" ", "").length / 2).toBe(Number(size));
      expect(hex(endFrame().subarray())).toBe(end!.replaceAll(" ", ""));
    },
  },
  {
    begins: "Genesis id 32 × `07`, no recovery, rules 1",
    check(text) {
      const digest = chainDigest({ genesisId: new Uint8Array(32).fill(7), recoveries: [], rules: 1 });
      expect(text).toContain(`: \`${hex(digest)}\``);
    },
  },
  {
    begins: "The peer with the key seed 32 × `07`",
    async check(text) {
      const addresses = [...text.matchAll(/`(\/ip4[^`]+)`/g)].map(([, address]) => address!);
      const { envelope } = await signRecord(7, addresses, 1n);
      const told = hex(ToldPeer.serialize({ record: envelope, addresses: [1] }));
      expect(/`([0-9a-f ]+)`\.$/.exec(text)![1]!.replaceAll(" ", "")).toBe(told);
    },
  },
];

test("every example on the page has a test here", () => {
  expect(examples.map((text) => checks.find(({ begins }) => text.startsWith(begins))?.begins)).toEqual(
    examples.map((text) => expect.stringContaining(text.slice(0, 12))),
  );
  expect(examples).toHaveLength(checks.length);
});

test.each(checks)("the example that begins $begins is true", async ({ begins, check }) => {
  await check(examples.find((text) => text.startsWith(begins))!);
});
