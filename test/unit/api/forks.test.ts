import { afterAll, beforeAll, expect, it } from "vitest";
import { computeDomain } from "../../../src/types/index.ts";
import { fromHex, toHex } from "../../../src/util/bytes.ts";
import { transactionRecord } from "../../transaction-record.ts";
import { finalize } from "./finalize.ts";
import { authority, bob, type Fixture, startFixture, transactionJson } from "./fixture.ts";

let node: Fixture;

beforeAll(async () => {
  node = await startFixture();
});
afterAll(() => node.close());

it("tells what became of each transaction of a retracted block", async () => {
  const send = async (transfer: Parameters<Fixture["sign"]>[0]) => {
    const signed = await node.sign(transfer);
    return (await node.post(transactionJson(signed))).body.id as string;
  };
  const transfers = {
    finalized: { nonce: 0, amount: 1n },
    included: { nonce: 1, amount: 2n },
    pending: { nonce: 2, amount: 3n },
    replaced: { nonce: 0, amount: 4n },
    expired: { nonce: 2, amount: 5n, validUntil: 1 },
    dropped: { nonce: 3, amount: 6n },
  };
  const domain = computeDomain("transaction", node.chain.genesis.id);
  const signed = await Promise.all(Object.values(transfers).map((transfer) => node.sign(transfer)));
  const records = signed.map((each) => transactionRecord(each, domain));
  await send(transfers.finalized);
  const id = await node.produce();
  await send(transfers.included);
  await node.produce();
  await finalize(node.chain, 1, [authority]);
  await send(transfers.pending);

  const block = (await node.chain.reader.byId(fromHex(id)))!;
  const gone = { ...block, id: new Uint8Array(32).fill(7), idHex: toHex(new Uint8Array(32).fill(7)) };
  node.chain.events.emit("aside", { ...gone, records });
  const { status, body } = await node.get(`/v1/forks/${gone.idHex}`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    id: gone.idHex,
    height: 1,
    retracted: false,
    returned: 0,
    transactionCount: 6,
  });
  expect(body.transactions.map((each: { status: string }) => each.status)).toEqual(Object.keys(transfers));
  const [finalized, included, pending] = body.transactions;
  expect([finalized.block.height, included.block.height, pending.block]).toEqual([1, 2, null]);
  expect(finalized.to).toBe(bob.address);
  expect((await node.get(`/v1/forks/0x${"12".repeat(32)}`)).body.code).toBe("BLOCK_NOT_FOUND");
  const { blocks } = (await node.get("/v1/forks")).body;
  expect(blocks).toMatchObject([{ id: gone.idHex, seenAt: expect.any(Number) }]);
});
