import { expect, test } from "vitest";
import { signerFromSeed } from "../../../src/accounts/signer.ts";
import { checkGenesis, createGenesis, genesisOf } from "../../../src/chain/genesis.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { balanceCount, balancesOf, type GenesisBlock } from "../../../src/types/genesis.ts";
import { testGenesis } from "../support/chain.ts";

const { block } = await testGenesis();

test("derives the same facts from the stored block as from the checked one", async () => {
  const { header, payload } = block;
  const { block: _, ...genesis } = await checkGenesis(block, verifySignatures);
  expect(genesisOf({ header, config: payload.config })).toEqual(genesis);
});

test("keeps balances encoded until they are requested, all or the first of them", () => {
  const all = balancesOf(block);
  expect(all.length).toBeGreaterThan(1);
  expect(balanceCount(block)).toBe(all.length);
  expect(balancesOf(block, 1)).toEqual(all.slice(0, 1));
  expect(balancesOf(block, 0)).toEqual([]);
});

const { header, payload } = block;
const withCoinbase = (coinbase: Uint8Array): GenesisBlock => ({ header, payload: { ...payload, coinbase } });

test.each<[string, GenesisBlock]>([
  ["no encoding", withCoinbase(Uint8Array.of(1))],
  ["a balance cut off", withCoinbase(payload.coinbase.subarray(0, -1))],
  ["one balance fewer", withCoinbase(payload.coinbase.subarray(0, -40))],
  ["another balance", withCoinbase(payload.coinbase.map((byte, at) => (at === 40 ? byte ^ 1 : byte)))],
  ["another signature", { header: { ...header, signature: new Uint8Array(64) }, payload }],
  ["another height", { header: { ...header, message: { ...header.message, height: 1 } }, payload }],
])("refuses %s", async (_, bad) => {
  await expect(checkGenesis(bad, verifySignatures)).rejects.toMatchObject({ code: "INVALID_GENESIS" });
});

test("refuses an address that no key belongs to, as authority, account, named address or proposer", async () => {
  const signer = signerFromSeed(new Uint8Array(32).fill(9));
  const nobody = new Uint8Array(32).fill(1);
  const { config } = payload;
  const name = new TextEncoder().encode("Anna");
  const make = (authorities: Uint8Array[], address: Uint8Array) =>
    createGenesis({ ...config, authorities }, { balances: [{ address, balance: 1n }] }, signer, 1);
  const good = await make([signer.publicKey], signer.publicKey);
  expect((await checkGenesis(good, verifySignatures)).config.authorities).toEqual([signer.publicKey]);
  for (const bad of [
    await make([nobody], signer.publicKey),
    await make([signer.publicKey], nobody),
    await createGenesis(config, { balances: [] }, { ...signer, publicKey: nobody }, 1),
    await createGenesis({ ...config, names: [{ address: nobody, name }] }, { balances: [] }, signer, 1),
  ])
    await expect(checkGenesis(bad, verifySignatures)).rejects.toMatchObject({ code: "INVALID_GENESIS" });
});
