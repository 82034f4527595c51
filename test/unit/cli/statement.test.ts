import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { spanArgument } from "../../../src/cli/period.ts";
import { alice, authority, bob, type Fixture, startFixture } from "../api/fixture.ts";
import { ccoinHere } from "./ccoin.ts";

let node: Fixture;
const times: number[] = [];
const statement = (...args: string[]) => ccoinHere(["statement", ...args, "--url", node.server.url]);

beforeAll(async () => {
  node = await startFixture();
  const utf8 = (text: string) => new TextEncoder().encode(text);
  for (const transfers of [
    [{ amount: 100n, memo: utf8("rent\nMarch") }],
    [{ from: bob, to: alice.publicKey, amount: 30n }],
    [{ to: alice.publicKey, amount: 5n }],
  ]) {
    for (const transfer of transfers)
      await node.mempool.add(node.mempool.records([await node.sign(transfer)]), "local");
    await node.produce();
    times.push(node.chain.head.header.message.timestamp);
  }
});
afterAll(() => node.close());

const iso = (block: number, laterMs = 0) =>
  new Date(times[block - 1]! + laterMs).toISOString().replace(".000", "");

describe("ccoin statement", () => {
  it("lists what came and went, the oldest first, with balances that add up", async () => {
    const { code, stdout } = await statement(alice.address);
    expect(code).toBe(0);
    const lines = stdout.split("\n").map((line) => line.replaceAll(/ {2,}/g, " | "));
    expect(lines.slice(0, 6)).toEqual([
      `account | ${alice.address}`,
      expect.stringMatching(/^before | 1000000 CC | after block 0, 2023-11-1[45] /),
      "received | 30 CC",
      "sent | 100 CC",
      "fees | 2 CC",
      expect.stringMatching(/^balance | 999928 CC | after block 3, /),
    ]);
    expect(lines.slice(7).map((line) => line.replace(/^[0-9-]+ [0-9:]+/, "TIME").trim())).toEqual([
      "time | amount | balance | from or to | memo",
      `TIME | -100 | 999899 | ${bob.address} | rent�March`,
      `TIME | +30 | 999929 | ${bob.address}`,
      "TIME | 5 | 999928 | to itself",
      "",
    ]);
  });

  it("covers a period", async () => {
    const { stdout } = await statement(alice.address, "--from", iso(2), "--to", iso(3, -1_000), "--json");
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({
      address: alice.address,
      opening: { balance: "999899", block: { height: 1 } },
      closing: { balance: "999929", block: { height: 2 } },
      received: "30",
      sent: "0",
      fees: "0",
      earned: "0",
    });
    expect(answer.transactions.map(({ amount }: { amount: string }) => amount)).toEqual(["30"]);
    const early = await statement(alice.address, "--from=2000", "--to=2100", "--json");
    expect(JSON.parse(early.stdout)).toMatchObject({ opening: { block: { height: 0 } }, sent: "100" });
  });

  it("counts what an authority was paid for its blocks; its own is the default", async () => {
    const { stdout } = await statement();
    expect(stdout).toMatch(new RegExp(`^account +${authority.address} \\(Ada\\)$`, "m"));
    expect(stdout).toMatch(/^for blocks +3 CC$/m);
    expect(stdout).toMatch(/^no transactions$/m);
  });

  it("prints the node's table for spreadsheets", async () => {
    const { stdout } = await statement(alice.address, "--csv", `--from=${iso(2)}`);
    const [head, ...lines] = stdout.trim().split("\r\n");
    expect(head).toMatch(/time,direction,counterparty,/);
    expect(lines.map((line) => line.split(",").slice(1, 5).join())).toEqual([
      `in,${bob.address},,30`,
      `self,${alice.address},,5`,
    ]);
  });

  it.each([
    [["--csv", "--json"], /exclude each other/],
    [["--from=March"], /must be a date or a time, such as 2026-03/],
    [["--to=2026-02-30"], /must be a date or a time/],
    [["nobody"], /address/],
  ])("refuses %j", async (args, message) => {
    const { code, stderr } = await statement(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it("fails for a period before the chain", async () => {
    const { code, stderr } = await statement(alice.address, "--to=2001-01-01");
    expect(code).toBe(1);
    expect(stderr).toMatch(/this node has no block that is as old/);
  });
});

describe("a date of a statement", () => {
  const local = (...parts: [number, number, number, number?]) => new Date(...parts).getTime();
  it.each([
    ["2026", local(2026, 0, 1), local(2027, 0, 1) - 1],
    ["2026-12", local(2026, 11, 1), local(2027, 0, 1) - 1],
    ["2024-02", local(2024, 1, 1), local(2024, 2, 1) - 1],
    ["2026-03-31", local(2026, 2, 31), local(2026, 3, 1) - 1],
    ["2026-03-31T18:00", local(2026, 2, 31, 18), local(2026, 2, 31, 18)],
    ["2026-03-31T18:00:00Z", Date.UTC(2026, 2, 31, 18), Date.UTC(2026, 2, 31, 18)],
    ["2026-03-31T18:00:00.5+02:00", Date.UTC(2026, 2, 31, 16) + 500, Date.UTC(2026, 2, 31, 16) + 500],
  ])("%s", (text, first, last) => {
    expect(spanArgument(text)).toEqual({ first, last });
  });

  it.each(["", "2026-13", "2026-02-30", "31.3.2026", "2026-03-31T25:00", "1960"])("refuses %j", (text) => {
    expect(() => spanArgument(text)).toThrow(/must be a date or a time/);
  });
});
