import { expect, test } from "vitest";
import type { Verify } from "../../../src/crypto/ed25519.ts";
import { type CheckedBefore, SignatureChecks } from "../../../src/mempool/signature-checks.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { testGenesis } from "../support/chain.ts";
import { testPool } from "../support/mempool.ts";
import { verifyHere } from "../support/sync-node.ts";

const { mempool, maker } = await testPool({ genesis: await testGenesis() });
const transfers = await Promise.all([0, 1, 2, 3].map((nonce) => maker.transfer({ nonce })));
// The second transfer has a wrong signature.
transfers[1] = { ...transfers[1]!, signature: transfers[0]!.signature };
const records = mempool.records(transfers);

/** Makes a verifier that answers on command. */
function held(before: CheckedBefore[] = []) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const checked: string[] = [];
  const verify: Verify = async (sets) => {
    checked.push(...sets.map((set) => toHex("message" in set ? set.signature : set.address)));
    await promise;
    return verifyHere(sets);
  };
  return { checks: new SignatureChecks(verify, before, () => false), checked, resolve };
}

test("checks a signature once if several request it at the same time, and all get its verdict", async () => {
  const { checks, checked, resolve } = held();
  const first = checks.verdicts(records.slice(0, 2), "first");
  const second = checks.verdicts(records.slice(1, 4), "first");
  const third = checks.verdicts([...records].reverse(), "first");
  expect(checks.byShortId(records[3]!.id.subarray(0, 8))).toBe(records[3]);
  resolve();
  expect(await first).toEqual([true, false]);
  expect(await second).toEqual([false, true, true]);
  expect(await third).toEqual([true, true, false, true]);
  expect(checked).toEqual(records.map(({ transaction }) => toHex(transaction.signature)));
});

test("a block does not wait for the check of a message, but a message for that of a block", async () => {
  const orders: unknown[] = [];
  const message = Promise.withResolvers<boolean[]>();
  const verify: Verify = (sets, order) => {
    if (sets.length > 0) orders.push([order, sets.length]);
    return order === "later" && sets.length > 0 ? message.promise : verifyHere(sets);
  };
  const checks = new SignatureChecks(verify, [], () => false);
  const ofMessage = checks.verdicts(records, "later");
  const ofBlock = checks.verdicts(records.slice(0, 3), "first");
  const ofOther = checks.verdicts(records.slice(0, 3), "later");
  expect(await ofBlock).toEqual([true, false, true]);
  expect(await ofOther).toEqual([true, false, true]);
  message.resolve([true, false, true, true]);
  expect(await ofMessage).toEqual([true, false, true, true]);
  expect(orders).toEqual([
    ["later", 4],
    ["first", 3],
  ]);
});

test("a message whose turn has not come does not check again what a block has found right", async () => {
  const message = Promise.withResolvers<void>();
  const skipped: boolean[] = [];
  const verify: Verify = async (sets, order, isRight) => {
    if (order === "later") {
      await message.promise;
      for (const index of sets.keys()) skipped.push(isRight!(index));
    }
    return verifyHere(sets);
  };
  const checks = new SignatureChecks(verify, [], () => false);
  const ofMessage = checks.verdicts(records, "later");
  expect(await checks.verdicts(records.slice(0, 3), "first")).toEqual([true, false, true]);
  message.resolve();
  expect(await ofMessage).toEqual([true, false, true, true]);
  expect(skipped).toEqual([true, false, true, false]);
});

test("does not check again what was right lately, and keeps nothing else of finished checks", async () => {
  const { checks, checked, resolve } = held();
  resolve();
  expect(await checks.verdicts(records.slice(0, 2), "first")).toEqual([true, false]);
  expect(checks.byShortId(records[0]!.id.subarray(0, 8))).toBeUndefined();
  expect(await checks.verdicts(records.slice(0, 2), "first")).toEqual([true, false]);
  expect(checked).toEqual([0, 1, 1].map((at) => toHex(records[at]!.transaction.signature)));
  const failing = new SignatureChecks(
    async () => {
      throw new Error("no thread");
    },
    [],
    () => false,
  );
  await expect(failing.verdicts(records, "first")).rejects.toThrow("no thread");
  expect(failing.byShortId(records[0]!.id.subarray(0, 8))).toBeUndefined();
});

test("two messages share a check, and a block's check is known until it ends, also if a message's ends before", async () => {
  const answers: PromiseWithResolvers<boolean[]>[] = [];
  const verify: Verify = (sets) => {
    if (sets.length === 0) return Promise.resolve([]);
    answers.push(Promise.withResolvers());
    return answers.at(-1)!.promise;
  };
  const checks = new SignatureChecks(verify, [], () => false);
  const wrong = records.slice(1, 2);
  const ofMessages = [checks.verdicts(wrong, "later"), checks.verdicts(wrong, "later")];
  expect(answers).toHaveLength(1);
  const ofBlock = checks.verdicts(wrong, "first");
  expect(answers).toHaveLength(2);
  answers[0]!.resolve([false]);
  expect(await Promise.all(ofMessages)).toEqual([[false], [false]]);
  const find = () => checks.byShortId(wrong[0]!.id.subarray(0, 8));
  expect(find()).toBe(wrong[0]);
  answers[1]!.resolve([false]);
  expect(await ofBlock).toEqual([false]);
  expect(find()).toBeUndefined();
});

test("checks nothing that was checked before, in whichever of the places it is", async () => {
  const { checks, checked, resolve } = held([
    { byShortId: () => undefined, has: () => false },
    { byShortId: () => records[0], has: (record) => record === records[0] },
  ]);
  resolve();
  expect(await checks.verdicts(records.slice(0, 1), "first")).toEqual([true]);
  expect(checked).toEqual([]);
  expect(checks.byShortId(records[0]!.id.subarray(0, 8))).toBe(records[0]);
});
