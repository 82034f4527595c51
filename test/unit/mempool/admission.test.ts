import { expect, test, vi } from "vitest";
import { type Verify, type VerifyOrder, verifySignatures } from "../../../src/crypto/ed25519.ts";
import { refuseUnsigned } from "../../../src/mempool/admission.ts";
import { signer, startBalance, type Transfer, testGenesis } from "../support/chain.ts";
import { agree, type TestPool, testPool } from "../support/mempool.ts";

async function add(pool: TestPool, transfer: Transfer, source: "local" | "gossip" = "local") {
  const records = pool.mempool.records([await pool.maker.transfer(transfer)]);
  const [outcome] = await pool.mempool.add(records, source);
  return outcome!.accepted ? "accepted" : outcome!.code;
}

/** A pool that notes what is verified. */
async function watchedPool() {
  const verified: [VerifyOrder | undefined, unknown][] = [];
  const verify: Verify = (sets, order) => {
    for (const set of sets) verified.push([order, set]);
    return verifySignatures(sets);
  };
  const pool = await testPool({ verify });
  verified.length = 0;
  return { pool, verified };
}

test("verifies no signature of what it refuses at a glance", async () => {
  const { pool, verified } = await watchedPool();
  expect(await add(pool, { nonce: 1 }, "gossip")).toBe("accepted");
  expect(verified).toHaveLength(1);
  for (const [transfer, code] of [
    [{ nonce: 1 }, "ALREADY_KNOWN"],
    [{ fee: 0n }, "FEE_TOO_LOW"],
    [{ from: 3 }, "INSUFFICIENT_BALANCE"],
    [{ amount: startBalance }, "INSUFFICIENT_BALANCE"],
    [{ validUntil: 2 ** 53 }, "MALFORMED"],
  ] as const)
    expect(await add(pool, transfer, "gossip")).toBe(code);
  expect(await add(pool, { fee: 0n }, "local")).toBe("FEE_TOO_LOW");
  expect(verified).toHaveLength(1);
});

test("verifies blocks before messages, and the address of the recipient only if it is no account", async () => {
  const { pool, verified } = await watchedPool();
  const stranger = signer(9).publicKey;
  const transfers = [await pool.maker.transfer({}), await pool.maker.transfer({ nonce: 1, to: stranger })];
  const [known, fresh] = pool.mempool.records(transfers);
  await pool.mempool.add([known!], "gossip");
  expect(await pool.mempool.verify([known!, fresh!])).toEqual([true, true]);
  expect(verified).toMatchObject([
    ["later", { newKey: false, address: undefined }],
    ["first", { newKey: false, address: stranger }],
  ]);
});

test("finds what waits, and what is in a block until that is final", async () => {
  const pool = await testPool();
  const transfers = [await pool.maker.transfer({}), await pool.maker.transfer({ from: 1 })];
  const [included, waits] = pool.mempool.records(transfers);
  const found = () =>
    [included, waits].map((record) => pool.mempool.byShortId(record!.id.subarray(0, 8))?.idHex);
  expect(found()).toEqual([undefined, undefined]);
  await pool.mempool.add([included!, waits!], "gossip");
  await pool.addAll(await pool.maker.block(pool.maker.start(), { transactions: transfers.slice(0, 1) }));
  expect([pool.mempool.count, pool.mempool.senders]).toEqual([1, 1]);
  expect(found()).toEqual([included!.idHex, waits!.idHex]);
  const { writes, applied } = pool.mempool.prepareFinal({ height: 1 });
  expect(writes).toEqual([]);
  applied();
  expect(found()).toEqual([undefined, waits!.idHex]);
});

test("says of a refused transaction whether its signature is known to be valid", async () => {
  const pool = await testPool();
  const transfers = await Promise.all([{ nonce: 65 }, { fee: 0n }].map((one) => pool.maker.transfer(one)));
  const [signed, unchecked] = await pool.mempool.add(pool.mempool.records(transfers), "gossip");
  expect(signed).toMatchObject({ code: "NONCE_GAP_TOO_LARGE", isSigned: true });
  expect(unchecked).not.toHaveProperty("isSigned");
});

test("names the address that is none as the reason, be it the sender's", async () => {
  const pool = await testPool();
  const transfer = await pool.maker.transfer({});
  const message = { ...transfer.message, from: new Uint8Array(32) };
  const [record] = pool.mempool.records([{ ...transfer, message }]);
  expect(refuseUnsigned(record!).code).toBe("INVALID_ADDRESS");
});

test("an amount and fee that are together the largest amount are only too much for the balance", async () => {
  const pool = await testPool();
  expect(await add(pool, { amount: 2n ** 64n - 2n, fee: 1n })).toBe("INSUFFICIENT_BALANCE");
});

test("a replacement may cost what the replaced one cost, too", async () => {
  const pool = await testPool();
  expect(await add(pool, { amount: startBalance - 10n, fee: 1n })).toBe("accepted");
  expect(await add(pool, { amount: startBalance - 10n, fee: 10n })).toBe("accepted");
  expect(await add(pool, { amount: startBalance - 9n, fee: 11n })).toBe("INSUFFICIENT_BALANCE");
});

test("a free transfer is replaced by one that costs something", async () => {
  const pool = await testPool({ genesis: await testGenesis(3, { minFee: 0n }) });
  expect(await add(pool, { fee: 0n })).toBe("accepted");
  expect(await add(pool, { fee: 0n, amount: 2n })).toBe("FEE_TOO_LOW");
  expect(await add(pool, { fee: 1n, amount: 2n })).toBe("accepted");
});

test("a restart restores the batches of what was replaced, so that they leave the disk with their last", async () => {
  const pool = await testPool();
  const [replaced, other] = [await pool.maker.transfer({}), await pool.maker.transfer({ from: 1 })];
  await pool.mempool.add(pool.mempool.records([replaced, other]), "local");
  await add(pool, { fee: 9n });
  const again = await pool.restart();
  await again.addAll(await again.maker.block(again.maker.start(), { transactions: [other] }));
  expect(await again.batches()).toEqual([again.durable()]);
  await agree(again);
});

test("a restart writes only what has changed", async () => {
  const pool = await testPool();
  await add(pool, {});
  await add(pool, { from: 1, nonce: 1 });
  const { database, genesis, clock } = pool;
  const commit = vi.spyOn(database, "commit");
  await testPool({ genesis, clock, database });
  expect(commit.mock.calls.flat(2)).toEqual([]);
});

test("no check for what waits too long follows once it was stopped in a pause", async () => {
  let stop: () => void = () => undefined;
  const pool = await testPool({ limits: { sliceTransactions: 1 }, pause: async () => stop() });
  for (const from of [0, 1]) await add(pool, { from });
  stop = () => pool.mempool.stop();
  await pool.clock.advance(60_000);
  expect(pool.clock.pending).toBe(0);
});
