import { expect, test } from "vitest";
import {
  emptyRecord,
  exportInterchange,
  importInterchange,
  type ProtectionRecord,
  signerFromSeed,
} from "../../../src/accounts/index.ts";
import type { HeaderEntry, VoteEntry } from "../../../src/accounts/protection.ts";
import { ProtectionStore } from "../../../src/accounts/protection-store.ts";
import { CrashableDatabase } from "../storage/crashable-database.ts";
import { handClock, openSigner, plainSigner, rootOf } from "./signing.ts";

const genesisId = `0x${"ab".repeat(32)}`;
const account = plainSigner.publicKey;
const chain = { genesisId, account };

const exported = async (database: CrashableDatabase) =>
  (await exportInterchange(new ProtectionStore(database), chain)).text;
const importInto = (database: CrashableDatabase, text: string) =>
  importInterchange(new ProtectionStore(database), text, { ...chain, nowMs: 0 });
/** An import from another database refuses all slots up to its last. */
const limits = ({ slot, floorSlot, sourceRound, targetRound, targetRoot, votedRound }: ProtectionRecord) => ({
  refusedToSlot: Math.max(slot, floorSlot),
  sourceRound,
  targetRound,
  targetRoot,
  votedRound,
});

async function signed(headers: [number, number][], votes: [number, number, number][]) {
  const database = new CrashableDatabase();
  const signer = await openSigner(database, { clock: handClock() });
  for (const [slot, root] of headers) await signer.signHeader({ slot, root: rootOf(root) });
  for (const [sourceRound, targetRound, root] of votes)
    await signer.signFinalityVote({ sourceRound, targetRound, root: rootOf(root) });
  return { database, signer };
}

test("the exported file has the chain, the account and what it signed", async () => {
  const { database } = await signed(
    [
      [3, 1],
      [9, 2],
    ],
    [[0, 4, 3]],
  );
  expect(JSON.parse(await exported(database))).toEqual({
    metadata: { interchange_format_version: "1", genesis_id: genesisId },
    data: [
      {
        address: plainSigner.address,
        signed_headers: [
          { slot: "3", signing_root: `0x${"01".repeat(32)}` },
          { slot: "9", signing_root: `0x${"02".repeat(32)}` },
        ],
        signed_votes: [{ source_round: "0", target_round: "4", signing_root: `0x${"03".repeat(32)}` }],
      },
    ],
  });
});

test.each([
  ["everything", (database: CrashableDatabase) => database],
  [
    "what was pruned",
    async (database: CrashableDatabase) => {
      await new ProtectionStore(database).prune(account, { slot: 1000, targetRound: 1000 });
      return database;
    },
  ],
  [
    "what is refused for doubt",
    async (database: CrashableDatabase) => {
      const clock = handClock(50_000);
      const identity = { reasons: ["a copy"], note: async () => undefined };
      const signer = await openSigner(database, {
        clock,
        identity,
        listenMs: 0,
      });
      signer.hearRounds({ reachedRound: 20, justifiedRound: 19, votedAfterMs: 50_000 });
      await signer
        .signFinalityVote({ sourceRound: 0, targetRound: 1, root: rootOf(1) })
        .catch(() => undefined);
      expect(signer.refusedToRound).toBe(22);
      return database;
    },
  ],
])("a round trip keeps %s", async (_, change) => {
  const { database } = await signed(
    [
      [3, 1],
      [9, 2],
    ],
    [
      [0, 4, 3],
      [4, 6, 4],
    ],
  );
  const text = await exported(await change(database));
  const other = new CrashableDatabase();
  await importInto(other, text);
  const [a, b] = await Promise.all([database, other].map((each) => new ProtectionStore(each).load(account)));
  expect(limits(b!)).toEqual(limits(a!));
  expect(b!.floorSlot).toBe(limits(a!).refusedToSlot);
  await importInto(other, text);
  expect(await exported(other)).toBe(text);
});

test("a database in doubt exports its doubt, with the earlier time if both have one", async () => {
  const { database } = await signed([], [[3, 4, 1]]);
  const clock = handClock(60_000);
  await openSigner(database, { clock, identity: { reasons: ["a copy"], note: async () => undefined } });
  const since = (await new ProtectionStore(database).load(account))!.votesDoubtfulSinceMs!;
  const text = await exported(database);
  const moved = new CrashableDatabase();
  await importInto(moved, text);
  const signer = await openSigner(moved, { clock });
  expect(signer.doubt).toMatchObject({ votes: true });
  await expect(
    signer.signFinalityVote({ sourceRound: 4, targetRound: 5, root: rootOf(3) }),
  ).rejects.toMatchObject({ code: "SIGNING_DOUBTFUL" });
  const doubted = async (into: CrashableDatabase, sinceMs: number) => {
    await importInto(
      into,
      text.replace(`"votes_doubtful_since": "${since}"`, `"votes_doubtful_since": "${sinceMs}"`),
    );
    return (await new ProtectionStore(into).load(account))!.votesDoubtfulSinceMs;
  };
  expect(await doubted(moved, since + 5)).toBe(since);
  const other = new CrashableDatabase();
  expect(await doubted(other, since + 5)).toBe(since + 5);
  expect(await doubted(other, since)).toBe(since);
  // A database without a doubt exports none.
  const sure = await signed([], [[3, 4, 1]]);
  expect(await exported(sure.database)).not.toContain("doubtful");
  await importInto(moved, await exported(sure.database));
  expect((await new ProtectionStore(moved).load(account))!.votesDoubtfulSinceMs).toBe(since);
});

test("merging keeps the higher limits of both, and refuses a slot or round where they differ", async () => {
  const a = await signed([[9, 1]], [[5, 6, 1]]);
  const b = await signed(
    [
      [4, 2],
      [9, 2],
    ],
    [
      [0, 3, 2],
      [1, 8, 2],
    ],
  );
  await importInto(a.database, await exported(b.database));
  const signer = await openSigner(a.database);
  expect([signer.lastSourceRound, signer.lastTargetRound]).toEqual([5, 8]);
  for (const root of [1, 2])
    await expect(signer.signHeader({ slot: 9, root: rootOf(root) })).rejects.toMatchObject({
      code: "SLASHABLE_HEADER",
    });
  await signer.signFinalityVote({ sourceRound: 1, targetRound: 8, root: rootOf(2) });
  await expect(
    signer.signFinalityVote({ sourceRound: 4, targetRound: 9, root: rootOf(3) }),
  ).rejects.toMatchObject({ code: "SLASHABLE_VOTE" });
});

test.each<[string, string, (text: string) => string]>([
  ["of another chain", "WRONG_CHAIN", (text) => text.replace(genesisId, `0x${"cd".repeat(32)}`)],
  ["cut off", "BAD_PROTECTION_FILE", (text) => text.slice(0, -20)],
  ["empty", "BAD_PROTECTION_FILE", () => ""],
  ["of a later format", "BAD_PROTECTION_FILE", (text) => text.replace('"1"', '"2"')],
  ["with a damaged address", "BAD_PROTECTION_FILE", (text) => text.replace("cc1", "cc1q")],
  ["with a damaged root", "BAD_PROTECTION_FILE", (text) => text.replace("0101", "01")],
  ["with a damaged number", "BAD_PROTECTION_FILE", (text) => text.replace('"3"', '"-3"')],
  ["with a number too large", "BAD_PROTECTION_FILE", (text) => text.replace('"3"', '"9999999999999999"')],
  ["without votes", "BAD_PROTECTION_FILE", (text) => text.replace("signed_votes", "votes")],
  ["of nobody", "WRONG_ACCOUNT", (text) => JSON.stringify({ ...JSON.parse(text), data: [] })],
])("a file %s is one clear error and changes nothing", async (_, code, damage) => {
  const text = await exported((await signed([[3, 1]], [[0, 4, 3]])).database);
  const database = new CrashableDatabase();
  const error = await importInto(database, damage(text)).catch((caught) => caught);
  expect(error).toMatchObject({ code });
  expect(await new ProtectionStore(database).load(account)).toBeUndefined();
});

test("an account that has signed nothing exports nothing, and one of several accounts is imported", async () => {
  const none = JSON.parse(await exported(new CrashableDatabase()));
  expect(none.data).toEqual([{ address: plainSigner.address, signed_headers: [], signed_votes: [] }]);
  const file = JSON.parse(await exported((await signed([[3, 1]], [[0, 4, 3]])).database));
  const other = signerFromSeed(new Uint8Array(32).fill(2)).address;
  const foreign = { ...file.data[0], address: other, signed_headers: [{ slot: "99" }] };
  const database = new CrashableDatabase();
  const text = JSON.stringify({ ...file, data: [foreign, ...file.data, ...file.data] });
  expect(await importInto(database, text)).toEqual({ headers: 2, votes: 2 });
  expect((await new ProtectionStore(database).load(account))!.slot).toBe(3);
  await expect(importInto(database, JSON.stringify({ ...file, data: [foreign] }))).rejects.toMatchObject({
    code: "WRONG_ACCOUNT",
  });
});

test("the time of an import into an empty database is that of the call", async () => {
  const text = await exported((await signed([[3, 1]], [])).database);
  const store = new ProtectionStore(new CrashableDatabase());
  await importInterchange(store, text, { ...chain, nowMs: 77 });
  expect((await store.load(account))!.timeMs).toBe(77);
});

/** Entries as [slot] and [source, target], with `+` for those with a root. */
test.each<[string, Partial<ProtectionRecord>, HeaderEntry[], VoteEntry[], string[], string[]]>([
  ["an empty record", {}, [], [], [], []],
  ["slot 0", { slot: 0, slotRoot: rootOf(1) }, [], [], ["0+"], []],
  ["a slot without a root", { slot: 5 }, [], [], ["5"], []],
  ["the slot of the last entry", { slot: 5 }, [{ slot: 5, root: rootOf(1) }], [], ["5+"], []],
  ["a floor above", { slot: 5, slotRoot: rootOf(1), floorSlot: 9 }, [], [], ["5+", "9"], []],
  ["a floor at the slot", { slot: 5, slotRoot: rootOf(1), floorSlot: 5 }, [], [], ["5+"], []],
  ["a floor below the last entry", { floorSlot: 3 }, [{ slot: 5, root: rootOf(1) }], [], ["5+"], []],
  ["a floor above the last entry", { floorSlot: 8 }, [{ slot: 5, root: rootOf(1) }], [], ["5+", "8"], []],
  ["a floor at 0", { floorSlot: 0 }, [], [], ["0"], []],
  ["rounds", { sourceRound: 1, targetRound: 2, targetRoot: rootOf(1) }, [], [], [], ["1>2+"]],
  ["refused rounds", { sourceRound: 1, targetRound: 2 }, [], [], [], ["1>2"]],
  [
    "the rounds of the last entry",
    { sourceRound: 1, targetRound: 2, targetRoot: rootOf(1) },
    [],
    [{ sourceRound: 1, targetRound: 2, root: rootOf(1) }],
    [],
    ["1>2+"],
  ],
  [
    "a target above the last entry's",
    { sourceRound: 1, targetRound: 5, targetRoot: rootOf(2) },
    [],
    [{ sourceRound: 1, targetRound: 2, root: rootOf(1) }],
    [],
    ["1>2+", "1>5+"],
  ],
  [
    "a source above every entry's",
    { sourceRound: 3, targetRound: 9, targetRoot: rootOf(1) },
    [],
    [
      { sourceRound: 2, targetRound: 8, root: rootOf(2) },
      { sourceRound: 1, targetRound: 9, root: rootOf(1) },
    ],
    [],
    ["2>8+", "1>9+", "3>9"],
  ],
  [
    "a source at the highest of the entries",
    { sourceRound: 2, targetRound: 9, targetRoot: rootOf(1) },
    [],
    [
      { sourceRound: 2, targetRound: 8, root: rootOf(2) },
      { sourceRound: 1, targetRound: 9, root: rootOf(1) },
    ],
    [],
    ["2>8+", "1>9+"],
  ],
])(
  "exports the limits that the entries do not show: %s",
  async (_, record, headers, votes, slots, rounds) => {
    const database = new CrashableDatabase();
    const store = new ProtectionStore(database);
    await store.save(account, { ...emptyRecord(0), ...record }, { headers, votes });
    const { text, ...counts } = await exportInterchange(store, chain);
    const [data] = JSON.parse(text).data;
    type Entry = Record<"slot" | "source_round" | "target_round" | "signing_root", string>;
    const mark = (entry: Entry) => (entry.signing_root ? "+" : "");
    expect(data.signed_headers.map((entry: Entry) => entry.slot + mark(entry))).toEqual(slots);
    expect(
      data.signed_votes.map((entry: Entry) => `${entry.source_round}>${entry.target_round}${mark(entry)}`),
    ).toEqual(rounds);
    expect(counts).toEqual({ headers: slots.length, votes: rounds.length });
  },
);

test("the file of a copy carries the doubt that a start of the copy would raise", async () => {
  const { database } = await signed([[9, 2]], [[3, 4, 1]]);
  const exportCopy = async (from: CrashableDatabase, copyAtSlot: number) =>
    (await exportInterchange(new ProtectionStore(from), { ...chain, copyAtSlot })).text;
  const moved = new CrashableDatabase();
  await importInto(moved, await exportCopy(database, 20));
  const signer = await openSigner(moved, { clock: handClock(60_000) });
  expect(signer.doubt).toMatchObject({ votes: true });
  await expect(signer.signHeader({ slot: 20, root: rootOf(5) })).rejects.toThrow();
  await expect(
    signer.signFinalityVote({ sourceRound: 4, targetRound: 5, root: rootOf(3) }),
  ).rejects.toMatchObject({ code: "SIGNING_DOUBTFUL" });
  // A copy from before the first signature knows of none.
  expect(await exportCopy(new CrashableDatabase(), 20)).toMatch(/"slot": "20".*"votes_doubtful_since": "0"/s);
});
