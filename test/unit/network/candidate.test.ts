import { expect, test } from "vitest";
import { placeOf } from "../../../src/network/address.ts";
import { Candidate } from "../../../src/network/candidate.ts";
import { maxAddresses, type Teller } from "../../../src/network/told.ts";

const at = (n: number, host = "10.0.0.1") => `/ip4/${host}/tcp/${n}`;
const targets = (count: number, from = 1) => Array.from({ length: count }, (_, n) => at(from + n));

const answerFrom = (host: string): Teller => ({ by: "discovery", place: placeOf(at(5_353, host))! });
const discovery = answerFrom("10.0.0.99");

test("keeps a few addresses, those that worked in front and then those told last", () => {
  const candidate = new Candidate("a", []);
  candidate.tell(targets(5), discovery);
  candidate.onWorked(at(3));
  for (let n = 0; n < 100; n++) candidate.tell([at(1_000 + n)], discovery);
  expect(candidate.targets).toHaveLength(maxAddresses);
  expect(candidate.targets.slice(0, 2)).toEqual([at(3), at(1_099)]);
});

test("addresses that worked and those from which a peer's own answers came keep places, whoever else answers for it", () => {
  const candidate = new Candidate("a", []);
  for (const target of targets(8)) candidate.onWorked(target);
  const own = at(4_000, "10.0.0.9");
  expect(candidate.tell([own, at(4_000, "172.17.0.1")], answerFrom("10.0.0.9"))).toBe(true);
  for (let round = 0; round < 10; round++) {
    for (const forger of ["10.0.0.21", "10.0.0.22", "10.0.0.23", "10.0.0.24"]) {
      const forged = Array.from({ length: 8 }, (_, n) => at(100 * round + n, n % 2 ? forger : "10.0.0.30"));
      candidate.tell(forged, answerFrom(forger));
    }
  }
  expect(candidate.targets).toHaveLength(maxAddresses);
  expect(candidate.targets.slice(0, 3)).toEqual([at(8), at(7), at(6)]);
  expect(candidate.targets).toContain(own);
});

test("forged answers of one machine push out nothing that the peer's own answer, or the peer itself, tells", () => {
  const candidate = new Candidate("a", []);
  const answered = [at(1, "10.0.0.9"), at(1, "172.17.0.1")];
  candidate.tell(answered, answerFrom("10.0.0.9"));
  for (let n = 0; n < 100; n++) candidate.tell([at(n, "10.0.0.21")], answerFrom("10.0.0.21"));
  expect(candidate.targets).toEqual(expect.arrayContaining(answered));
  const identified = targets(6, 50);
  candidate.tell(identified, { by: "peer", place: placeOf(at(1))! });
  for (let n = 0; n < 100; n++) candidate.tell([at(n, "10.0.0.21")], answerFrom("10.0.0.21"));
  expect(candidate.targets.slice(0, 6)).toEqual(identified);
  expect(candidate.targets).toContain(answered[0]);
});

test("addresses from other peers push out none that the peer itself or mDNS tells", () => {
  const candidate = new Candidate("a", []);
  candidate.tell(targets(4), { by: "peer", place: placeOf(at(1))! });
  candidate.tell([at(1, "10.0.0.9")], answerFrom("10.0.0.9"));
  const teller: Teller = { by: "exchange", place: placeOf(at(1, "10.0.0.21"))! };
  for (let n = 0; n < 100; n++) candidate.tell([at(n, "10.0.0.30")], teller);
  expect(candidate.targets.slice(0, 5)).toEqual([...targets(4), at(1, "10.0.0.9")]);
  expect(candidate.targets).toHaveLength(maxAddresses);
});

test("reports no address as news that it has no place for", () => {
  const candidate = new Candidate("a", []);
  candidate.tell(targets(maxAddresses), { by: "peer", place: placeOf(at(1))! });
  expect(candidate.tell([at(99)], discovery)).toBe(false);
});

test("keeps the last addresses that worked", () => {
  const candidate = new Candidate("a", []);
  for (const target of targets(20)) candidate.onWorked(target);
  expect(candidate.worked).toEqual(targets(maxAddresses, 21 - maxAddresses).reverse());
});

test("reports only addresses that it does not have as news", () => {
  const candidate = new Candidate("a", []);
  expect(candidate.tell([at(1), at(2)], discovery)).toBe(true);
  expect(candidate.tell([at(2), at(1)], discovery)).toBe(false);
  expect(candidate.tell([at(2), at(3)], discovery)).toBe(true);
});

test("a peer that stayed is found again where it was dialled, or else where it told of its own host", () => {
  const own: Teller = { by: "peer", place: placeOf(at(50_000))! };
  const dialled = new Candidate("a", []);
  dialled.tell([at(1), at(2)], own);
  dialled.dialledTo = at(2);
  dialled.attempts = 3;
  dialled.onLasted();
  expect([dialled.worked, dialled.attempts, dialled.proven]).toEqual([[at(2)], 0, true]);
  const came = new Candidate("b", []);
  came.tell([at(1, "192.0.2.1"), at(7), at(8)], own);
  came.onLasted();
  expect(came.worked).toEqual([at(7)]);
  const found = new Candidate("c", []);
  found.tell([at(7)], discovery);
  found.onLasted();
  expect(found.worked).toEqual([]);
});

test("dials addresses that worked or that a person gave without asking the quotas, before reported ones", () => {
  const candidate = new Candidate("a", [at(1)]);
  candidate.tell([at(1), at(2), at(3)], discovery);
  candidate.onWorked(at(4));
  const asked: string[] = [];
  const dialled = candidate.toDial((target) => asked.push(target) > 1);
  expect(asked).toEqual([at(2), at(3)]);
  expect(dialled).toEqual([at(4), at(1), at(3)]);
});

test.each([
  [0, 500],
  [1, 1_000],
  [4, 8_000],
  [5, 10_000],
  [30, 10_000],
  [31, 60_000],
  [60, 60_000],
  [61, 600_000],
])("after %i attempts that failed the next is %i ms later, or up to half of that", (attempts, fullMs) => {
  const candidate = new Candidate("a", []);
  candidate.attempts = attempts;
  expect([candidate.retryMs(() => 1), candidate.retryMs(() => 0)]).toEqual([fullMs, fullMs / 2]);
  const given = new Candidate("a", [at(1)]);
  given.attempts = attempts;
  expect(given.retryMs(() => 1)).toBe(Math.min(fullMs, 10_000));
});
