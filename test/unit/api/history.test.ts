import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Signer } from "../../../src/accounts/signer.ts";
import { historyLimits } from "../../../src/api/account-history.ts";
import { textCell } from "../../../src/api/history-csv.ts";
import { type Answer, alice, bob, type Fixture, signer, startFixture } from "./fixture.ts";

const carol = signer(4);
const nobody = signer(99);

let node: Fixture;
/** Times of the blocks by height. */
const times: number[] = [];
const path = (of: Signer, query = "") => `/v1/accounts/${of.address}/transactions${query}`;
const utf8 = (text: string) => new TextEncoder().encode(text);

type Sent = { from?: Signer; to?: Uint8Array; amount?: bigint; memo?: Uint8Array };

/** Alice pays Bob and Carol, Bob pays back, and Alice pays herself: block after block. */
const sent: Sent[][] = [
  [
    { to: bob.publicKey, amount: 100n, memo: utf8("Rent, March") },
    { to: carol.publicKey, amount: 20n },
  ],
  [{ from: bob, to: alice.publicKey, amount: 30n, memo: utf8('thanks, "really"') }],
  [],
  [
    { to: alice.publicKey, amount: 5n, memo: utf8("=SUM(A1:A9)") },
    { to: bob.publicKey, amount: 7n, memo: Uint8Array.of(0xff) },
    { to: nobody.publicKey, amount: 0n },
  ],
];

beforeAll(async () => {
  node = await startFixture();
  times.push(node.chain.head.header.message.timestamp);
  for (const transfers of sent) {
    for (const transfer of transfers)
      await node.mempool.add(node.mempool.records([await node.sign(transfer)]), "local");
    await node.produce();
    times.push(node.chain.head.header.message.timestamp);
  }
});
afterAll(() => node.close());

const amounts = ({ body }: Answer) =>
  body.transactions.map(({ amount }: { amount: string }) => Number(amount));
async function list(of: Signer, query = ""): Promise<number[]> {
  return amounts(await node.get(path(of, query)));
}

describe("an account's history", () => {
  it("says what each transaction was to the account, its balance then, and the sums of what is shown", async () => {
    const { body } = await node.get(path(alice));
    const shown = body.transactions.map((each: Record<string, unknown>) => [
      each["direction"],
      each["amount"],
      each["balance"],
      (each["block"] as { timestamp: number }).timestamp,
    ]);
    expect(shown).toEqual([
      ["out", "0", "999898", times[4]],
      ["out", "7", "999899", times[4]],
      ["self", "5", "999907", times[4]],
      ["in", "30", "999908", times[2]],
      ["out", "20", "999878", times[1]],
      ["out", "100", "999899", times[1]],
    ]);
    expect(body.totals).toEqual({ received: "30", sent: "127", fees: "5" });
    expect(body).toMatchObject({ next: null, previous: null });
    expect((await node.get(`/v1/accounts/${alice.address}`)).body.balance).toBe("999898");
  });

  it.each([
    ["direction=in", [30]],
    ["direction=out", [0, 7, 20, 100]],
    ["direction=self", [5]],
    [`counterparty=${bob.address}`, [7, 30, 100]],
    [`counterparty=${carol.address}`, [20]],
    [`counterparty=${nobody.address}`, [0]],
    [`counterparty=${alice.address}`, [5]],
    [`counterparty=${signer(77).address}`, []],
    ["memo=rent", [100]],
    ["memo=T", [30, 100]],
    ["memo=%C3%BF", []],
    ["minAmount=20", [30, 20, 100]],
    ["maxAmount=7", [0, 7, 5]],
    ["minAmount=7&maxAmount=20&direction=out", [7, 20]],
    ["fromHeight=2", [0, 7, 5, 30]],
    ["toHeight=3", [30, 20, 100]],
    ["fromHeight=2&toHeight=2", [30]],
    ["fromHeight=3&toHeight=3", []],
  ])("lists the history with %s", async (query, expected) => {
    expect(await list(alice, `?${query}`)).toEqual(expected);
  });

  it("filters by time, in milliseconds and in ISO 8601", async () => {
    const iso = (height: number) => encodeURIComponent(new Date(times[height]!).toISOString());
    expect(await list(alice, `?fromTime=${times[2]}&toTime=${times[2]}`)).toEqual([30]);
    expect(await list(alice, `?fromTime=${times[2]! + 1}`)).toEqual([0, 7, 5]);
    expect(await list(alice, `?toTime=${times[2]! - 1}`)).toEqual([20, 100]);
    expect(await list(alice, `?fromTime=${iso(2)}&toTime=${iso(3)}`)).toEqual([30]);
    expect(await list(alice, "?fromTime=2000-01-01&toTime=2000-02-01")).toEqual([]);
    expect(await list(alice, "?fromTime=2000-01-01T01:00:00%2B01:00")).toHaveLength(6);
  });

  it.each(["", "&direction=out", "&memo=t"])(
    "pages in both directions with cursors that stay (%s)",
    async (filter) => {
      const all = await list(alice, `?${filter}`);
      const pages: Answer[] = [];
      for (let next = ""; ; ) {
        const page = await node.get(path(alice, `?limit=2${filter}${next}`));
        pages.push(page);
        if (page.body.next === null) break;
        next = `&before=${page.body.next}`;
      }
      expect(pages.flatMap(amounts)).toEqual(all);
      expect(pages[0]!.body.previous).toBeNull();
      const back: number[] = [];
      for (let page = pages.at(-1)!; ; ) {
        back.unshift(...amounts(page));
        if (page.body.previous === null) break;
        page = await node.get(path(alice, `?limit=2${filter}&after=${page.body.previous}`));
      }
      expect(back).toEqual(all);
      // Beyond the end there is a way back.
      const end = await node.get(path(alice, `?before=1-0${filter}`));
      expect(end.body).toMatchObject({ transactions: [], next: null, previous: "0-65536" });
      expect(amounts(await node.get(path(alice, `?limit=100${filter}&after=${end.body.previous}`)))).toEqual(
        all,
      );
      // Transactions that are newer than a page appear after it.
      const newer = await node.get(path(alice, `?after=4-2${filter}`));
      expect(newer.body).toMatchObject({ transactions: [], next: "4-2", previous: null });
    },
  );

  it.each([
    "?before=1",
    "?after=x",
    "?before=1-0&after=2-0",
    "?direction=up",
    "?counterparty=cc1",
    "?minAmount=-1",
    "?fromTime=yesterday",
    "?fromTime=2026-13-01",
    "?toTime=2026-01-01T00:00:00",
    `?memo=${"x".repeat(257)}`,
    "?format=pdf",
    "?fromHeight=-1",
  ])("refuses %s", async (query) => {
    expect(await node.get(path(alice, query))).toMatchObject({ status: 400, body: { code: "MALFORMED" } });
  });
});

describe("the balance at an earlier block", () => {
  const at = (of: Signer, when: string | number) => node.get(`/v1/accounts/${of.address}?at=${when}`);

  it("comes from the index, by height and by time", async () => {
    for (const [height, balance] of ["1000000", "999878", "999908", "999908", "999898"].entries()) {
      const expected = {
        address: alice.address,
        balance,
        block: { height, id: expect.stringMatching(/^0x/), timestamp: times[height] },
      };
      expect((await at(alice, height)).body).toEqual(expected);
      expect((await at(alice, new Date(times[height]!).toISOString())).body).toEqual(expected);
      const justBefore = new Date(times[height]! - 1).toISOString();
      if (height > 0) expect((await at(alice, justBefore)).body.block.height).toBe(height - 1);
    }
    expect((await at(carol, 0)).body.balance).toBe("0");
    expect((await at(carol, 1)).body.balance).toBe("20");
    expect((await at(nobody, 2)).body.balance).toBe("0");
    expect((await at(alice, "2100-01-01")).body.block.height).toBe(4);
  });

  it("refuses blocks that do not exist", async () => {
    for (const when of [5, Number.MAX_SAFE_INTEGER, "2000-01-01"])
      expect(await at(alice, when)).toMatchObject({ status: 404, body: { code: "BLOCK_NOT_FOUND" } });
    for (const when of ["", "yesterday", "-1", "1.5"])
      expect(await at(alice, when)).toMatchObject({ status: 400, body: { code: "MALFORMED" } });
  });
});

describe("as a table", () => {
  const csv = async (query: string, init?: RequestInit) => {
    const response = await fetch(node.server.url + path(alice, query), init);
    return { response, text: await response.text() };
  };

  it("writes a line for each transaction, the oldest first, that a spreadsheet reads and does not run", async () => {
    const { response, text } = await csv("?format=csv");
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    expect(response.headers.get("content-disposition")).toBe(`attachment; filename="${alice.address}.csv"`);
    const [head, ...lines] = new TextDecoder("utf-8", { ignoreBOM: true })
      .decode(new TextEncoder().encode(`\uFEFF${text}`))
      .split("\r\n");
    expect(head).toBe(
      "\uFEFFtime,direction,counterparty,name,amount,fee,balance,memo,status,height,index,id",
    );
    expect(lines.pop()).toBe("");
    const time = (height: number) => new Date(times[height]!).toISOString();
    expect(lines.map((line) => line.slice(0, line.lastIndexOf(",")))).toEqual([
      `${time(1)},out,${bob.address},,-100,1,999899,"Rent, March",included,1,0`,
      `${time(1)},out,${carol.address},,-20,1,999878,,included,1,1`,
      `${time(2)},in,${bob.address},,30,0,999908,"thanks, ""really""",included,2,0`,
      `${time(4)},self,${alice.address},,5,1,999907,'=SUM(A1:A9),included,4,0`,
      `${time(4)},out,${bob.address},,-7,1,999899,0xff,included,4,1`,
      `${time(4)},out,${nobody.address},,0,1,999898,,included,4,2`,
    ]);
    const { body } = await node.get(path(alice));
    const ids = body.transactions.map(({ id }: { id: string }) => id).reverse();
    expect(lines.map((line) => line.split(",").at(-1))).toEqual(ids);
  });

  it("answers `accept: text/csv` with a table, filtered like the list", async () => {
    const { text } = await csv("?direction=in", { headers: { accept: "text/csv" } });
    expect(text.split("\r\n")).toHaveLength(3);
    const json = await csv("?format=json", { headers: { accept: "text/csv" } });
    expect(JSON.parse(json.text).transactions).toHaveLength(6);
    const browser = await csv("", { headers: { accept: "text/html,application/json,text/csv" } });
    expect(browser.response.headers.get("content-type")).toBe("application/json");
    const head = await csv("?format=csv", { method: "HEAD" });
    expect(head.response.headers.get("content-type")).toMatch(/^text\/csv/);
    const empty = await fetch(node.server.url + path(nobody, "?format=csv"));
    expect((await empty.text()).split("\r\n")).toHaveLength(2);
  });

  it("holds more transactions than one turn reads", async () => {
    const count = 2 * historyLimits.rowsPerTurn + 5;
    for (let number = 0; number < count; number++)
      await node.mempool.add(node.mempool.records([await node.sign({ amount: 1n })]), "local");
    await node.produce();
    const { text } = await csv("?format=csv&fromHeight=5");
    const indexes = text
      .trim()
      .split("\r\n")
      .slice(1)
      .map((line) => Number(line.split(",").at(-2)));
    expect(indexes).toEqual(Array.from({ length: count }, (_, index) => index));
  });

  it.each([
    ["=1+1", "'=1+1"],
    ["+49 30", "'+49 30"],
    ["-5", "'-5"],
    ["@cmd", "'@cmd"],
    ["\t=1", "'\t=1"],
    ["\r=1", '"\'\r=1"'],
    ["a\nb", '"a\nb"'],
    [" kept ", '" kept "'],
    ['say "hi"', '"say ""hi"""'],
    ["Müller, A.", '"Müller, A."'],
    ["plain = fine", "plain = fine"],
  ])("writes the text %j as %j", (text, cell) => {
    expect(textCell(text)).toBe(cell);
  });
});
