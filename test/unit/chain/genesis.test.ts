import { expect, test, vi } from "vitest";
import { signerFromSeed } from "../../../src/accounts/signer.ts";
import { checkGenesis, createGenesis, genesisOf } from "../../../src/chain/genesis.ts";
import { type Verify, verifySignatures } from "../../../src/crypto/ed25519.ts";
import {
  balanceCount,
  balancesOf,
  type ChainConfig,
  Coinbase,
  type GenesisBlock,
  GenesisPayload,
  genesisPayloadRoot,
} from "../../../src/types/genesis.ts";
import {
  authorityVote,
  computeDomain,
  Header,
  maxAmount,
  rootOf,
  signingRoot,
  zero32,
} from "../../../src/types/index.ts";
import { authorities, codeOf, genesisTime, testGenesis, users } from "../support/chain.ts";

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

test("refuses a payload that is not the header's before it decodes its balances, and pauses meanwhile", async () => {
  const decode = vi.spyOn(Coinbase, "deserialize");
  let pauses = 0;
  const pause = async () => void pauses++;
  const many = new Uint8Array(4 + 10_000 * 40);
  many.set(payload.coinbase.subarray(0, 4));
  const code = await codeOf(checkGenesis(withCoinbase(many), verifySignatures, pause));
  expect([code, decode.mock.calls.length, pauses]).toEqual(["INVALID_GENESIS", 0, 2]);
  decode.mockRestore();
});

test.each([0, 1, 2, 4_095, 4_096, 4_097, 12_000])("the root of a payload with %i balances", async (count) => {
  const balances = Array.from({ length: count }, (_, index) => ({
    address: new Uint8Array(32).fill(index),
    balance: BigInt(index) << 40n,
  }));
  const coinbase = { balances };
  const encoded = { payload: { ...payload, coinbase: Coinbase.serialize(coinbase) } };
  const root = await genesisPayloadRoot(encoded, async () => undefined);
  expect(root).toEqual(rootOf(GenesisPayload, { config: payload.config, coinbase }));
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

test("checks the signature under the zero id, and the key with it", async () => {
  const checked: unknown[] = [];
  const verify: Verify = async (sets) => {
    checked.push(...sets);
    return verifySignatures(sets);
  };
  await checkGenesis(block, verify);
  const root = signingRoot(Header.hashTreeRoot(header.message), computeDomain("genesis", zero32));
  const publicKey = authorities[0]!.publicKey;
  expect(checked[0]).toEqual({ publicKey, message: root, signature: header.signature, newKey: true });
  expect(checked.slice(1)).toEqual(
    [...authorities.slice(0, 3), ...users.slice(0, 3)].map(({ publicKey: address }) => ({ address })),
  );
});

const nonzero = new Uint8Array(32).fill(1);

test.each<[string, Partial<Header>]>([
  ["another height", { height: 1 }],
  ["a time that is no safe number", { timestamp: 2 ** 53 }],
  ["another difficulty", { difficulty: 2 }],
  ["a vote", { vote: authorityVote("add", nonzero) }],
  ["a parent", { parent: nonzero }],
  ["another root of its payload", { transactionsRoot: nonzero }],
  ["another root of its state", { stateRoot: nonzero }],
])("refuses a signed header with %s", async (_, edit) => {
  const message = { ...header.message, ...edit };
  const root = signingRoot(Header.hashTreeRoot(message), computeDomain("genesis", zero32));
  const signed = { message, signature: await authorities[0]!.sign(root) };
  expect(await codeOf(checkGenesis({ header: signed, payload }, verifySignatures))).toBe("INVALID_GENESIS");
});

test.each<[string, Partial<ChainConfig>, Coinbase["balances"]]>([
  ["a configuration out of its limits", { epochLength: 0 }, []],
  [
    "an account twice",
    {},
    [users[0]!, users[0]!].map(({ publicKey }) => ({ address: publicKey, balance: 1n })),
  ],
  [
    "more than there can be",
    {},
    users.slice(0, 2).map(({ publicKey }) => ({ address: publicKey, balance: maxAmount })),
  ],
])("refuses a signed block with %s", async (_, changes, balances) => {
  const config = { ...payload.config, ...changes };
  const made = await createGenesis(config, { balances }, authorities[0]!, genesisTime);
  expect(await codeOf(checkGenesis(made, verifySignatures))).toBe("INVALID_GENESIS");
});
