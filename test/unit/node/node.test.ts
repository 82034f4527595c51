import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkGenesis } from "../../../src/chain/genesis.ts";
import { chainStores } from "../../../src/chain/stores.ts";
import { nodePaths } from "../../../src/config/index.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { Closers } from "../../../src/node/closers.ts";
import { exportChain } from "../../../src/node/export-chain.ts";
import { importChain } from "../../../src/node/import-chain.ts";
import { initGenesis } from "../../../src/node/init.ts";
import { type Mode, ModeMachine, transitions } from "../../../src/node/mode.ts";
import { withDatabase } from "../../../src/node/open.ts";
import { verifyChain } from "../../../src/node/verify.ts";
import type { Write } from "../../../src/storage/database.ts";
import { keyOf, keySpaces } from "../../../src/storage/key-spaces.ts";
import { toHex, uint64Bytes } from "../../../src/util/bytes.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import {
  authorities,
  chainConfig,
  codeOf,
  genesisTime,
  signer,
  startBalance,
  testChain,
  users,
} from "../support/chain.ts";
import { temporaryFolder } from "../support/database.ts";

describe("modes", () => {
  const modes: Mode[] = ["genesis", "boot", "ready", "dying", "dead"];
  const allowed = new Set([
    "genesis ready",
    "genesis boot",
    "genesis dead",
    "boot ready",
    "boot dying",
    "boot dead",
    "ready boot",
    "ready dead",
    "dying dead",
  ]);
  const pairs = modes.flatMap((from) => modes.filter((to) => to !== from).map((to) => [from, to] as const));

  test.each(pairs)("enters modes only by the allowed transitions: from %s to %s", (from, to) => {
    const machine = new ModeMachine(from, silentLogger);
    const heard: Mode[] = [];
    machine.events.on("mode", (mode) => heard.push(mode));
    if (allowed.has(`${from} ${to}`)) {
      machine.enter(to);
      expect([machine.mode, heard]).toEqual([to, [to]]);
    } else {
      expect(() => machine.enter(to)).toThrow(`no transition from ${from} to ${to}`);
      expect([machine.mode, heard]).toEqual([from, []]);
    }
  });

  test("ignores a transition to the current mode", () => {
    for (const mode of modes) {
      const machine = new ModeMachine(mode, silentLogger);
      machine.events.on("mode", () => {
        throw new Error("no event");
      });
      machine.enter(mode);
    }
    expect(Object.keys(transitions)).toEqual(modes);
  });
});

describe("closers", () => {
  test("closers run in reverse order, one after another, once, and continue after failures", async () => {
    const closers = new Closers(silentLogger);
    const order: string[] = [];
    closers.push("first", () => order.push("first"));
    closers.push("failing", () => Promise.reject(new Error("stuck")));
    closers.push("slow", async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      order.push("slow");
    });
    closers.push("throwing", () => {
      throw new Error("stuck");
    });
    await closers.close();
    await closers.close();
    expect(order).toEqual(["slow", "first"]);
  });

  test("closers close at once what a start opens after the end", async () => {
    const closers = new Closers(silentLogger);
    await closers.close();
    const closed: string[] = [];
    closers.push("late", () => closed.push("late"));
    expect(closed).toEqual(["late"]);
  });
});

/** Makes node 1 with 12 blocks of transfers, and returns the places of its files. */
async function nodeWithChain({ indexedLater }: { indexedLater?: number } = {}) {
  const dataDir = await temporaryFolder();
  const paths = nodePaths(dataDir, 1);
  const balances = users.slice(0, 3).map(({ publicKey }) => ({ address: publicKey, balance: startBalance }));
  await initGenesis({
    paths,
    config: chainConfig(3),
    coinbase: { balances },
    signer: authorities[0]!,
    now: genesisTime,
  });
  const maker = await withDatabase(paths, async (database) => {
    const block = (await chainStores(database).meta.genesis())!;
    const genesis = await checkGenesis(block, verifySignatures);
    const node = await testChain({ genesis, database, ...(indexedLater && { indexedLater }) });
    let tip = node.maker.start();
    for (let nonce = 0; nonce < 12; nonce++) {
      const transactions = [await node.maker.transfer({ nonce, to: signer(700 + (nonce % 3)).publicKey })];
      tip = await node.maker.block(tip, { transactions });
    }
    await node.addAll(tip);
    return { maker: node.maker, tip };
  });
  const file = join(dataDir, "chain.ccoin");
  return { dataDir, paths, file, ...maker };
}

const quiet = { onProgress: () => undefined };

describe("export, import, verify", () => {
  test("exports and imports the same chain again and again; a second import adds nothing", async () => {
    const { dataDir, paths, file } = await nodeWithChain();
    expect(await exportChain({ paths, file, ...quiet })).toEqual({ blocks: 12 });
    const copy = nodePaths(dataDir, 2);
    const done: number[] = [];
    expect(await importChain({ paths: copy, file, onProgress: (at) => done.push(at) })).toEqual({
      blocks: 12,
    });
    expect(done).toEqual(Array.from({ length: 12 }, (_, at) => at + 1));
    expect(await importChain({ paths: copy, file, ...quiet })).toEqual({ blocks: 0 });
    const again = join(dataDir, "again");
    await exportChain({ paths: copy, file: again, ...quiet });
    expect(await readFile(again)).toEqual(await readFile(file));
    const verified = await verifyChain({ paths, ...quiet });
    expect(verified).toMatchObject({ blocks: 12, transactions: 12 });
    expect(await verifyChain({ paths: copy, ...quiet })).toEqual(verified);
  });

  test("names a file that ends early, wherever it ends, and keeps the blocks before, to which the rest can be added", async () => {
    const { dataDir, paths, file } = await nodeWithChain();
    await exportChain({ paths, file, ...quiet });
    const bytes = await readFile(file);
    const frames: number[] = [22];
    for (let at = 22; at < bytes.length; at += 4 + bytes.readUInt32BE(at))
      frames.push(at + 4 + bytes.readUInt32BE(at));
    let node = 10;
    for (const end of [
      0,
      5,
      22,
      30,
      frames[1]!,
      frames[4]!,
      frames[4]! + 2,
      frames[4]! + 100,
      bytes.length - 1,
    ]) {
      const part = join(dataDir, `part-${end}`);
      await writeFile(part, bytes.subarray(0, end));
      const target = nodePaths(dataDir, node++);
      const error = importChain({ paths: target, file: part, ...quiet });
      await expect(error).rejects.toMatchObject({
        code: "BAD_CHAIN_FILE",
        message: expect.stringContaining(part),
      });
      expect(await importChain({ paths: target, file, ...quiet })).toMatchObject({
        blocks: expect.any(Number),
      });
      expect(await verifyChain({ paths: target, ...quiet })).toMatchObject({ blocks: 12 });
    }
  });

  test("names a block that breaks a rule, and imports the blocks before it", async () => {
    const { dataDir, paths, file } = await nodeWithChain();
    await exportChain({ paths, file, ...quiet });
    const bytes = await readFile(file);
    const frames: Buffer[] = [];
    for (let at = 22; at < bytes.length; at += frames.at(-1)!.length)
      frames.push(bytes.subarray(at, at + 4 + bytes.readUInt32BE(at)));
    // The genesis block is the first.
    const withoutSeventh = join(dataDir, "without-seventh");
    await writeFile(withoutSeventh, Buffer.concat([bytes.subarray(0, 22), ...frames.toSpliced(7, 1)]));
    const target = nodePaths(dataDir, 2);
    await expect(importChain({ paths: target, file: withoutSeventh, ...quiet })).rejects.toMatchObject({
      code: "BAD_CHAIN_FILE",
      message: expect.stringContaining("block 7 is invalid, UNKNOWN_PARENT"),
    });
    expect(await verifyChain({ paths: target, ...quiet })).toMatchObject({ blocks: 6 });
    expect(await importChain({ paths: target, file, ...quiet })).toEqual({ blocks: 6 });
  });

  test("names a damaged byte anywhere, or is not affected by it", async () => {
    const { dataDir, paths, file } = await nodeWithChain();
    await exportChain({ paths, file, ...quiet });
    const bytes = await readFile(file);
    let node = 100;
    for (let at = 0; at < bytes.length; at += 97) {
      const damaged = join(dataDir, "damaged");
      await writeFile(damaged, bytes.with(at, bytes[at]! ^ 0x21));
      const code = await codeOf(importChain({ paths: nodePaths(dataDir, node++), file: damaged, ...quiet }));
      expect([at, code]).toEqual([at, "BAD_CHAIN_FILE"]);
    }
  });

  test("refuses a file of another chain, a missing file and a missing chain", async () => {
    const { dataDir, paths, file } = await nodeWithChain();
    await exportChain({ paths, file, ...quiet });
    const other = nodePaths(dataDir, 5);
    const coinbase = { balances: [] };
    await initGenesis({ paths: other, config: chainConfig(2), coinbase, signer: authorities[0]!, now: 5 });
    expect(await codeOf(importChain({ paths: other, file, ...quiet }))).toBe("WRONG_CHAIN");
    expect(await codeOf(importChain({ paths: other, file: `${file}.none`, ...quiet }))).toBe("CANNOT_READ");
    expect(await codeOf(exportChain({ paths: nodePaths(dataDir, 6), file, ...quiet }))).toBe("NO_CHAIN");
    expect(await codeOf(verifyChain({ paths: nodePaths(dataDir, 7), ...quiet }))).toBe("NO_CHAIN");
    // Reading creates no folder.
    for (const id of [6, 7]) expect(existsSync(nodePaths(dataDir, id).folder)).toBe(false);
    expect(await codeOf(exportChain({ paths, file: join(dataDir, "no", "folder"), ...quiet }))).toBe(
      "CANNOT_WRITE",
    );
    expect(
      await codeOf(initGenesis({ paths, config: chainConfig(2), coinbase, signer: authorities[0]!, now: 5 })),
    ).toBe("GENESIS_EXISTS");
  });

  const plants: [string, (id: (height: number) => Uint8Array) => Write, RegExp][] = [
    [
      "an account with another balance",
      () => ({ key: keyOf("account", Uint8Array.of(0, 0, 0, 3)), value: new Uint8Array(48) }),
      /stored account 3 is wrong/,
    ],
    [
      "one account less",
      () => ({ key: keyOf("account", Uint8Array.of(0, 0, 0, 8)), value: undefined }),
      /1 stored accounts are missing/,
    ],
    [
      "one account more",
      () => ({ key: keyOf("account", Uint8Array.of(0, 0, 0, 9)), value: new Uint8Array(48) }),
      /stored account 9 is wrong/,
    ],
    [
      "a canonical id less",
      () => ({ key: keyOf("canonical", uint64Bytes(4)), value: undefined }),
      /block 4 is wrong: it is missing/,
    ],
    [
      "a header less",
      (id) => ({ key: keyOf("header", id(4)), value: undefined }),
      /block 4 is wrong: its header is missing/,
    ],
    [
      "a body less",
      (id) => ({ key: keyOf("body", id(4)), value: undefined }),
      /block 4 is wrong: its transactions are missing/,
    ],
    [
      "another body",
      (id) => ({ key: keyOf("body", id(4)), value: new Uint8Array() }),
      /block 4 is wrong: the transactions are not those/,
    ],
    [
      "another block in its place",
      (id) => ({ key: keyOf("canonical", uint64Bytes(4)), value: id(5) }),
      /block 4 is wrong/,
    ],
  ];

  test.each(plants)("verify finds %s", async (_, plant, message) => {
    const { paths, tip } = await nodeWithChain();
    const id = (height: number) => tip.blocks[height]!.header.message.parent;
    await withDatabase(paths, (database) => database.commit([plant(id)]));
    await expect(verifyChain({ paths, ...quiet })).rejects.toMatchObject({
      code: "DAMAGED",
      message: expect.stringMatching(message),
    });
  });

  test.each(["transactionPlace", "accountEntry", "accountIncome"] as const)(
    "verify finds a transaction that the index does not: %s",
    async (space) => {
      const { paths, maker } = await nodeWithChain();
      await withDatabase(paths, async (database) => {
        const stores = chainStores(database);
        const [key] = await firstKey(database, keySpaces[space]);
        await database.commit([{ key: key!, value: undefined }]);
        expect(toHex((await stores.meta.head())!)).not.toBe(maker.genesis.idHex);
      });
      await expect(verifyChain({ paths, ...quiet })).rejects.toThrow(
        /the indexes do not find its transactions/,
      );
    },
  );
});

test("verify writes the index that a killed node had not written yet", async () => {
  const { paths } = await nodeWithChain({ indexedLater: 1 });
  const waiting = () => withDatabase(paths, (database) => firstKey(database, keySpaces.waitingBlock));
  expect(await waiting()).toHaveLength(1);
  expect(await verifyChain({ paths, ...quiet })).toMatchObject({ blocks: 12, transactions: 12 });
  expect(await waiting()).toHaveLength(0);
});

async function firstKey(database: Parameters<Parameters<typeof withDatabase>[1]>[0], space: number) {
  const keys: Uint8Array[] = [];
  for await (const [key] of database.iterate({
    gte: Uint8Array.of(space),
    lt: Uint8Array.of(space + 1),
    limit: 1,
  }))
    keys.push(key);
  return keys;
}

test("only one process uses a folder at a time", async () => {
  const paths = nodePaths(await temporaryFolder(), 1);
  await withDatabase(paths, async () => {
    expect(await codeOf(withDatabase(paths, async () => undefined))).toBe("IN_USE");
  });
  await withDatabase(paths, async () => undefined);
});
