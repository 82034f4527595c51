import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { acceptRecoveries } from "../../../src/chain/accept-recoveries.ts";
import { chainStores } from "../../../src/chain/stores.ts";
import { nodePaths, readRecoveryFile } from "../../../src/config/index.ts";
import { encodeAddress } from "../../../src/crypto/address.ts";
import { exportChain, importChain, verifyChain, writeRecovery } from "../../../src/node/index.ts";
import { withDatabase } from "../../../src/node/open.ts";
import type { Recovery } from "../../../src/types/index.ts";
import { compareBytes, toHex } from "../../../src/util/bytes.ts";
import { authorities, chainConfig, codeOf } from "../support/chain.ts";
import { lostMajority, withChain } from "../support/lost-majority.ts";
import { recovered } from "../support/recovery.ts";

const quiet = { onProgress: () => undefined };
const left = authorities.slice(0, 2).map(({ publicKey }) => publicKey);
const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

const chainOf = ({ genesisId }: Recovery) => ({ id: genesisId, config: chainConfig(5) });

async function inFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "recover-"));
  folders.push(folder);
  return folder;
}

describe("ccoin recover", () => {
  test("writes a file with the newest final block and the set, which can be read back, and leaves the database unchanged", async () => {
    const { paths, tips, file } = await lostMajority(await inFolder());
    const written = await writeRecovery({ paths, file, authorities: left.toReversed() });
    expect(written).toMatchObject({
      block: { height: 2, id: tips[2]!.idHex },
      round: 2 ** 32,
      headHeight: 4,
      earlier: 0,
      authorities: left.toSorted(compareBytes).map(encodeAddress),
      names: { [encodeAddress(authorities[0]!.publicKey)]: "Anna" },
    });
    const [recovery] = readRecoveryFile(file);
    expect(JSON.parse(await readFile(file, "utf8")).recoveries[0].id).toBe(written.id);
    expect(toHex(recovery!.genesisId)).toBe(written.genesisId);
    await withDatabase(paths, async (database) => {
      expect(await chainStores(database).recoveries.all()).toEqual([]);
    });
    expect(await codeOf(writeRecovery({ paths, file, authorities: left }))).toBe("FILE_EXISTS");
  });

  test("keeps the set and the parameters after the final block, except for those that it is told to set", async () => {
    const { paths, tips, file } = await lostMajority(await inFolder());
    const before = tips[2]!.snapshot;
    const set = [
      { name: "minFee", value: 10n },
      { name: "emptyBlockPeriodMs", value: 0n },
    ] as const;
    const written = await writeRecovery({ paths, file, set });
    expect(written.authorities).toEqual(before.authorities.map(encodeAddress));
    expect(written.parameters).toMatchObject({ minFee: "10", emptyBlockPeriodMs: 0, periodMs: 1000 });
    expect(written.parametersBefore).toMatchObject({ minFee: "1", emptyBlockPeriodMs: 1000 });
    const [recovery] = readRecoveryFile(file);
    expect(recovery!.parameters).toEqual({ ...before.parameters, minFee: 10n, emptyBlockPeriodMs: 0 });
    const none = { paths, file: `${file}.2`, authorities: left };
    expect((await writeRecovery(none)).parameters).toEqual(written.parametersBefore);
    for (const change of [
      { name: "periodMs", value: 999n },
      { name: "rules", value: 4n },
      // Votes could have reached this version, but the program does not know it.
      { name: "rules", value: 2n },
    ] as const)
      expect(await codeOf(writeRecovery({ paths, file: `${file}.3`, set: [change] }))).toBe("BAD_RECOVERY");
  });

  test("refuses an empty set, a repeated authority, a chain without a final block, and a folder without a chain", async () => {
    const folder = await inFolder();
    const { paths, file } = await lostMajority(folder, { finalized: false });
    const code = (authorities: Uint8Array[], at = paths) =>
      codeOf(writeRecovery({ paths: at, file, authorities }));
    expect(await code([])).toBe("BAD_RECOVERY");
    expect(await code([left[0]!, left[1]!, left[0]!])).toBe("BAD_RECOVERY");
    expect(await code(left)).toBe("NOTHING_FINAL");
    expect(await code(left, nodePaths(folder, 2))).toBe("NO_CHAIN");
  });

  test("follows an earlier recovery, which the file includes, once that one's block has arrived", async () => {
    const folder = await inFolder();
    const { paths, file } = await lostMajority(folder);
    await writeRecovery({ paths, file, authorities: left });
    const [first] = readRecoveryFile(file);
    const stores = (use: (stores: ReturnType<typeof chainStores>) => Promise<unknown>, at = paths) =>
      withDatabase(at, (database) => use(chainStores(database)));
    await stores((each) => acceptRecoveries(each, chainOf(first!), [first!]));
    const again = { paths, file: `${file}.2`, authorities: left };
    expect(await codeOf(writeRecovery(again))).toBe("RECOVERY_AWAITED");
    // The blocks above the recovery's are still there, and valid without it.
    expect(await verifyChain({ paths, onProgress: () => undefined })).toMatchObject({ blocks: 4 });
    await withChain(paths, async ({ chain }) => expect(chain.head.height).toBe(2));
    expect(await writeRecovery(again)).toMatchObject({ earlier: 1, round: 2 ** 33, block: { height: 2 } });
    expect(readRecoveryFile(again.file)).toHaveLength(2);
    expect(readRecoveryFile(again.file)[0]).toEqual(first);
  });
});

test("a recovered chain can be verified, exported, and imported with the recovery", async () => {
  const folder = await inFolder();
  const { paths, tips, file } = await lostMajority(folder);
  await writeRecovery({ paths, file, authorities: left });
  const recoveries = readRecoveryFile(file);
  await withDatabase(paths, async (database) => {
    await acceptRecoveries(chainStores(database), chainOf(recoveries[0]!), recoveries);
  });
  await withChain(paths, async (node) => {
    const tip = await node.maker.extend(recovered(tips[2]!, recoveries[0]!), 1);
    await node.add(tip.blocks.at(-1)!);
    const next = await node.maker.extend(tip, 2);
    for (const block of next.blocks.slice(-2)) await node.add(block);
    expect(node.chain.head.height).toBe(5);
  });
  const verified = await verifyChain({ paths, ...quiet });
  expect(verified).toMatchObject({ blocks: 5 });

  const chainFile = join(folder, "chain.ccoin");
  await exportChain({ paths, file: chainFile, ...quiet });
  const copy = nodePaths(folder, 2);
  expect(await codeOf(importChain({ paths: copy, file: chainFile, ...quiet }))).toBe("RECOVERY_NEEDED");
  expect(await importChain({ paths: copy, file: chainFile, recoveries, ...quiet })).toEqual({ blocks: 5 });
  expect(await verifyChain({ paths: copy, ...quiet })).toEqual(verified);
  // The recovery is kept.
  expect(await importChain({ paths: copy, file: chainFile, ...quiet })).toEqual({ blocks: 0 });
  const again = join(folder, "again.ccoin");
  await exportChain({ paths: copy, file: again, ...quiet });
  expect(await readFile(again)).toEqual(await readFile(chainFile));

  // Another recovery from the same block leads to other blocks.
  const other = { ...recoveries[0]!, authorities: left.slice(0, 1) };
  const third = { paths: nodePaths(folder, 3), file: chainFile, recoveries: [other], ...quiet };
  expect(await codeOf(importChain(third))).toBe("RECOVERY_NEEDED");

  // Without the recovery, the database belongs to another chain.
  await withDatabase(copy, (database) => database.commit([chainStores(database).recoveries.set([])]));
  expect(await codeOf(verifyChain({ paths: copy, ...quiet }))).toBe("DAMAGED");
});

test("a chain that has not left the blocks above a recovery's block yet is exported as it was made, and then with the recovery", async () => {
  const folder = await inFolder();
  const { paths, file } = await lostMajority(folder);
  await writeRecovery({ paths, file, authorities: left });
  const recoveries = readRecoveryFile(file);
  await withDatabase(paths, (database) =>
    acceptRecoveries(chainStores(database), chainOf(recoveries[0]!), recoveries),
  );
  const verified = await verifyChain({ paths, ...quiet });
  expect(verified).toMatchObject({ blocks: 4 });
  const before = join(folder, "before.ccoin");
  await exportChain({ paths, file: before, ...quiet });
  const copy = nodePaths(folder, 2);
  expect(await importChain({ paths: copy, file: before, ...quiet })).toEqual({ blocks: 4 });
  expect(await verifyChain({ paths: copy, ...quiet })).toEqual(verified);

  // Opening the chain leaves them. The next block would be made under the recovery.
  await withChain(paths, async ({ chain }) => expect(chain.head.height).toBe(2));
  const after = join(folder, "after.ccoin");
  await exportChain({ paths, file: after, ...quiet });
  const other = { paths: nodePaths(folder, 3), file: after, ...quiet };
  expect(await codeOf(importChain(other))).toBe("RECOVERY_NEEDED");
  expect(await importChain({ ...other, recoveries })).toEqual({ blocks: 2 });
  expect(await verifyChain({ paths: other.paths, ...quiet })).toEqual(await verifyChain({ paths, ...quiet }));
});

test("a chain with another block than a recovery's at its height is exported without the recovery", async () => {
  const folder = await inFolder();
  const { paths, tips, file } = await lostMajority(folder);
  await writeRecovery({ paths, file, authorities: left });
  const [recovery] = readRecoveryFile(file);
  for (const [name, height, needed] of [
    ["other.ccoin", 4, false],
    ["later.ccoin", 5, true],
  ] as const) {
    const block = { height, id: new Uint8Array(32).fill(9) };
    await withDatabase(paths, (database) =>
      database.commit([chainStores(database).recoveries.set([{ ...recovery!, block }])]),
    );
    await exportChain({ paths, file: join(folder, name), ...quiet });
    const copy = { paths: nodePaths(folder, height), file: join(folder, name), ...quiet };
    expect(await codeOf(importChain(copy))).toBe(needed ? "RECOVERY_NEEDED" : "no error");
  }
  expect(tips).toHaveLength(5);
});

test("an import refuses a recovery that would retract blocks, since it has no mempool for their transactions", async () => {
  const folder = await inFolder();
  const { paths, file } = await lostMajority(folder);
  await writeRecovery({ paths, file, authorities: left });
  const recoveries = readRecoveryFile(file);
  const chainFile = join(folder, "chain.ccoin");
  await exportChain({ paths, file: chainFile, ...quiet });
  expect(await codeOf(importChain({ paths, file: chainFile, recoveries, ...quiet }))).toBe("START_FIRST");
  await withDatabase(paths, async (database) => {
    expect(await chainStores(database).recoveries.all()).toEqual([]);
  });
});
