import { afterEach, beforeEach, expect, it } from "vitest";
import { systemClock } from "../../../src/util/clock.ts";
import { alice, bob, type Fixture, startFixture } from "./fixture.ts";

let node: Fixture;
let now = 0;
const given: string[] = [];

beforeEach(async () => {
  given.length = 0;
  now = 10_000;
  const coins = {
    amount: 1_000n,
    give: async (to: string) => {
      given.push(to);
      return `0x${"ab".repeat(32)}` as const;
    },
  };
  node = await startFixture({
    access: { trustProxies: ["127.0.0.1"] },
    consensus: () => ({ coins, clock: { ...systemClock, now: () => now } }),
  });
});
afterEach(() => node.close());

const ask = (address: string, headers: Record<string, string> = {}) =>
  node.get(`/v1/accounts/${address}/coins`, { method: "POST", headers });

it("a development chain gives coins to an account that has none, once a second", async () => {
  const answer = await ask(bob.address);
  expect(answer).toMatchObject({ status: 202, body: { id: `0x${"ab".repeat(32)}`, amount: "1000" } });
  expect(given).toEqual([bob.address]);
  now += 999;
  expect(await ask(bob.address)).toMatchObject({ status: 429, body: { code: "RATE_LIMITED" } });
  now += 1;
  expect((await ask(bob.address)).status).toBe(202);
});

it("gives nothing to an account that has coins, to another machine, or to a page of another site", async () => {
  expect(await ask(alice.address)).toMatchObject({ status: 409, body: { code: "NOTHING_TO_CHANGE" } });
  const elsewhere = { "x-forwarded-for": "192.0.2.7" };
  expect(await ask(bob.address, elsewhere)).toMatchObject({ status: 404, body: { code: "NOT_FOUND" } });
  expect((await ask(bob.address, { origin: "https://evil.example" })).status).toBe(403);
  expect(given).toEqual([]);
});

it("a node of another chain has no such route", async () => {
  const plain = await startFixture();
  const answer = await plain.get(`/v1/accounts/${bob.address}/coins`, { method: "POST" });
  expect(answer.status).toBe(404);
  await plain.close();
});
