import { expect, test } from "vitest";
import { placeOf } from "../../../src/network/address.ts";
import { lastedMs } from "../../../src/network/dialer.ts";
import { type Teller, toldLimits } from "../../../src/network/told.ts";
import { at, peer, setUp } from "./dialing.ts";

/** A peer on a LAN that tells of others. */
const tellerAt = (host: string): Teller => ({ by: "exchange", place: placeOf(at(50_000, host))! });
const teller = tellerAt("10.0.0.2");

test("peers that others tell of are dialled two at a time, and only while the node has fewer than it wants", async () => {
  let missing = 8;
  let underWay = 0;
  const never = () => {
    underWay++;
    return new Promise<never>(() => undefined);
  };
  const { dialer, clock } = setUp({ dial: never, missing: () => missing });
  await dialer.start();
  for (let n = 0; n < 20; n++) dialer.found(`n${n}`, [at(1, `10.1.${n}.1`)], teller);
  await clock.advance(5_000);
  expect(underWay).toBe(2);
  missing = 0;
  await clock.advance(60_000);
  // Those that are not wanted are forgotten: peers will tell of them again.
  expect([underWay, clock.pending]).toEqual([2, 0]);
});

test("dials one peer at a time for the last place", async () => {
  let underWay = 0;
  const never = () => {
    underWay++;
    return new Promise<never>(() => undefined);
  };
  const { dialer, clock } = setUp({ dial: never, missing: () => 1 });
  await dialer.start();
  for (let n = 0; n < 5; n++) dialer.found(`n${n}`, [at(1, `10.1.${n}.1`)], teller);
  await clock.advance(5_000);
  expect(underWay).toBe(1);
});

test("a peer that others told of is kept once it has stayed, and is dialled again when it is lost", async () => {
  const { dialer, clock, alive, book, cut, connected } = setUp();
  await dialer.start();
  alive.set(at(1), "z");
  dialer.found("z", [at(1)], teller);
  await clock.advance(lastedMs - 1);
  expect([dialer.workedOf("z"), book.size]).toEqual([[], 0]);
  await clock.advance(1_000);
  expect(dialer.workedOf("z")).toEqual([at(1)]);
  expect(book.get("z")).toMatchObject({ addresses: [at(1)], dialled: true });
  cut("z");
  await clock.advance(1_000);
  expect(connected.has("z")).toBe(true);
});

test("a peer that others told of and that is not there is forgotten after a few dials", async () => {
  const { dialer, clock, dials, book } = setUp();
  await dialer.start();
  dialer.found("z", [at(1)], teller);
  await clock.advance(3_600_000);
  expect(dials.length).toBe(5);
  expect([book.size, clock.pending]).toEqual([0, 0]);
});

test("many peers that a teller makes up at a victim's addresses cause few dials, and take no other teller's share", async () => {
  const { dialer, clock, dials, alive, connected } = setUp();
  await dialer.start();
  for (let minute = 0; minute < 10; minute++) {
    for (let n = 0; n < 16; n++)
      dialer.found(`made-up ${minute} ${n}`, [at(1 + n, "10.9.9.9"), at(1 + n, `10.8.8.${n}`)], teller);
    await clock.advance(59_000);
  }
  const knocks = dials.flatMap(({ addresses }) => addresses).length;
  // These are the dials that were allowed at once, and those that are allowed again within the ten minutes.
  expect(knocks).toBeLessThanOrEqual(2 * toldLimits.elsewherePerTeller.requests);
  alive.set(at(1, "10.7.7.7"), "z");
  dialer.found("z", [at(1, "10.7.7.7")], tellerAt("10.0.0.3"));
  await clock.advance(1_000);
  expect(connected.has("z")).toBe(true);
});

test("whatever a teller makes up, a peer that reports itself from the same host is dialled", async () => {
  const { dialer, clock, alive, connected } = setUp();
  await dialer.start();
  for (let n = 0; n < 1_000; n++) dialer.found(`made-up ${n}`, [at(1, `10.8.${n % 250}.1`)], teller);
  await clock.advance(1_000);
  alive.set(at(1, "10.0.0.2"), "z");
  dialer.found("z", [at(1, "10.0.0.2")], peer(at(50_000, "10.0.0.2")));
  await clock.advance(60_000);
  dialer.found("z", [at(1, "10.0.0.2")], peer(at(50_000, "10.0.0.2")));
  await clock.advance(1_000);
  expect(connected.has("z")).toBe(true);
});

test("peers that are not on the operator's list are not even tried", async () => {
  const { dialer, clock, dials } = setUp({ isAllowed: (id) => id === "z" });
  await dialer.start();
  dialer.found("y", [at(1)], peer(at(50_000)));
  dialer.found("z", [at(2)], peer(at(50_000)));
  await clock.advance(1_000);
  expect(new Set(dials.map(({ id }) => id))).toEqual(new Set(["z"]));
});
