import { expect, it, vi } from "vitest";
import { EventTexts, type Piece } from "../../../src/api/event-texts.ts";
import type { LedgerServices } from "../../../src/api/services.ts";
import type { LoggedEvent } from "../../../src/storage/event-log.ts";
import { type Hex, toHex } from "../../../src/util/bytes.ts";
import { testChain } from "../support/chain.ts";

it("gives a reader the event that it asks for, while another is just told that there is none", async () => {
  const events: LoggedEvent[] = [];
  const looked: (() => void)[] = [];
  const log = {
    async *read(from: number) {
      // Answers like a database, with the contents at the time of the request.
      const found = events.slice(from - 1);
      await new Promise<void>((resolve) => looked.push(resolve));
      for (const [index, event] of found.entries()) yield { number: from + index, event };
    },
  };
  const texts = new EventTexts(log, () => undefined);
  const wanted = new Set(["mode"] as const);
  const early = texts.read(1, wanted);
  await new Promise(setImmediate);
  events.push({ name: "mode", mode: "boot" });
  const late = texts.read(1, wanted);
  const settled: (Piece | undefined)[] = [];
  void early.then((piece) => settled.push(piece));
  void late.then((piece) => settled.push(piece));
  while (settled.length < 2) {
    looked.shift()?.();
    await new Promise(setImmediate);
  }
  expect(await early).toBeUndefined();
  expect((await late)?.text).toContain("event: mode");
});

it("reads the transactions of a block together, and names those that no longer exist", async () => {
  const id = (n: number) => new Uint8Array(32).fill(n);
  const known = new Set([1, 2, 3, 4, 5, 6, 7].map((n) => toHex(id(n))));
  const asked: number[] = [];
  const message = { from: id(1), to: id(2), amount: 1n, fee: 1n, nonce: 0, validUntil: 0, memo: id(65) };
  const view = (idHex: Hex) => ({
    record: { idHex, transaction: { message, signature: new Uint8Array(64) } },
  });
  const ledger = {
    mempool: { get: () => undefined },
    chain: {
      reader: {
        transactions: async (ids: Uint8Array[]) => {
          asked.push(ids.length);
          return new Map(ids.map(toHex).flatMap((hex) => (known.has(hex) ? [[hex, view(hex)]] : [])));
        },
        transaction: async () => undefined,
      },
    },
  } as unknown as LedgerServices;
  const log = {
    async *read(from: number) {
      for (let number = from; number <= 9; number++)
        yield {
          number,
          event: {
            name: number === 5 ? "finalized" : "transaction",
            height: 1,
            id: id(number),
          } as LoggedEvent,
        };
    },
  };
  const texts = new EventTexts(log, () => ledger);
  const piece = await texts.read(1, new Set(["transaction"] as const));
  expect(asked).toEqual([8]);
  expect(piece?.next).toBe(10);
  expect(piece?.text.match(/^id: \d+$/gm)).toEqual([1, 2, 3, 4, 6, 7, 8, 9].map((n) => `id: ${n}`));
  expect(piece?.text).toContain(`data: {"id":"${toHex(id(9))}"}`);
});

it("formats an event once for readers that want different types, in whatever order they name them", async () => {
  let looked = 0;
  const ledger = {
    chain: {
      tree: {
        get: async () => {
          looked++;
          return undefined;
        },
      },
    },
  } as unknown as LedgerServices;
  let reads = 0;
  const log = {
    async *read() {
      reads++;
      yield { number: 1, event: { name: "block", height: 1, id: new Uint8Array(32) } as LoggedEvent };
    },
  };
  const texts = new EventTexts(log, () => ledger);
  const pieces = [
    await texts.read(1, new Set(["block", "mode"])),
    await texts.read(1, new Set(["mode", "block"])),
    await texts.read(1, new Set(["block"])),
  ];
  expect([reads, looked]).toEqual([2, 1]);
  expect(new Set(pieces.map((piece) => piece?.text)).size).toBe(1);
  expect(pieces[0]?.text).toContain("id: 1\nevent: block\n");
});

it("reads nothing from the disk for a block that has just been imported", async () => {
  const { chain, maker, database, addAll } = await testChain();
  const tip = await maker.block(maker.start(), { transactions: [await maker.transfer({})] });
  await addAll(tip);
  const log = {
    async *read() {
      yield { number: 1, event: { name: "block", height: 1, id: tip.id } as LoggedEvent };
    },
  };
  const texts = new EventTexts(log, () => ({ chain }) as unknown as LedgerServices);
  const reading = vi.spyOn(database, "get");
  const piece = await texts.read(1, new Set(["block"] as const));
  expect(JSON.parse(piece!.text.split("data: ")[1]!)).toMatchObject({
    id: tip.idHex,
    transactionCount: 1,
    bytes: 172,
  });
  expect(reading).not.toHaveBeenCalled();
});
