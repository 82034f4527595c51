import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  firstInLine,
  futureBlockMs,
  hasSignedRecently,
  productionTime,
  turnStepMs,
} from "../../../src/consensus/index.ts";
import { addressOf, byTurn, extend, genesisParent } from "./test-chain.ts";

describe("productionTime", () => {
  const names = byTurn("ABCDE");
  const genesis = genesisParent("ABCDE");
  const due = genesis.header.timestamp + 1000;
  const at = (name: string, tip = genesis, notBeforeMs?: number) =>
    productionTime(tip.snapshot, tip.header, addressOf(name), notBeforeMs);

  test("the authority in turn signs as soon as the period is over; the others wait in line", () => {
    const line = [names[1], names[2], names[3], names[4], names[0]];
    expect(line.map((name) => at(name!)?.sealAtMs)).toEqual([0, 500, 1000, 1500, 2000].map((d) => due + d));
    expect(line.map((name) => at(name!)?.timestampMs)).toEqual(line.map(() => due));
    expect(line.map((name) => at(name!)?.inTurn)).toEqual([true, false, false, false, false]);
  });

  test("those that signed recently may not, and hold no place in line", () => {
    // At height 3 the turn is names[3]; names[4] and names[0] signed the two blocks before.
    const tip = extend(genesis, [names[4]!, names[0]!]);
    const delay = (name: string) => {
      const time = at(name, tip);
      return time && time.sealAtMs - time.timestampMs;
    };
    expect(delay(names[3]!)).toBe(0);
    expect(delay(names[4]!)).toBeUndefined();
    expect(delay(names[0]!)).toBeUndefined();
    expect(delay(names[1]!)).toBe(500);
    expect(delay(names[2]!)).toBe(1000);
  });

  test("the first in line waits for nobody where the turn's own authority signed recently", () => {
    const tip = extend(genesis, [names[2]!]);
    expect(at(names[2]!, tip)).toBeUndefined();
    expect(at(names[3]!, tip)).toMatchObject({ sealAtMs: tip.header.timestamp + 1000, inTurn: false });
    expect(at(names[4]!, tip)).toMatchObject({ sealAtMs: tip.header.timestamp + 1500, inTurn: false });
  });

  test("after a missed turn, the blocks are made when they are due, although each is out of turn", () => {
    let tip = extend(
      genesis,
      [1, 2, 3, 4, 1].map((index) => names[index]!),
    );
    for (let block = 0; block < 20; block++) {
      const times = names.map((name) => at(name, tip));
      const first = times.findIndex((time) => time?.sealAtMs === tip.header.timestamp + 1000);
      expect(times[first]).toMatchObject({ inTurn: false });
      tip = extend(tip, [names[first]!]);
    }
  });

  test("the example of docs/consensus.md", () => {
    const tip = extend(
      genesis,
      [1, 2, 3, 4, 0, 1, 4].map((index) => names[index]!),
    );
    const delays = names.map((name) => {
      const time = at(name, tip);
      return time && time.sealAtMs - tip.header.timestamp - 1000;
    });
    expect(delays).toEqual([500, undefined, 1000, 0, undefined]);
    const page = readFileSync(new URL("../../../docs/consensus.md", import.meta.url), "utf8");
    const example = /\*\*Example\.\*\* Take five[\s\S]*?\n\n/.exec(page)![0].replaceAll(/\s+/g, " ").trim();
    const index = (of: number | undefined) => delays.indexOf(of);
    const barred = [...delays.keys()].filter((at) => delays[at] === undefined);
    expect(example).toBe(
      `**Example.** Take five authorities, a period of 1 s and height ${tip.header.height + 1}. Index ${index(0)} is in turn, ` +
        `and ${barred.join(" and ")} signed the blocks at heights 6 and 7. Index ${index(0)} signs when the block is due, ` +
        `${index(500)} after 500 ms, ${index(1000)} after 1000 ms; ${barred.join(" and ")} may not sign.`,
    );
  });

  test("a stranger never may", () => {
    expect(at("Z")).toBeUndefined();
  });

  test("the line starts on a quiet chain when there is reason for a block", () => {
    expect(at(names[1]!, genesis, due + 7000)).toMatchObject({
      timestampMs: due + 7000,
      sealAtMs: due + 7000,
    });
    expect(at(names[2]!, genesis, due + 7000)).toMatchObject({ sealAtMs: due + 7500 });
    expect(at(names[1]!, genesis, due - 1)).toMatchObject({ timestampMs: due });
  });

  test("no two authorities that may sign do so at the same time, and there are no gaps in the line", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.nat(7), { maxLength: 12 }), (size, picks) => {
        let tip = genesisParent("ABCDEFGH".slice(0, size));
        const times = (parent: typeof tip) =>
          parent.snapshot.authorities.map((a) => productionTime(parent.snapshot, parent.header, a));
        for (const pick of picks) {
          const able = [..."ABCDEFGH".slice(0, size)].filter((name) => at(name, tip));
          tip = extend(tip, [able[pick % able.length]!]);
        }
        const line = times(tip).filter((time) => time !== undefined);
        const delays = line.map((time) => time.sealAtMs - time.timestampMs).sort((a, b) => a - b);
        expect(delays).toEqual(delays.map((_, place) => place * 500));
        expect(delays.length).toBeGreaterThan(0);
      }),
      { seed: 1 },
    );
  });
});

test.each([
  [100, 50],
  [60, 50],
  [301, 150],
  [1000, 500],
  [600_000, 1000],
])("a period of %i ms makes a place in line %i ms", (periodMs, stepMs) => {
  expect(turnStepMs(periodMs)).toBe(stepMs);
});

test("a header is ahead of the clock until its timestamp, and its proposer's place in line after it", () => {
  const names = byTurn("ABCDE");
  const { snapshot } = genesisParent("ABCDE");
  const ahead = (name: string, nowMs: number) =>
    futureBlockMs(snapshot, { height: 1, proposer: addressOf(name), timestamp: 10_000 }, nowMs);
  const line = [names[1]!, names[2]!, names[3]!, names[4]!, names[0]!];
  expect(line.map((name) => ahead(name, 9_500))).toEqual([500, 1_000, 1_500, 2_000, 2_500]);
  expect(line.map((name) => ahead(name, 11_100))).toEqual([0, 0, 0, 400, 900]);
  expect(line.map((name) => ahead(name, 12_000))).toEqual([0, 0, 0, 0, 0]);
  expect(ahead(line[4]!, 11_999)).toBe(1);
});

test("a header whose timestamp is old has waited long enough, whoever is in turn on a chain that has rested", () => {
  const { snapshot } = genesisParent("ABCD");
  for (const name of byTurn("ABCD")) {
    const header = { height: 1, proposer: addressOf(name), timestamp: 10_000 };
    expect(futureBlockMs(snapshot, header, 600_000)).toBe(0);
  }
});

test("a place in line is what walking the line finds, whoever has signed before", () => {
  const addresses = Array.from({ length: 12 }, (_, index) => Uint8Array.of(index, ...new Uint8Array(31)));
  const signers = fc.array(fc.nat(11), { maxLength: 8 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      signers,
      fc.integer({ min: 20, max: 40 }),
      (size, picks, height) => {
        const authorities = addresses.slice(2, 2 + size);
        const recentSigners = picks.map((pick, at) => ({
          height: height - picks.length + at,
          proposer: addresses[pick]!,
        }));
        const snapshot = { ...genesisParent("A").snapshot, authorities, recentSigners };
        const line = authorities
          .map((_, place) => authorities[(height + place) % size]!)
          .filter((authority) => !hasSignedRecently(snapshot, height, authority));
        const parent = { height: height - 1, timestamp: 0 };
        for (const address of addresses) {
          const time = productionTime(snapshot, parent, address);
          const place = time ? (time.sealAtMs - time.timestampMs) / 500 : -1;
          expect(place).toBe(line.indexOf(address));
        }
        expect(firstInLine(snapshot, height)).toBe(line[0]);
      },
    ),
    { seed: 1 },
  );
});

test("many headers on one parent cost no walk of the line each", () => {
  let looked = 0;
  const counted = <T extends object>(list: T[]) =>
    new Proxy(list, {
      get(target, key) {
        looked++;
        return Reflect.get(target, key);
      },
    });
  const addresses = Array.from({ length: 1024 }, (_, index) =>
    Uint8Array.of(index >> 8, index & 255, ...new Uint8Array(30)),
  );
  const height = 2048;
  const recentSigners = addresses
    .slice(512)
    .map((proposer, index) => ({ height: height - 512 + index, proposer }));
  const snapshot = {
    ...genesisParent("A").snapshot,
    authorities: counted(addresses),
    recentSigners: counted(recentSigners),
  };
  const ahead = () => futureBlockMs(snapshot, { height, proposer: addresses[511]!, timestamp: 10_000 }, 0);
  expect(ahead()).toBe(10_000 + 511 * 500);
  looked = 0;
  for (let header = 0; header < 100; header++) ahead();
  expect(looked).toBeLessThan(100 * 32);
});

test("a single authority is always in turn", () => {
  const { snapshot } = genesisParent("A", { periodMs: 100 });
  for (let height = 0; height < 3; height++) {
    const time = productionTime(snapshot, { height, timestamp: 0 }, addressOf("A"));
    expect(time).toEqual({ timestampMs: 100, sealAtMs: 100, inTurn: true });
  }
});
