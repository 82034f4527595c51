import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkDataIdentity } from "../../../src/accounts/index.ts";
import { ProtectionStore } from "../../../src/accounts/protection-store.ts";
import { LevelDatabase } from "../../../src/storage/level-database.ts";
import { CrashableDatabase } from "../storage/crashable-database.ts";
import { handClock, openSigner, periodMs, rootOf } from "./signing.ts";

const header = (slot: number, root: number) => ({ slot, root: rootOf(root) });
const vote = (sourceRound: number, targetRound: number, root: number) => ({
  sourceRound,
  targetRound,
  root: rootOf(root),
});

describe("which data signed last", () => {
  let base: string;
  let folder: string;
  const machineId = "machine a";
  let machineIdFile: string;

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), "ccoin-copy-"));
    machineIdFile = join(base, "machine-id");
    folder = join(base, "node-1");
    await mkdir(folder);
    await start();
    await start();
  });

  afterEach(() => rm(base, { recursive: true }));

  /** Starts and ends a node; resolves to its reasons for doubt. */
  async function start(at = folder, machine = machineId): Promise<string[]> {
    const paths = { folder: at, db: join(at, "db") };
    await writeFile(machineIdFile, `${machine}\n`);
    const database = await LevelDatabase.open(paths.db);
    try {
      const check = await checkDataIdentity({
        paths,
        store: new ProtectionStore(database),
        machineIdFiles: [machineIdFile],
      });
      await check.note();
      return check.reasons;
    } finally {
      await database.close();
    }
  }

  const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: base });

  test("an ordinary restart, and a folder that was moved", async () => {
    expect(await start()).toEqual([]);
    const moved = join(base, "elsewhere");
    await rename(folder, moved);
    expect(await start(moved)).toEqual([]);
    await rename(moved, folder);
    expect(await start()).toEqual([]);
  });

  test("a new folder", async () => {
    await mkdir(join(base, "node-2"));
    expect(await start(join(base, "node-2"))).toEqual([]);
  });

  test("cp -a, beside the original and in its place", async () => {
    run("cp", "-a", "node-1", "backup");
    expect(await start(join(base, "backup"))).toEqual(["the database folder is a copy"]);
    expect(await start(join(base, "backup"))).toEqual([]);
    expect(await start()).toEqual([]);
    await rm(folder, { recursive: true });
    run("cp", "-a", "backup", "node-1");
    expect(await start()).toContain("the database folder is a copy");
  });

  test("tar, unpacked over the folder and after it was removed", async () => {
    run("tar", "-cf", "backup.tar", "node-1");
    await start();
    await rm(folder, { recursive: true });
    run("tar", "-xf", "backup.tar");
    expect(await start()).toContain("the database folder is a copy");
  });

  test("only the contents of the database are put back, in the same folder", async () => {
    const db = join(folder, "db");
    await cp(db, join(base, "db-backup"), { recursive: true });
    await start();
    for (const name of await readdir(db)) await rm(join(db, name));
    await cp(join(base, "db-backup"), db, { recursive: true });
    expect(await start()).toEqual(["the database and the files beside it are of different ages"]);
  });

  test("the database was removed", async () => {
    await rm(join(folder, "db"), { recursive: true });
    expect(await start()).toEqual(["the database is not the one that signed last"]);
  });

  test("the token was removed, or is another's", async () => {
    await rm(join(folder, "signing-token"));
    expect(await start()).toHaveLength(1);
    await writeFile(join(folder, "signing-token"), "another");
    expect(await start()).toHaveLength(1);
  });

  test("the disk is in another machine", async () => {
    expect(await start(folder, "machine b")).toEqual(["the data comes from another machine"]);
    expect(await start(folder, "machine b")).toEqual([]);
  });

  test("identifies a machine by the first file that has an id, and a folder by inode and time of birth", async () => {
    const files = ["none", "empty", "first", "second"].map((name) => join(base, name));
    for (const [at, text] of ["", " \n", " one\n", "two\n"].entries())
      if (at > 0) await writeFile(files[at]!, text);
    const store = new ProtectionStore(new CrashableDatabase());
    const identityFrom = async (machineIdFiles: string[]) => {
      const paths = { folder: base, db: folder };
      await (await checkDataIdentity({ paths, store, machineIdFiles })).note();
      return store.identity();
    };
    const { ino, birthtimeNs } = await stat(folder, { bigint: true });
    expect(await identityFrom(files)).toMatchObject({ folder: `${ino}:${birthtimeNs}`, machine: "one" });
    expect(await identityFrom(files.slice(0, 2))).toMatchObject({ machine: "" });
  });

  test("does not take an unreadable token for a missing one", async () => {
    await rm(join(folder, "signing-token"));
    // It can be replaced, but not read.
    await symlink("signing-token", join(folder, "signing-token"));
    await expect(start()).rejects.toMatchObject({ code: "ELOOP" });
  });

  test("a crash while the token changes", async () => {
    const paths = { folder, db: join(folder, "db") };
    for (const failAt of [1, 2]) {
      const database = await LevelDatabase.open(paths.db);
      const store = new ProtectionStore(database);
      let saves = 0;
      const crashing = {
        identity: () => store.identity(),
        saveIdentity: async (identity: Parameters<typeof store.saveIdentity>[0]) => {
          if (++saves === failAt) throw new Error("crash");
          await store.saveIdentity(identity);
        },
      };
      const check = await checkDataIdentity({ paths, store: crashing, machineIdFiles: [machineIdFile] });
      await expect(check.note()).rejects.toThrow("crash");
      await database.close();
      expect(await start()).toEqual([]);
    }
  });
});

test("data that signed last is not in doubt, and is noted as such", async () => {
  let noted = 0;
  const note = async () => {
    noted++;
  };
  const signer = await openSigner(new CrashableDatabase(), { identity: { reasons: [], note } });
  expect([signer.doubt, noted]).toEqual([undefined, 1]);
  await signer.signFinalityVote(vote(0, 1, 1));
});

describe("a restored copy", () => {
  const copied = { reasons: ["it is a copy"], note: async () => undefined };

  test("stays in doubt if the network is silent, even with a clock at 0", async () => {
    const signer = await openSigner(new CrashableDatabase(), { listenMs: 0, identity: copied });
    const tries = () => signer.signFinalityVote(vote(90, 1_000, 1)).catch(({ code }) => code);
    expect(await tries()).toBe("SIGNING_DOUBTFUL");
    signer.hearRounds({ reachedRound: 4, justifiedRound: 3, isNeeded: true });
    expect(await tries()).toBe("SIGNING_DOUBTFUL");
    signer.hearRounds({ reachedRound: 4, justifiedRound: 3, isNeeded: true, aliveAfterMs: 0 });
    expect(await tries()).toBeInstanceOf(Uint8Array);
  });

  test("repeats no header of the refused slots but the last, as before a restart", async () => {
    const clock = handClock(5_000);
    const database = new CrashableDatabase();
    const before = await openSigner(database, { clock });
    // The clock was ahead.
    for (const slot of [3, 7]) await before.signHeader(header(slot, slot));
    await openSigner(database, { clock, identity: copied });
    const signer = await openSigner(database, { clock });
    for (const slot of [3, 6])
      await expect(signer.signHeader(header(slot, slot))).rejects.toMatchObject({ code: "SLASHABLE_HEADER" });
    await signer.signHeader(header(7, 7));
  });

  test("doubts its data for any signature without an entry, from slot 0 and the next round on, and says so once", async () => {
    const clock = handClock(10_000);
    for (const slot of [0, 10]) {
      const signer = await openSigner(new CrashableDatabase(), { clock });
      await signer.observeHeader(header(slot, 9));
      expect(signer.doubt).toMatchObject({ headers: true, votes: true, isFinal: false });
      expect(signer.doubt?.reason).toContain("may be older");
    }
    const fresh = await openSigner(new CrashableDatabase(), { clock });
    await fresh.observeVote(vote(0, 1, 1));
    expect(fresh.doubt).toMatchObject({ votes: true });
    const signer = await openSigner(new CrashableDatabase(), { clock });
    for (const slot of [3, 5]) await signer.signHeader(header(slot, slot));
    await signer.signFinalityVote(vote(3, 5, 1));
    await signer.observeVote(vote(3, 6, 2));
    expect(signer.doubt).toMatchObject({ votes: true });
    await expect(signer.signHeader(header(3, 3))).rejects.toMatchObject({ code: "SLASHABLE_HEADER" });
    // Others of the refused slots and rounds do not make it listen anew.
    clock.nowMs += 5_000;
    await signer.observeHeader(header(10, 9));
    await signer.observeHeader(header(9, 9));
    await signer.observeVote(vote(3, 7, 2));
    clock.nowMs += 5_000;
    signer.hearRounds({ reachedRound: 4, justifiedRound: 3, votedAfterMs: clock.nowMs });
    await expect(signer.signFinalityVote(vote(3, 9, 2))).rejects.toMatchObject({ code: "SLASHABLE_VOTE" });
    await signer.signFinalityVote(vote(3, 10, 2));
  });

  test("names the first signature that showed another copy", async () => {
    const signer = await openSigner(new CrashableDatabase(), { clock: handClock(10_000) });
    await signer.observeHeader(header(11, 1));
    await signer.observeHeader(header(12, 1));
    expect(signer.doubt?.reason).toContain("slot 11");
    expect(signer.doubt?.isFinal).toBe(true);
  });

  test("the signer does not doubt its data for its own signatures whose entries were pruned", async () => {
    const database = new CrashableDatabase();
    const before = await openSigner(database, { clock: handClock(20_000) });
    await before.signHeader(header(7, 1));
    await before.signFinalityVote(vote(3, 5, 1));
    await before.prune({ slot: 8, targetRound: 6 });
    for (const signer of [before, await openSigner(database, { clock: handClock(20_000) })]) {
      await signer.observeHeader(header(7, 1));
      await signer.observeVote(vote(3, 5, 1));
      await signer.observeVote(vote(3, 4, 1));
      expect(signer.doubt).toBeUndefined();
    }
  });

  test("signs no header in the slots up to now, also after a restart", async () => {
    const clock = handClock(10_000);
    const database = new CrashableDatabase();
    await (await openSigner(database, { clock })).signHeader(header(10, 1));
    clock.nowMs = 500_500;
    const restored = database.copy();
    for (const identity of [copied, { ...copied, reasons: [] }]) {
      const signer = await openSigner(restored, { clock, identity });
      expect(signer.freeSlotFrom(0)).toBe(501);
      expect(signer.doubt).toMatchObject({ headers: true });
      for (const slot of [10, 11, 500])
        await expect(signer.signHeader(header(slot, 2))).rejects.toMatchObject({ code: "SLASHABLE_HEADER" });
    }
    clock.nowMs += periodMs;
    const signer = await openSigner(restored, { clock });
    await signer.signHeader(header(501, 2));
  });

  test("votes only above what it may have voted, and once it has heard and listened", async () => {
    const clock = handClock(10_000);
    const database = new CrashableDatabase();
    await (await openSigner(database, { clock })).signFinalityVote(vote(4, 5, 1));
    clock.nowMs = 110_000;
    const options = { clock, identity: copied, listenMs: 10_000 };
    let signer = await openSigner(database.copy(), options);
    const refused = (source: number, target: number, code: string) =>
      expect(signer.signFinalityVote(vote(source, target, 2))).rejects.toMatchObject({ code });
    await refused(900, 1000, "SIGNING_DOUBTFUL");
    signer.hearRounds({ reachedRound: 20, justifiedRound: 18 });
    await refused(900, 1000, "SIGNING_DOUBTFUL");
    clock.nowMs += 5_000;
    signer.hearRounds({ reachedRound: 30, justifiedRound: 17, votedAfterMs: 120_000 });
    await refused(900, 1000, "SIGNING_DOUBTFUL");
    clock.nowMs += 5_000;
    // A time-out after a quorum had reached round 30 adds one round, and a start another.
    await refused(18, 32, "SLASHABLE_VOTE");
    await refused(17, 33, "SLASHABLE_VOTE");
    expect([signer.lastTargetRound, signer.refusedToRound, signer.lastSourceRound]).toEqual([5, 32, 18]);
    await signer.signFinalityVote(vote(18, 33, 2));
    expect(signer.doubt).toBeUndefined();

    signer = await openSigner(database.copy(), { ...options, roundsAlone: (ms) => ms / 10_000 });
    await refused(900, 1000, "SIGNING_DOUBTFUL");
    clock.nowMs += 10_000;
    // Only round 12 is left.
    await refused(5, 19, "SLASHABLE_VOTE");
    expect(signer.lastTargetRound).toBe(19);
    await signer.signFinalityVote(vote(5, 20, 2));

    signer = await openSigner(database.copy(), { ...options, roundsAlone: () => 1 });
    signer.hearRounds({ reachedRound: 40, justifiedRound: 38 });
    clock.nowMs += 10_000;
    await refused(37, 90, "SLASHABLE_VOTE");
    await signer.signFinalityVote(vote(38, 90, 2));
  });

  test("goes on doubting after a restart, since the same time", async () => {
    const clock = handClock(10_000);
    const database = new CrashableDatabase();
    await openSigner(database, { clock }).then((signer) => signer.signFinalityVote(vote(4, 5, 1)));
    const seen: number[] = [];
    const roundsAlone = (ms: number) => {
      seen.push(ms);
      return undefined;
    };
    for (const nowMs of [50_000, 55_000]) {
      clock.nowMs = nowMs;
      await openSigner(database, { clock, identity: copied });
    }
    clock.nowMs = 60_000;
    const signer = await openSigner(database.restart(), {
      clock,
      listenMs: 0,
      roundsAlone,
    });
    expect(signer.doubt).toMatchObject({ votes: true });
    signer.hearRounds({ reachedRound: 9, justifiedRound: 8, votedAfterMs: 60_000 });
    await signer.signFinalityVote(vote(8, 12, 2));
    expect(signer.refusedToRound).toBe(12);
    expect(seen).toEqual([50_000]);
  });

  test("detects that it is a copy by its own signatures in the network, where the files show nothing", async () => {
    const clock = handClock(10_000);
    const database = new CrashableDatabase();
    const first = await openSigner(database, { clock });
    await first.signHeader(header(10, 1));
    const rolledBack = database.copy();
    clock.nowMs = 20_000;
    await first.signHeader(header(20, 1));
    clock.nowMs = 30_500;
    const signer = await openSigner(rolledBack, { clock });
    await signer.observeHeader(header(10, 1));
    expect(signer.doubt).toBeUndefined();
    await signer.observeHeader(header(20, 1));
    expect(signer.doubt).toMatchObject({ headers: true, votes: true });
    expect(signer.freeSlotFrom(0)).toBe(31);
    await signer.observeHeader(header(21, 1));
    clock.nowMs += periodMs;
    await signer.signHeader(header(31, 1));
  });

  test("stops when another copy signs now", async () => {
    const clock = handClock(10_000);
    const signer = await openSigner(new CrashableDatabase(), { clock });
    await signer.signHeader(header(11, 1));
    await signer.observeHeader(header(11, 1));
    await signer.signHeader(header(12, 1));
    await signer.observeHeader(header(11, 2));
    expect(signer.doubt).toMatchObject({ headers: true, votes: true });
    await expect(signer.signHeader(header(13, 1))).rejects.toMatchObject({ code: "SIGNING_DOUBTFUL" });
    await expect(signer.signFinalityVote(vote(0, 1, 1))).rejects.toMatchObject({ code: "SIGNING_DOUBTFUL" });
  });

  test("an unknown own vote is a reason to doubt whenever it comes; one from after the start is another copy's", async () => {
    const clock = handClock(100_000);
    const signer = await openSigner(new CrashableDatabase(), { clock, listenMs: 10_000 });
    const hear = () => {
      clock.nowMs += 10_000;
      signer.hearRounds({ reachedRound: 3, justifiedRound: 1, votedAfterMs: clock.nowMs });
    };
    await signer.signFinalityVote(vote(0, 1, 1));
    await signer.observeVote(vote(0, 1, 1));
    expect(signer.doubt).toBeUndefined();
    await signer.observeVote(vote(1, 7, 1), 99_000);
    hear();
    await expect(signer.signFinalityVote(vote(1, 9, 2))).rejects.toMatchObject({ code: "SLASHABLE_VOTE" });
    await signer.signFinalityVote(vote(1, 10, 2));
    await signer.observeVote(vote(1, 10, 2));
    await signer.observeVote(vote(1, 9, 1));
    await signer.signFinalityVote(vote(1, 11, 2));
    // Another old vote, in a round that was not refused; its time is known to within 10 s.
    for (const votedAfterMs of [undefined, 99_000, 110_000]) {
      await signer.observeVote(vote(2, signer.lastTargetRound + 5, 3), votedAfterMs);
      expect(signer.doubt).toMatchObject({ votes: true });
      await expect(signer.signFinalityVote(vote(2, 90, 2))).rejects.toMatchObject({
        code: "SIGNING_DOUBTFUL",
      });
      hear();
      await signer.signFinalityVote(vote(2, signer.lastTargetRound + 8, 2));
      expect(signer.doubt).toBeUndefined();
    }
    await signer.observeVote(vote(2, signer.lastTargetRound + 5, 3), 110_001);
    hear();
    await expect(signer.signFinalityVote(vote(2, 190, 1))).rejects.toMatchObject({
      code: "SIGNING_DOUBTFUL",
    });
    expect(signer.doubt?.reason).toContain("another copy");
  });

  test("the signer does not surround its own vote of a refused round either, once it has seen it", async () => {
    const clock = handClock(100_000);
    const signer = await openSigner(new CrashableDatabase(), { clock, listenMs: 0, identity: copied });
    signer.hearRounds({ reachedRound: 20, justifiedRound: 4, votedAfterMs: 100_000 });
    await signer.signFinalityVote(vote(4, 23, 1));
    await signer.observeVote(vote(19, 20, 2), 99_000);
    clock.nowMs += 1;
    signer.hearRounds({ reachedRound: 20, justifiedRound: 4, votedAfterMs: clock.nowMs });
    await expect(signer.signFinalityVote(vote(18, 40, 1))).rejects.toMatchObject({ code: "SLASHABLE_VOTE" });
    await signer.signFinalityVote(vote(19, 40, 1));
  });

  test("votes only after two thirds have signed 10 s after its start, whatever peers claim", async () => {
    const clock = handClock(100_000);
    const signer = await openSigner(new CrashableDatabase(), { clock, identity: copied });
    const tries = () => signer.signFinalityVote(vote(90, 1_000, 1)).catch(({ code }) => code);
    clock.nowMs += 600_000;
    const told = { reachedRound: 4, justifiedRound: 3 };
    for (const heard of [
      {},
      { aliveAfterMs: 109_999, isNeeded: true },
      { votedAfterMs: 109_999 },
      { aliveAfterMs: 129_999 },
    ]) {
      signer.hearRounds({ ...told, ...heard });
      expect(await tries()).toBe("SIGNING_DOUBTFUL");
    }
    signer.hearRounds({ ...told, votedAfterMs: 110_000 });
    expect(await tries()).toBeInstanceOf(Uint8Array);
  });

  test("contradicts an earlier vote only if all its peers pass on nothing but blocks for 30 s; one honest peer prevents that", async () => {
    const clock = handClock(10_000);
    const database = new CrashableDatabase();
    const original = await openSigner(database, { clock });
    await original.signFinalityVote(vote(3, 4, 1));
    const backup = database.copy();
    const lost = vote(8, 9, 2);
    await original.signFinalityVote(lost);
    clock.nowMs = 100_000;
    const restored = () => openSigner(backup.copy(), { clock, identity: copied });
    const [deceived, connected] = [await restored(), await restored()];
    clock.nowMs += 30_000;
    const shown = { reachedRound: 4, justifiedRound: 3, aliveAfterMs: clock.nowMs };
    deceived.hearRounds(shown);
    connected.hearRounds(shown);
    connected.hearRounds({ reachedRound: 10, justifiedRound: 9, votedAfterMs: clock.nowMs });
    const around = vote(3, 12, 3);
    expect(around.sourceRound < lost.sourceRound && lost.targetRound < around.targetRound).toBe(true);
    await expect(connected.signFinalityVote(around)).rejects.toMatchObject({ code: "SLASHABLE_VOTE" });
    expect(await deceived.signFinalityVote(around)).toBeInstanceOf(Uint8Array);
  });

  test.each([
    ["others that make blocks for 30 s and justify nothing", { aliveAfterMs: 130_000 }],
    ["others that need its vote to justify anything", { aliveAfterMs: 110_000, isNeeded: true }],
  ])("the restored copy does not keep a chain that needs its vote from finality: %s", async (_, heard) => {
    const clock = handClock(100_000);
    const signer = await openSigner(new CrashableDatabase(), { clock, identity: copied });
    clock.nowMs += 60_000;
    signer.hearRounds({ reachedRound: 4, justifiedRound: 3, ...heard });
    await expect(signer.signFinalityVote(vote(2, 7, 1))).rejects.toMatchObject({ code: "SLASHABLE_VOTE" });
    await expect(signer.signFinalityVote(vote(3, 6, 1))).rejects.toMatchObject({ code: "SLASHABLE_VOTE" });
    await signer.signFinalityVote(vote(3, 7, 1));
  });
});
