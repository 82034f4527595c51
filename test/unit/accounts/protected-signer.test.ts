import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyRecord, type ProtectedSigner, type ProtectionRecord } from "../../../src/accounts/index.ts";
import { ProtectionStore } from "../../../src/accounts/protection-store.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { CrashableDatabase } from "../storage/crashable-database.ts";
import { openSigner, plainSigner, rootOf } from "./signing.ts";

const header = (slot: number, root: number) => ({ slot, root: rootOf(root) });
const vote = (sourceRound: number, targetRound: number, root: number) => ({
  sourceRound,
  targetRound,
  root: rootOf(root),
});

describe("headers", () => {
  const cases: [name: string, signed: [number, number][], asked: [number, number], allowed: boolean][] = [
    ["the first one", [], [5, 1], true],
    ["in slot 0", [], [0, 1], true],
    ["in a later slot", [[5, 1]], [6, 2], true],
    ["the same again", [[5, 1]], [5, 1], true],
    ["another in the slot", [[5, 1]], [5, 2], false],
    ["in an earlier slot that is free: the clock was ahead", [[5, 1]], [4, 2], true],
    [
      "another in an earlier slot",
      [
        [4, 2],
        [5, 1],
      ],
      [4, 3],
      false,
    ],
    [
      "the same again in an earlier slot",
      [
        [4, 2],
        [5, 1],
      ],
      [4, 2],
      true,
    ],
    ["with a slot that is no whole number", [], [1.5, 1], false],
    ["with a negative slot", [], [-1, 1], false],
  ];
  test.each(cases)("%s", async (_, signed, asked, allowed) => {
    const signer = await openSigner(new CrashableDatabase());
    for (const [slot, root] of signed) await signer.signHeader(header(slot, root));
    const result = signer.signHeader(header(...asked));
    if (allowed) expect(await result).toEqual(await plainSigner.sign(rootOf(asked[1])));
    else await expect(result).rejects.toMatchObject({ code: "SLASHABLE_HEADER" });
  });
});

/** EIP-3076, "Conditions" 3 to 5 and the minimal database, with rounds for epochs. */
describe("votes", () => {
  type Vote = [source: number, target: number, root: number];
  const cases: [name: string, signed: Vote[], asked: Vote, allowed: boolean][] = [
    ["the first one", [], [0, 1, 1], true],
    ["a later target on the same source", [[0, 1, 1]], [0, 2, 2], true],
    ["a later target and source", [[0, 1, 1]], [1, 2, 2], true],
    [
      "the same again",
      [
        [0, 1, 1],
        [1, 2, 2],
      ],
      [1, 2, 2],
      true,
    ],
    ["a double vote", [[1, 2, 1]], [1, 2, 2], false],
    ["a double vote on another source", [[1, 3, 1]], [2, 3, 2], false],
    ["an earlier target", [[0, 3, 1]], [0, 2, 2], false],
    ["surrounds a vote", [[2, 3, 1]], [1, 4, 2], false],
    [
      "surrounds one before the last",
      [
        [2, 3, 1],
        [2, 5, 2],
      ],
      [1, 6, 3],
      false,
    ],
    ["is surrounded by a vote", [[1, 4, 1]], [2, 3, 2], false],
    [
      "a known one of an earlier round",
      [
        [0, 1, 1],
        [1, 2, 2],
      ],
      [0, 1, 1],
      false,
    ],
    ["source and target in one round", [], [2, 2, 1], false],
    ["a source above its target", [], [3, 2, 1], false],
    ["a round that is no whole number", [], [0, 1.5, 1], false],
    ["the zero round as target", [], [0, 0, 1], false],
  ];
  test.each(cases)("%s", async (_, signed, asked, allowed) => {
    const signer = await openSigner(new CrashableDatabase());
    for (const entry of signed) await signer.signFinalityVote(vote(...entry));
    const result = signer.signFinalityVote(vote(...asked));
    if (allowed) expect(await result).toEqual(await plainSigner.sign(rootOf(asked[2])));
    else await expect(result).rejects.toMatchObject({ code: "SLASHABLE_VOTE" });
  });
});

test("the signer has the address and the public key of its account", async () => {
  const signer = await openSigner(new CrashableDatabase());
  expect([signer.address, signer.publicKey]).toEqual([plainSigner.address, plainSigner.publicKey]);
});

test("remembers signatures after a restart and after pruning", async () => {
  const database = new CrashableDatabase();
  const first = await openSigner(database);
  await first.signHeader(header(7, 1));
  await first.signFinalityVote(vote(3, 5, 1));
  await first.prune({ slot: 100, targetRound: 100 });
  const second = await openSigner(database.restart());
  expect([second.lastSourceRound, second.lastTargetRound]).toEqual([3, 5]);
  expect(second.freeSlotFrom(0)).toBe(100);
  for (const [slot, root] of [
    [7, 2],
    [8, 1],
    [99, 1],
  ] as const)
    await expect(second.signHeader(header(slot, root))).rejects.toMatchObject({ code: "SLASHABLE_HEADER" });
  await expect(second.signHeader(header(7, 2))).rejects.toMatchObject({ code: "SLASHABLE_HEADER" });
  await expect(second.signFinalityVote(vote(2, 6, 2))).rejects.toMatchObject({ code: "SLASHABLE_VOTE" });
  await second.signHeader(header(7, 1));
  await second.signFinalityVote(vote(3, 6, 2));
});

test("pruning forgets no slot above it, although a later one is the last", async () => {
  const signer = await openSigner(new CrashableDatabase());
  for (const slot of [5, 9]) await signer.signHeader(header(slot, 1));
  await signer.prune({ slot: 3, targetRound: 0 });
  expect(signer.freeSlotFrom(5)).toBe(6);
  await expect(signer.signHeader(header(5, 2))).rejects.toMatchObject({ code: "SLASHABLE_HEADER" });
});

test("a restart forgets no slot above the floor", async () => {
  const database = new CrashableDatabase();
  const before = await openSigner(database);
  for (const slot of [0, 1, 2]) await before.signHeader(header(slot, 1));
  const after = await openSigner(database.restart());
  for (const slot of [0, 1, 2])
    await expect(after.signHeader(header(slot, 2))).rejects.toMatchObject({ code: "SLASHABLE_HEADER" });
});

test("pruning that is interrupted leaves no slot below it free", async () => {
  const database = new CrashableDatabase();
  const before = await openSigner(database);
  for (const slot of [5, 9]) await before.signHeader(header(slot, 1));
  const commit = database.commit.bind(database);
  let commits = 0;
  database.commit = (writes) =>
    ++commits === 2 ? Promise.reject(new Error("the disk is full")) : commit(writes);
  await expect(before.prune({ slot: 8, targetRound: 0 })).rejects.toThrow("the disk is full");
  const after = await openSigner(database.restart());
  await expect(after.signHeader(header(5, 2))).rejects.toMatchObject({ code: "SLASHABLE_HEADER" });
});

test("a clock that was an hour ahead keeps the account from nothing but the slot that it signed in", async () => {
  const database = new CrashableDatabase();
  const before = await openSigner(database);
  await before.signHeader(header(7, 1));
  await before.signHeader(header(3_607, 2));
  for (const signer of [before, await openSigner(database.restart())]) {
    expect([6, 7, 8, 3_607].map((slot) => signer.freeSlotFrom(slot))).toEqual([6, 8, 8, 3_608]);
    expect(signer.doubt).toBeUndefined();
    await signer.observeHeader(header(3_607, 2));
  }
  const after = await openSigner(database.restart());
  await after.signHeader(header(8, 3));
  await expect(after.signHeader(header(8, 4))).rejects.toMatchObject({ code: "SLASHABLE_HEADER" });
  await expect(after.signHeader(header(3_607, 5))).rejects.toMatchObject({ code: "SLASHABLE_HEADER" });
  expect(after.freeSlotFrom(3_607)).toBe(3_608);
});

test("signs nothing whose record is not on disk", async () => {
  const database = new CrashableDatabase();
  database.commit = () => Promise.reject(new Error("the disk is full"));
  const signer = await openSigner(database);
  await expect(signer.signHeader(header(1, 1))).rejects.toThrow("the disk is full");
  await expect(signer.signFinalityVote(vote(0, 1, 1))).rejects.toThrow("the disk is full");
  expect([signer.freeSlotFrom(1), signer.lastTargetRound]).toEqual([1, 0]);
});

test("refuses one of two concurrent calls for one slot", async () => {
  const signer = await openSigner(new CrashableDatabase());
  const results = await Promise.allSettled([
    signer.signHeader(header(1, 1)),
    signer.signHeader(header(1, 2)),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
});

type Left =
  | { kind: "header"; slot: number; root: string }
  | { kind: "vote"; source: number; target: number; root: string };

function isSlashable(a: Left, b: Left): boolean {
  if (a.root === b.root) return false;
  if (a.kind === "header" && b.kind === "header") return a.slot === b.slot;
  if (a.kind !== "vote" || b.kind !== "vote") return false;
  return a.target === b.target || (a.source < b.source && b.target < a.target);
}

/** Draws small numbers, so that actions collide. */
const action = fc.oneof(
  fc.record({ kind: fc.constant("header" as const), slot: fc.nat(8), root: fc.nat(3), turns: fc.nat(6) }),
  fc.record({
    kind: fc.constant("vote" as const),
    source: fc.nat(7),
    target: fc.nat(8),
    root: fc.integer({ min: 10, max: 13 }),
    turns: fc.nat(6),
  }),
  fc.record({ kind: fc.constant("crash" as const), survives: fc.boolean() }),
  fc.record({ kind: fc.constant("prune" as const), below: fc.nat(8) }),
);

test("whatever is requested and whenever the power fails, the signatures that left are never slashable", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
      const left: Left[] = [];
      let database = new CrashableDatabase();
      let signer: ProtectedSigner = await openSigner(database);
      for (const step of actions) {
        if (step.kind === "crash") {
          database.crash(() => step.survives);
          database = database.restart();
          signer = await openSigner(database);
        } else if (step.kind === "prune") {
          void signer.prune({ slot: step.below, targetRound: step.below });
        } else {
          // A root stands for one message, which has one slot or one link.
          const root =
            step.kind === "header"
              ? rootOf(step.slot * 8 + step.root)
              : rootOf(100 + (step.target * 8 + step.source) * 2 + (step.root % 2));
          const signing =
            step.kind === "header"
              ? signer.signHeader({ slot: step.slot, root })
              : signer.signFinalityVote({ sourceRound: step.source, targetRound: step.target, root });
          signing.then(
            () =>
              left.push(
                step.kind === "header"
                  ? { kind: "header", slot: step.slot, root: toHex(root) }
                  : { kind: "vote", source: step.source, target: step.target, root: toHex(root) },
              ),
            () => undefined,
          );
          for (let turn = 0; turn < step.turns; turn++) await null;
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
      for (const a of left)
        for (const b of left) expect(isSlashable(a, b), JSON.stringify([a, b])).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test("a record without a floor, from an earlier version, refuses all slots up to its last", async () => {
  const database = new CrashableDatabase();
  const store = new ProtectionStore(database);
  const { floorSlot: _, ...old } = emptyRecord(0);
  await store.save(plainSigner.publicKey, { ...old, slot: 7, slotRoot: rootOf(1) } as ProtectionRecord);
  const signer = await openSigner(database);
  expect(signer.freeSlotFrom(0)).toBe(8);
  await expect(signer.signHeader(header(6, 2))).rejects.toMatchObject({ code: "SLASHABLE_HEADER" });
  await signer.signHeader(header(7, 1));
});
