import { expect, test } from "vitest";
import type { Chain } from "../../../src/chain/chain.ts";
import { Emitter } from "../../../src/util/emitter.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { addressOf, genesisParent } from "../consensus/test-chain.ts";
import { testProducer } from "../support/producer.ts";

const periodMs = 1_000;
/** A time in the middle of slot 7. */
const parentTime = 7_400;

/** Resolves to the time and the timestamp of the first block of authority A, which may not sign in some slots. */
async function firstBlock(taken: (slot: number) => boolean, nowMs: number, authorities = "A") {
  const freeSlotFrom = (slot: number): number => (taken(slot) ? freeSlotFrom(slot + 1) : slot);
  const timers: { atMs: number; callback(): void }[] = [];
  const made: { atMs: number; timestampMs: number }[] = [];
  let now = nowMs;
  const { header, id, snapshot } = genesisParent(authorities);
  const head = { id, height: 0, header: { message: { ...header, timestamp: parentTime } } };
  const chain = {
    events: new Emitter(silentLogger),
    genesis: { config: { slotMs: periodMs } },
    head,
    finalized: head,
    snapshot,
    produce: async ({ timestampMs }: { timestampMs: number }) => {
      made.push({ atMs: now, timestampMs });
      return { height: 1, idHex: "0x", records: [] };
    },
  } as unknown as Chain;
  const producer = testProducer({
    chain,
    signer: { publicKey: addressOf("A"), freeSlotFrom, signHeader: async () => new Uint8Array(64) },
    clock: {
      now: () => now,
      after: (delayMs, callback) => {
        timers.push({ atMs: now + delayMs, callback });
        return () => undefined;
      },
    },
  });
  producer.enabled = true;
  const timer = timers.at(-1)!;
  now = timer.atMs;
  timer.callback();
  await new Promise((resolve) => setImmediate(resolve));
  return made[0];
}

test.each([
  [
    "the last slot is an earlier one",
    (slot: number) => slot <= 7,
    7_500,
    { atMs: 8_400, timestampMs: 8_400 },
  ],
  ["nothing was signed yet", () => false, 7_500, { atMs: 8_400, timestampMs: 8_400 }],
  [
    "the slot is used, on another branch",
    (slot: number) => slot === 8,
    7_500,
    { atMs: 9_000, timestampMs: 9_000 },
  ],
  [
    "the slots up to now are refused",
    (slot: number) => slot <= 20,
    20_300,
    { atMs: 21_000, timestampMs: 21_000 },
  ],
  [
    "slots far ahead are used, by a wrong clock",
    (slot: number) => slot > 3_000,
    7_500,
    { atMs: 8_400, timestampMs: 8_400 },
  ],
])("gives a block a free slot that is not before its time: %s", async (_, taken, nowMs, expected) => {
  expect(await firstBlock(taken, nowMs)).toEqual(expected);
});

test("an authority out of turn that takes another slot waits in line as before", async () => {
  expect(await firstBlock(() => false, 7_500, "AB")).toEqual({ atMs: 8_900, timestampMs: 8_400 });
  const isTaken = (slot: number) => slot === 8;
  expect(await firstBlock(isTaken, 7_500, "AB")).toEqual({ atMs: 9_500, timestampMs: 9_000 });
});
