import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { signerFromSeed } from "../../../src/accounts/index.ts";
import { chainStores } from "../../../src/chain/stores.ts";
import { nodePaths } from "../../../src/config/index.ts";
import { decodeAddress } from "../../../src/crypto/address.ts";
import { deleteDevChain, prepareDevChain } from "../../../src/node/dev-chain.ts";
import { withDatabase } from "../../../src/node/open.ts";
import { balancesOf } from "../../../src/types/genesis.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import { codeOf } from "../support/chain.ts";
import { temporaryFolder } from "../support/database.ts";

/** Uses an account that is cheap to open. */
const prepare = (folder: string) => prepareDevChain(folder, { scrypt: { n: 2, r: 1, p: 1 } });

test("makes a chain of one authority with a block a second, and an account with the key that is shown", async () => {
  const folder = join(await temporaryFolder(), "dev");
  const dev = await prepare(folder);
  expect(signerFromSeed(fromHex(`0x${dev.wallet.key}`)).address).toBe(dev.wallet.address);
  const genesis = await withDatabase(nodePaths(folder, dev.nodeId), async (database) =>
    chainStores(database).meta.genesis(),
  );
  const { config } = genesis!.payload;
  expect([config.parameters.periodMs, config.authorities.length]).toEqual([1_000, 1]);
  const funded = balancesOf(genesis!).find(({ address }) =>
    Buffer.from(address).equals(decodeAddress(dev.wallet.address)),
  );
  expect(funded?.balance).toBe(dev.balance);
  // No other user may read the key.
  expect((await stat(join(folder, "dev.json"))).mode & 0o077).toBe(0);

  expect(await prepare(folder)).toEqual(dev);
});

test("continues after an interrupted start", async () => {
  const folder = join(await temporaryFolder(), "dev");
  const { wallet, genesisId } = await prepare(folder);
  // The first kill comes before the genesis id is recorded, the second before the genesis block is made.
  await writeFile(join(folder, "dev.json"), JSON.stringify({ wallet }));
  expect(await prepare(folder)).toMatchObject({ wallet, genesisId });
  await writeFile(join(folder, "dev.json"), JSON.stringify({ wallet }));
  await rm(nodePaths(folder, 1).db, { recursive: true });
  expect((await prepare(folder)).genesisId).not.toBe(genesisId);
});

test("deletes only its own chain, and only in the folder where it was made", async () => {
  const folder = join(await temporaryFolder(), "dev");
  expect(await deleteDevChain(folder)).toBe(false);
  await mkdir(folder);
  await writeFile(join(folder, "thesis.txt"), "mine");
  expect(await codeOf(prepare(folder))).toBe("NOT_A_DEV_FOLDER");
  expect(await codeOf(deleteDevChain(folder))).toBe("NOT_A_DEV_FOLDER");
  await rm(join(folder, "thesis.txt"));

  const dev = await prepare(folder);
  await writeFile(join(folder, "thesis.txt"), "mine");
  await withDatabase(nodePaths(folder, dev.nodeId), async () => {
    expect(await codeOf(deleteDevChain(folder))).toBe("IN_USE");
  });
  expect(await deleteDevChain(folder)).toBe(true);
  expect(await readdir(folder)).toEqual(["thesis.txt"]);
  await rm(join(folder, "thesis.txt"));
  expect((await prepare(folder)).wallet.key).not.toBe(dev.wallet.key);
  expect(await deleteDevChain(folder)).toBe(true);
  expect(await codeOf(stat(folder))).toBe("ENOENT");
});
