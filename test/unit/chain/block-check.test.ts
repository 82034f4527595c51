import { expect, test } from "vitest";
import {
  type BlockChecks,
  checkBlock,
  checkBlockLimits,
  checkBlockSize,
  checkHeaderForm,
  checkHeaderSignatures,
  checkRecords,
  checkTransactionCount,
  decodeBody,
  freshChecks,
} from "../../../src/chain/block-check.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import {
  authorityVote,
  encodeRecords,
  joinTransactions,
  noVote,
  type TransactionRecord,
} from "../../../src/types/index.ts";
import { systemPause } from "../../../src/util/slices.ts";
import { transactionRecord } from "../../transaction-record.ts";
import { authorities, BlockMaker, codeOf, encoded, testGenesis } from "../support/chain.ts";

const genesis = await testGenesis();
const maker = new BlockMaker(genesis);
const checks = freshChecks({
  genesisId: genesis.id,
  verify: verifySignatures,
  isAccount: () => false,
  pause: systemPause,
});
const transfer = await maker.transfer({});
const tip = await maker.block(maker.start(), { transactions: [transfer] });
const block = encoded(tip.blocks[0]!);
const record = transactionRecord(transfer, maker.domain);

function thrown(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "no error";
}

test("a checked block has its id, its records and its bytes", async () => {
  const checked = await checkBlock(block, checks);
  expect(checked).toMatchObject({ idHex: tip.idHex, header: block.header });
  expect(checked.id).toEqual(tip.id);
  expect(checked.body).toBe(block.body);
  expect(checked.records.map(({ idHex }) => idHex)).toEqual([record.idHex]);
  const again = await checkRecords(block.header, [record], checks);
  expect(again.body).toEqual(block.body);
  expect(again.id).toEqual(tip.id);
});

test("computes nothing again that is known of a block", async () => {
  const body = new Uint8Array(3);
  const id = new Uint8Array(32).fill(7);
  let verified = 0;
  const counting: BlockChecks = {
    ...checks,
    verify: async (sets) => {
      verified += sets.length;
      return sets.map(() => true);
    },
  };
  const known = await checkRecords(block.header, [record], counting, { id, body, signedHeader: true });
  expect([known.id, known.body, verified]).toEqual([id, body, 0]);
  await checkRecords(block.header, [record], counting);
  expect(verified).toBe(1);
});

test("bytes that are no transactions are malformed; other errors pass", async () => {
  await expect(decodeBody(Uint8Array.of(1, 2, 3), checks)).rejects.toMatchObject({ code: "MALFORMED" });
  await expect(decodeBody(undefined as never, checks)).rejects.toThrow(TypeError);
});

test("other work runs while the transactions of a large block are decoded", async () => {
  const count = 10_000;
  const body = joinTransactions(new Array<Uint8Array>(count).fill(record.encoded));
  let pauses = 0;
  const pause = async () => {
    pauses++;
  };
  const records = await decodeBody(body, { ...checks, pause });
  expect(records.map(({ idHex }) => idHex)).toEqual(new Array(count).fill(record.idHex));
  expect(pauses).toBeGreaterThanOrEqual(count / 1_000);
});

test("transactions other than those that the header names are refused", async () => {
  const empty = { header: block.header, body: encoded({ header: block.header, transactions: [] }).body };
  expect(await codeOf(checkBlock(empty, checks))).toBe("WRONG_TRANSACTIONS_ROOT");
});

test("a signature that is not its sender's, and an address that is none, are named", async () => {
  const forged = transactionRecord({ ...transfer, signature: new Uint8Array(64) }, maker.domain);
  const odd = { ...transfer, message: { ...transfer.message, to: new Uint8Array(32) } };
  for (const [bad, why] of [
    [forged, "INVALID_SIGNATURE"],
    [transactionRecord(odd, maker.domain), "INVALID_ADDRESS"],
    [
      transactionRecord(
        { ...transfer, message: { ...transfer.message, from: new Uint8Array(32) } },
        maker.domain,
      ),
      "INVALID_ADDRESS",
    ],
  ] as [TransactionRecord, string][]) {
    const { header } = (
      await maker.block(maker.start(), { transactions: [transfer, bad.transaction], unexecuted: true })
    ).blocks[0]!;
    await expect(checkRecords(header, [record, bad], checks)).rejects.toMatchObject({
      code: "INVALID_TRANSACTION_SIGNATURE",
      message: `of transaction ${bad.idHex}: ${why}`,
    });
  }
});

test("every header of several has to be signed by its proposer", async () => {
  const { header } = block;
  const signed = { header, id: tip.id };
  const forged = { header: { ...header, signature: new Uint8Array(64) }, id: tip.id };
  expect(await codeOf(checkHeaderSignatures([signed, signed], checks))).toBe("no error");
  expect(await codeOf(checkHeaderSignatures([signed, forged], checks))).toBe("INVALID_HEADER_SIGNATURE");
  expect(await codeOf(checkHeaderSignatures([forged, signed], checks))).toBe("INVALID_HEADER_SIGNATURE");
  const other = { ...checks, genesisId: tip.id };
  expect(await codeOf(checkHeaderSignatures([signed], other))).toBe("INVALID_HEADER_SIGNATURE");
});

test("a header's numbers are at most 2^53 - 1, and its vote is written in one way only", () => {
  const { header } = block;
  const form = (changes: object) =>
    thrown(() => checkHeaderForm({ ...header, message: { ...header.message, ...changes } }));
  const most = Number.MAX_SAFE_INTEGER;
  expect(form({ height: most, timestamp: most, vote: authorityVote("add", authorities[4]!.publicKey) })).toBe(
    "no error",
  );
  for (const changes of [{ height: most + 1 }, { timestamp: most + 1 }, { vote: { ...noVote, value: 1n } }])
    expect(form(changes)).toBe("MALFORMED");
});

test("the limits of a block are those of its parent's parameters", () => {
  const parameters = genesis.config.parameters;
  const bytes = record.encoded.length;
  const limits = (count: number, maxBlockTransactions: number, maxBlockBytes: number) => {
    const records = Array.from({ length: count }, () => record);
    const allowed = { ...parameters, maxBlockTransactions, maxBlockBytes };
    const code = thrown(() => checkBlockLimits(records, allowed));
    expect(thrown(() => checkBlockSize(encodeRecords(records), allowed))).toBe(code);
    return code;
  };
  expect(limits(2, 2, 2 * bytes)).toBe("no error");
  expect(limits(3, 2, 3 * bytes)).toBe("TOO_MANY_TRANSACTIONS");
  expect(limits(2, 2, 2 * bytes - 1)).toBe("TOO_LARGE");
  expect(thrown(() => checkTransactionCount(3, { ...parameters, maxBlockTransactions: 2 }))).toBe(
    "TOO_MANY_TRANSACTIONS",
  );
});
