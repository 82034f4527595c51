import { expect, test, vi } from "vitest";
import { type ChainParticipant, Participants } from "../../../src/chain/participants.ts";
import { keyOf } from "../../../src/storage/key-spaces.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { codeOf, testChain } from "../support/chain.ts";
import { MemoryDatabase } from "../support/database.ts";

const key = (name: string) => keyOf("meta", new TextEncoder().encode(name));

/** Makes a participant that writes its name with each change, and notes each call with the head at that time. */
function participant(name: string, notes: string[], height: () => number): ChainParticipant {
  const prepared = (what: string) => {
    notes.push(`${name} prepares ${what} at ${height()}`);
    return {
      writes: [{ key: key(name), value: Uint8Array.of(1) }],
      applied: () => void notes.push(`${name} follows ${what} at ${height()}`),
    };
  };
  return {
    prepare: async ({ head }, _after, pause) => {
      await pause();
      return () => prepared(`head ${head.height}`);
    },
    prepareFinal: (block) => prepared(`final ${block.height}`),
  };
}

test("participants prepare and follow in their order, in one batch with the block, before any observer", async () => {
  const notes: string[] = [];
  const database = new MemoryDatabase();
  const node = await testChain({
    database,
    participants: (chain) => ["a", "b"].map((name) => participant(name, notes, () => chain.head.height)),
  });
  node.chain.events.on("head", () => notes.push("an observer hears"));
  const tip = await node.maker.block(node.maker.start());
  const { commits } = database;
  await node.addAll(tip);
  expect(database.commits).toBe(commits + 1);
  expect([await database.get(key("a")), await database.get(key("b"))]).toEqual([
    Uint8Array.of(1),
    Uint8Array.of(1),
  ]);
  const atHead = ["a prepares head 1 at 0", "b prepares head 1 at 0", "a follows head 1 at 1"];
  expect(notes).toEqual([...atHead, "b follows head 1 at 1", "an observer hears"]);

  notes.length = 0;
  const start = { round: 0, height: 0, block: node.chain.genesis.id };
  const first = { round: 1, height: 1, block: tip.id };
  const links = [
    { source: start, target: first },
    { source: first, target: { ...first, round: 2 } },
  ];
  for (const link of links) await node.chain.justify({ link, voters: [], signatures: [] } as never);
  const final = ["a prepares final 1 at 1", "b prepares final 1 at 1", "a follows final 1 at 1"];
  expect(notes).toEqual([...final, "b follows final 1 at 1"]);
});

test("participants prepare with pauses, and then all of them in the turn of the write", async () => {
  const notes: string[] = [];
  const participants = new Participants(silentLogger);
  participants.join(["a", "b"].map((name) => participant(name, notes, () => 0)));
  const change = { head: { height: 1 }, retracted: [], applied: [] } as never;
  const prepare = await participants.prepare(change, {} as never, async () => void notes.push("pause"));
  expect(notes).toEqual(["pause", "pause"]);
  expect(prepare().writes).toHaveLength(2);
  expect(notes.slice(2)).toEqual(["a prepares head 1 at 0", "b prepares head 1 at 0"]);
});

test("no participant follows a change that was not written", async () => {
  const notes: string[] = [];
  const database = new MemoryDatabase();
  const node = await testChain({
    database,
    participants: () => [participant("a", notes, () => 0)],
  });
  database.failing = 1;
  const [block] = (await node.maker.block(node.maker.start())).blocks;
  expect(await codeOf(node.add(block!))).toBe("WRITE_FAILED");
  expect(notes).toEqual(["a prepares head 1 at 0"]);
});

test("a participant that cannot follow ends the process after the others have followed, and the import does not fail", async () => {
  const fails = vi.spyOn(globalThis, "queueMicrotask").mockImplementation(() => undefined);
  const notes: string[] = [];
  const broken: ChainParticipant = {
    prepare: async () => () => ({
      writes: [],
      applied: () => {
        throw new Error("it cannot follow");
      },
    }),
    prepareFinal: () => ({ writes: [], applied: () => undefined }),
  };
  const node = await testChain({ participants: () => [broken, participant("b", notes, () => 1)] });
  const [block] = (await node.maker.block(node.maker.start())).blocks;
  fails.mockClear();
  expect(await node.add(block!)).toBe("head");
  const [fail] = fails.mock.calls.at(-1)!;
  fails.mockRestore();
  expect(fail).toThrow("it cannot follow");
  expect(notes.at(-1)).toBe("b follows head 1 at 1");
});

test("participants join once, and before the first change", () => {
  const participants = new Participants(silentLogger);
  expect(() => participants.prepareFinal({ height: 1, id: new Uint8Array(32) })).toThrow("have joined");
  participants.join([]);
  expect(participants.prepareFinal({ height: 1, id: new Uint8Array(32) }).writes).toEqual([]);
  expect(() => participants.join([])).toThrow("already");
});
