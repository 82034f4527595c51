import { spawn } from "node:child_process";
import { once } from "node:events";
import { ClassicLevel } from "classic-level";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { seal } from "../../../src/storage/checksum.ts";
import { keyOf } from "../../../src/storage/key-spaces.ts";
import { LevelDatabase } from "../../../src/storage/level-database.ts";
import { uint32Bytes } from "../../../src/util/bytes.ts";
import { codeOf } from "../support/chain.ts";
import { temporaryDatabase, temporaryFolder, toArray } from "../support/database.ts";

const key = (number: number) => keyOf("header", uint32Bytes(number));
const value = (number: number) => new Uint8Array(100).fill(number);

/** Counts the batches for LevelDB, and can make them fail. */
function watchBatches() {
  const calls = { sizes: [] as number[], syncs: [] as unknown[], fail: undefined as Error | undefined };
  const original = ClassicLevel.prototype.batch as () => ReturnType<ClassicLevel["batch"]>;
  const spy = vi.spyOn(ClassicLevel.prototype, "batch").mockImplementation(function (this: ClassicLevel) {
    const batch = original.call(this);
    const write = batch.write.bind(batch);
    batch.write = (async (options?: { sync?: boolean }) => {
      calls.sizes.push(batch.length);
      calls.syncs.push(options?.sync);
      if (calls.fail) {
        await batch.close();
        throw calls.fail;
      }
      await write(options as never);
    }) as typeof batch.write;
    return batch as never;
  } as never);
  onTestFinished(() => spy.mockRestore());
  return calls;
}

describe("group commit", () => {
  test("a commit that follows another at once is written too", async () => {
    const { database } = await temporaryDatabase();
    for (let number = 0; number < 50; number++)
      await database.commit([{ key: key(number), value: value(number) }]);
    expect(await database.get(key(49))).toEqual(value(49));
  });

  test("one synced batch carries all commits that wait, in their order", async () => {
    const { database } = await temporaryDatabase();
    const calls = watchBatches();
    const first = database.commit([{ key: key(0), value: value(0) }]);
    await new Promise((resolve) => setImmediate(resolve));
    const others = Array.from({ length: 40 }, (_, number) =>
      database.commit([
        { key: key(number), value: value(number) },
        { key: key(1000), value: value(number) },
      ]),
    );
    await Promise.all([first, ...others]);
    expect(calls.sizes).toEqual([1, 80]);
    expect(calls.syncs).toEqual([true, true]);
    expect(await database.get(key(1000))).toEqual(value(39));
  });

  test("commits of one turn share a batch; an empty one writes nothing", async () => {
    const { database } = await temporaryDatabase();
    const calls = watchBatches();
    await Promise.all([
      database.commit([]),
      database.commit([{ key: key(1), value: value(1) }]),
      database.commit([{ key: key(2), value: value(2) }]),
    ]);
    await database.commit([]);
    expect(calls.sizes).toEqual([2]);
  });

  test.each([
    ["many small", 20_000, 10, 6],
    ["few large", 64, 2 ** 18, 22],
  ])("%s entries are put into a batch in slices of a few ms", async (_, entries, bytes, slices) => {
    const { database } = await temporaryDatabase();
    const same = new Uint8Array(bytes);
    const turns: number[] = [];
    let turn = 0;
    const next = () => {
      turn++;
      tick = setImmediate(next);
    };
    let tick = setImmediate(next);
    const writes = Array.from({ length: entries }, (_, number) => ({
      key: key(number),
      get value() {
        turns[turn] = (turns[turn] ?? 0) + 1;
        return same;
      },
    }));
    await database.commit(writes);
    clearImmediate(tick);
    expect(turns.filter(Boolean).length).toBeLessThanOrEqual(slices);
    for (const read of turns) if (read) expect(read).toBeLessThanOrEqual(2 ** 20 / Math.max(bytes, 256));
    expect(await database.get(key(entries - 1))).toEqual(same);
  });

  test("a failed write rejects its whole group, says so once, and the next group is tried by itself", async () => {
    const failures: Error[] = [];
    const { database } = await temporaryDatabase((error) => failures.push(error));
    const calls = watchBatches();
    calls.fail = new Error("IO error: No space left on device");
    const group = [1, 2, 3].map((number) => database.commit([{ key: key(number), value: value(number) }]));
    expect(await Promise.all(group.map(codeOf))).toEqual(Array(3).fill("WRITE_FAILED"));
    expect(failures.map(({ message }) => message)).toEqual([
      "cannot write to the database: IO error: No space left on device",
    ]);
    calls.fail = undefined;
    await database.commit([{ key: key(4), value: value(4) }]);
    expect(await database.getMany([key(1), key(4)])).toEqual([undefined, value(4)]);
  });

  test("close waits for what is being written", async () => {
    const folder = await temporaryFolder();
    const database = await LevelDatabase.open(folder);
    const commits = Array.from({ length: 20 }, (_, number) =>
      database.commit([{ key: key(number), value: value(number) }]),
    );
    await database.close();
    await Promise.all(commits);
    const again = await LevelDatabase.open(folder);
    expect(await again.get(key(19))).toEqual(value(19));
    await again.close();
  });
});

describe("checksums", () => {
  /** Writes raw bytes under a key, past the checksum. */
  async function plant(folder: string, raw: Uint8Array) {
    const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
      keyEncoding: "view",
      valueEncoding: "view",
    });
    await level.open();
    await level.put(key(7), raw);
    await level.close();
  }

  test.each([
    ["a flipped bit", (sealed: Uint8Array) => sealed.with(3, sealed[3]! ^ 1)],
    ["a flipped bit of the checksum", (sealed: Uint8Array) => sealed.with(-1, sealed.at(-1)! ^ 0x80)],
    ["a shorter value", (sealed: Uint8Array) => sealed.slice(0, -1)],
    ["less than a checksum", () => Uint8Array.of(1, 2)],
    ["nothing", () => new Uint8Array()],
    ["the value of another key", () => seal(key(8), value(7))],
  ])("%s is named, not served", async (_, damage) => {
    const folder = await temporaryFolder();
    await plant(folder, damage(seal(key(7), value(7))));
    const database = await LevelDatabase.open(folder);
    onTestFinished(() => database.close());
    const error = /database is damaged: header entry 0x00000007 does not match its checksum.*start again/;
    await expect(database.get(key(7))).rejects.toThrow(error);
    await expect(database.getMany([key(7)])).rejects.toMatchObject({ code: "DAMAGED" });
    const all = database.iterate({ gte: key(0), lt: key(99) });
    await expect(toArray(all)).rejects.toMatchObject({ code: "DAMAGED" });
  });

  test("an empty value is a value", async () => {
    const { database } = await temporaryDatabase();
    await database.commit([{ key: key(1), value: new Uint8Array() }]);
    expect(await database.get(key(1))).toEqual(new Uint8Array());
    expect(await database.get(key(2))).toBeUndefined();
  });
});

test("iterates in order, in reverse, to a limit, over more than one read", async () => {
  const { database } = await temporaryDatabase();
  const writes = Array.from({ length: 2500 }, (_, number) => ({ key: key(number), value: value(number) }));
  await database.commit(writes);
  const read = async (options: object) => {
    const keys: number[] = [];
    for await (const [found] of database.iterate({ gte: key(10), lt: key(2400), ...options }))
      keys.push(new DataView(found.buffer, found.byteOffset).getUint32(1));
    return keys;
  };
  const ascending = Array.from({ length: 2390 }, (_, number) => number + 10);
  expect(await read({})).toEqual(ascending);
  expect(await read({ reverse: true })).toEqual(ascending.toReversed());
  expect(await read({ limit: 3 })).toEqual([10, 11, 12]);
  expect(await read({ limit: 2, reverse: true })).toEqual([2399, 2398]);
});

test("operations under way when the database closes end or are refused as closed, never as damaged", async () => {
  const failures: Error[] = [];
  const { database } = await temporaryDatabase((error) => failures.push(error));
  const keys = Array.from({ length: 4_000 }, (_, number) => key(number));
  await database.commit(keys.map((each, number) => ({ key: each, value: value(number) })));
  const range = { gte: key(0), lt: key(4_000) };
  const rows = database.iterate(range)[Symbol.asyncIterator]();
  await rows.next();
  const begun = [database.get(key(1)), database.getMany(keys)];
  const whole = codeOf(toArray(database.iterate(range)));
  const closing = database.close();
  await expect(Promise.all(begun)).resolves.toHaveLength(2);
  expect(await whole).toBe("CLOSED");
  await closing;
  expect(await codeOf(database.get(key(1)))).toBe("CLOSED");
  expect(await codeOf(database.getMany(keys))).toBe("CLOSED");
  expect(await codeOf(toArray(database.iterate(range)))).toBe("CLOSED");
  expect(await codeOf(database.commit([{ key: key(1), value: value(1) }]))).toBe("CLOSED");
  const left = async () => {
    for (let next = await rows.next(); !next.done; next = await rows.next());
  };
  expect(await codeOf(left())).toBe("CLOSED");
  expect(failures).toEqual([]);
});

test("a folder that cannot be opened is named, with what to do", async () => {
  const { folder } = await temporaryDatabase();
  await expect(LevelDatabase.open(`${folder}/LOG`)).rejects.toThrow(
    /cannot open the database .*\/LOG: .*move this folder \(db\/\) away/,
  );
});

test("keeps acknowledged writes after kill -9", async () => {
  for (let round = 0; round < 3; round++) {
    const folder = await temporaryFolder();
    const child = spawn(process.execPath, [`${import.meta.dirname}/writer.ts`, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
      if (output.split("\n").length > 200 + round * 90) child.kill("SIGKILL");
    });
    await once(child, "close");
    const acknowledged = output.split("\n").slice(0, -1).map(Number);
    expect(acknowledged.length).toBeGreaterThan(100);
    const database = await LevelDatabase.open(folder);
    for (const number of acknowledged) {
      const [first, second] = await database.getMany([key(number), key(1_000_000 + number)]);
      expect([number, first, second]).toEqual([number, value(number % 256), value(number % 256)]);
    }
    // A batch that was not acknowledged is stored completely or not at all.
    for (let number = 0; number < 5000; number++) {
      const [first, second] = await database.getMany([key(number), key(1_000_000 + number)]);
      expect([number, first === undefined]).toEqual([number, second === undefined]);
    }
    await database.close();
  }
});

test("a database that another process uses is said to be in use, not damaged", async () => {
  const folder = await temporaryFolder();
  const writer = spawn(process.execPath, [new URL("./writer.ts", import.meta.url).pathname, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void writer.kill("SIGKILL"));
  await once(writer.stdout!, "data");
  await expect(LevelDatabase.open(folder)).rejects.toMatchObject({
    code: "IN_USE",
    message: `the database ${folder} is in use by another process: stop it first, or use another folder`,
  });
});
