import fc from "fast-check";
import { expect, test } from "vitest";
import { AccountQueue } from "../../../src/mempool/account-queue.ts";
import type { PoolEntry } from "../../../src/mempool/pool-entry.ts";

/** Makes an entry of which only nonce and cost matter. */
function entry(nonce: number, amount: bigint): PoolEntry {
  return { nonce, cost: amount + 1n } as PoolEntry;
}

test("keeps the nonces and costs of a plain map, in whatever order transactions come and go", () => {
  const step = fc.record({
    remove: fc.nat(3).map((one) => one === 0),
    nonce: fc.nat(6),
    amount: fc.bigInt({ min: 0n, max: 50n }),
    account: fc.constantFrom(0, 0, 0, 0, 1, 2, 9),
    balance: fc.bigInt({ min: 0n, max: 200n }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new AccountQueue(new Uint8Array(32));
      const model = new Map<number, bigint>();
      for (const { remove, nonce, amount, account, balance } of steps) {
        if (remove) {
          expect(queue.remove(nonce) !== undefined).toBe(model.delete(nonce));
        } else {
          queue.set(entry(nonce, amount));
          model.set(nonce, amount + 1n);
        }
        expect(queue.size).toBe(model.size);
        let next = account;
        while (model.has(next)) next++;
        expect(queue.nextNonce(account)).toBe(next);
        let unpaid = account;
        for (let left = balance; model.has(unpaid) && model.get(unpaid)! <= left; unpaid++)
          left -= model.get(unpaid)!;
        expect(queue.firstUnpaid({ balance, nonce: account })).toBe(unpaid);
        let cost = 0n;
        for (const [one, price] of model) if (one >= account) cost += price;
        expect(queue.costFrom(account)).toBe(cost);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});
