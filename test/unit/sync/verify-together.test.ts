import { expect, test } from "vitest";
import type { SignatureSet, Verify } from "../../../src/crypto/ed25519.ts";
import { verifyTogether } from "../../../src/sync/verify-together.ts";

const set = (valid: number): SignatureSet => ({
  publicKey: new Uint8Array(),
  message: new Uint8Array([valid]),
  signature: new Uint8Array(),
});

test("what is asked for at once is verified in one call, and each gets its own verdicts", async () => {
  const calls: number[] = [];
  const verify: Verify = async (sets) => {
    calls.push(sets.length);
    return sets.map(({ message }) => message[0] === 1);
  };
  const together = verifyTogether(verify);
  const verdicts = [together([set(1), set(0)]), together([]), together([set(0), set(1), set(1)])];
  expect(await Promise.all(verdicts)).toEqual([[true, false], [], [false, true, true]]);
  expect(await together([set(1)])).toEqual([true]);
  expect(calls).toEqual([5, 1]);
});

test("a verifier that fails fails all that asked, and nobody later", async () => {
  let fails = true;
  const together = verifyTogether(async (sets) => {
    if (fails) throw new Error("gone");
    return sets.map(() => true);
  });
  const both = [together([set(1)]), together([set(1)])];
  for (const one of both) await expect(one).rejects.toThrow("gone");
  fails = false;
  expect(await together([set(1)])).toEqual([true]);
});
