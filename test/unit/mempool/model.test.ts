import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isExpired } from "../../../src/state/execute.ts";
import type { Transaction } from "../../../src/types/index.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import { users } from "../support/chain.ts";
import type { MemoryDatabase } from "../support/database.ts";
import { agree, testPool } from "../support/mempool.ts";

test.each([
  ["at once", 4096],
  ["one at a time, with additions in between", 1],
])(
  "nothing acknowledged is lost, and disk and memory agree, over blocks and reorganizations, handled %s",
  async (_, sliceTransactions) => {
    const { genesis } = await testPool();
    let partlyDead = 0;
    const ended = new Set<string>();
    const step = fc.record({
      kind: fc.constantFrom("local", "gossip", "block", "block", "fork", "during"),
      from: fc.nat(2),
      ahead: fc.nat(2),
      fee: fc.integer({ min: 1, max: 40 }),
      back: fc.integer({ min: 1, max: 3 }),
      take: fc.nat(4),
      count: fc.integer({ min: 1, max: 5 }),
      /** Number of blocks that may hold the transactions, like `validFor`. */
      ends: fc.constantFrom(0, 0, 1, 2, 4),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        let onPause: () => Promise<void> = async () => undefined;
        const pool = await testPool({ genesis, limits: { sliceTransactions }, pause: () => onPause() });
        const tips = [pool.maker.start()];
        const acknowledged = new Map<string, Transaction>();
        const replaced = new Set<string>();
        /** Sends a batch whose transactions leave the disk at different times. */
        const send = async (
          source: "local" | "gossip",
          { from, ahead, fee, count, ends }: (typeof steps)[number],
        ) => {
          const first = Math.max(0, pool.mempool.pendingNonce(users[from]!.publicKey) - 1 + ahead);
          const validUntil = ends === 0 ? 0 : pool.chain.head.height + ends;
          const transfers = Array.from({ length: count }, (_, index) => {
            // Every third transaction has the nonce of the previous one and may replace it.
            const nonce = first + index - Math.floor(index / 3);
            return pool.maker.transfer({
              from,
              fee: BigInt(fee + 5 * (index % 3 === 0 ? 2 : 0)),
              nonce,
              validUntil,
            });
          });
          await submit(await Promise.all(transfers), source);
        };
        const submit = async (transactions: Transaction[], source: "local" | "gossip") => {
          const records = pool.mempool.records(transactions);
          const slotOf = ({ message }: Transaction) =>
            `${message.nonce} ${Buffer.from(message.from).toString("hex")}`;
          const slots = new Map(
            [...pool.mempool.entries()].map(({ record }) => [slotOf(record.transaction), record.idHex]),
          );
          for (const { accepted, record } of await pool.mempool.add(records, source)) {
            if (!accepted) continue;
            const before = slots.get(slotOf(record.transaction));
            if (before) replaced.add(before);
            slots.set(slotOf(record.transaction), record.idHex);
            if (source === "local") acknowledged.set(record.idHex, record.transaction);
          }
        };
        /** Resolves to the transactions of a node that restarts after a kill with this disk. */
        const survives = async (disk: MemoryDatabase) => {
          const { mempool, chain } = await pool.restart(disk);
          mempool.stop();
          for (const [id, { message }] of acknowledged) {
            const used = message.nonce < chain.state.get(message.from)!.nonce;
            const ended = isExpired(message, chain.head.height + 1);
            expect(used || ended || replaced.has(id) || mempool.get(id) !== undefined).toBe(true);
          }
        };
        for (const one of steps) {
          if (one.kind === "local" || one.kind === "gossip") await send(one.kind, one);
          else {
            // A fork starts some blocks below the head and ends above it, so that it wins.
            const isFork = one.kind === "fork";
            const base = isFork ? Math.max(0, tips.length - 1 - one.back) : tips.length - 1;
            const length = isFork ? tips.length - base : 1;
            tips.length = base + 1;
            const state = tips.at(-1)!.state();
            const nonce = state.get(users[one.from]!.publicKey)!.nonce;
            const foreign = await pool.maker.transfer({
              from: one.from,
              nonce,
              fee: BigInt(one.fee),
              amount: 7n,
            });
            const own = [...(await pool.mempool.executable())]
              .slice(0, one.take)
              .map(({ transaction }) => transaction);
            for (let made = 0; made < length; made++) {
              const transactions = made > 0 ? [] : isFork ? [foreign] : own;
              tips.push(await pool.maker.block(tips.at(-1)!, { laterMs: one.back, transactions }));
            }
            if (one.kind === "during") {
              pool.database.beforeCommit = async () => {
                pool.database.beforeCommit = async () => undefined;
                await send("local", one);
                await submit([own[0] ?? foreign], "local");
                await survives(pool.database);
                let pauses = one.count;
                onPause = async () => {
                  if (--pauses === 0) await send("local", { ...one, from: (one.from + 1) % 3 });
                };
              };
            }
            for (const { blocks } of tips.slice(base + 1)) await pool.add(blocks.at(-1)!);
            expect(pool.chain.head.idHex).toBe(tips.at(-1)!.idHex);
            await setImmediate();
            onPause = async () => undefined;
          }
          await agree(pool);
          await survives(pool.database);
          for (const [id, { message }] of acknowledged) {
            if (pool.mempool.get(id) || replaced.has(id)) continue;
            if (isExpired(message, pool.chain.head.height + 1)) {
              ended.add(id);
              acknowledged.delete(id);
              continue;
            }
            expect(message.nonce).toBeLessThan(pool.chain.state.get(message.from)!.nonce);
            // Another transaction has used its nonce: that ends the promise, even if a reorganization takes it back.
            if (!(await pool.chain.reader.transaction(fromHex(id)))) acknowledged.delete(id);
          }
        }
        expect((await pool.restart()).durable()).toEqual(pool.durable());
        const batches = await pool.batches();
        if (batches.flat().length > pool.durable().length) partlyDead++;
      }),
      { numRuns: 60, seed: 1 },
    );
    // Otherwise the test would not cover batches of which a part is in blocks.
    expect(partlyDead).toBeGreaterThan(5);
    expect(ended.size).toBeGreaterThan(20);
  },
);
