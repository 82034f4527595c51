import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { Client, type Key, keyFromSeed, type SignedTransaction } from "../../src/client/index.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { until } from "../e2e/harness/until.ts";
import { axeViolations, type Stage, useStage, waitMs } from "./browser.ts";

const person = (name: string) => keyFromSeed(sha256(new TextEncoder().encode(name)));
const [club, anna, ben] = await Promise.all(
  ["club", "Anna", "Ben"].map(person) as [Promise<Key>, Promise<Key>, Promise<Key>],
);
const payments = 70;

const stage = useStage({
  nodes: 1,
  periodMs: 500,
  minFee: "1",
  symbol: "EUR",
  decimals: 2,
  names: [
    { name: "Chess club", address: club.address },
    { name: "Anna", address: anna.address },
  ],
  balances: [club, anna, ben].map(({ address }) => ({ address, balance: "10000000" })),
});

/** Makes a history: many payments of Anna, one of Ben with another memo, and one that the club makes. */
async function makeHistory({ url }: Stage): Promise<void> {
  const client = new Client(url);
  const order = { to: club.address, validFor: 0, fee: 1n };
  const signed: SignedTransaction[] = [];
  for (let nonce = 0; nonce < payments; nonce++)
    signed.push(
      await client.sign(anna, { ...order, amount: 1_000n + BigInt(nonce), memo: `Rent ${nonce}`, nonce }),
    );
  const rent = "Miete März\n=1+1 \u202eesrever";
  signed.push(await client.sign(ben, { ...order, amount: 123_456n, memo: rent, nonce: 0 }));
  await client.submitMany(signed);
  for (const { id } of signed.slice(-2)) await client.waitFor(id, "finalized");
  await client.waitFor(
    (await client.send(club, { to: ben.address, amount: 250n, memo: "Prize" })).id,
    "finalized",
  );
}

let made: Promise<void> | undefined;
async function openHistory(query = "") {
  made ??= makeHistory(stage());
  await made;
  const opened = await stage().open(`#/account/${club.address}${query}`);
  await opened.page.getByRole("heading", { name: "History" }).waitFor();
  return opened;
}

const rows = (page: Page) => page.getByRole("region", { name: "History" }).getByRole("row");
const firstRow = (page: Page) => rows(page).nth(1);
const link = (page: Page, name: string) => page.getByRole("link", { name, exact: true });
const shots = process.env["E2E_SHOTS"];

async function shot(page: Page, name: string): Promise<void> {
  if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
}

test("a history shows what came and went, with memo, balance and sums, and pages both ways", async () => {
  const { page, troubles } = await openHistory();
  await firstRow(page).getByText("−2.50 EUR").waitFor();
  await firstRow(page).getByText("Prize").waitFor();
  await rows(page).nth(2).getByText("+1,234.56 EUR").waitFor();
  expect(await rows(page).count()).toBe(26);
  // The account's own address is not in its rows.
  expect(await rows(page).getByTitle(club.address).count()).toBe(0);
  await page.getByText("1,477.90 EUR").first().waitFor();
  await shot(page, "history");
  await link(page, "Older").click();
  await rows(page).nth(2).getByText("Rent 45").waitFor();
  await link(page, "Older").click();
  await rows(page).nth(22).waitFor();
  await expect.poll(() => link(page, "Older").count()).toBe(0);
  await link(page, "Newer").click();
  await link(page, "Newer").click();
  await firstRow(page).getByText("Prize").waitFor();
  await expect.poll(() => link(page, "Newer").count()).toBe(0);
  expect(troubles).toEqual([]);
});

test("a history is filtered by memo, direction, name, day and amount, and says so if nothing passes", async () => {
  const { page, troubles } = await openHistory();
  await page.getByText("Filter", { exact: true }).click();
  await page.getByLabel("Memo").fill("märz");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await firstRow(page).getByText("+1,234.56 EUR").waitFor();
  await expect.poll(() => rows(page).count()).toBe(2);
  await shot(page, "filtered");
  expect(await axeViolations(page)).toEqual([]);

  await page.getByLabel("Memo").fill("");
  await page.getByLabel("From or to").fill("Anna");
  await page.getByLabel("Least amount (EUR)").fill("10.6");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await firstRow(page).getByText("+10.69 EUR").waitFor();
  await expect.poll(() => rows(page).count()).toBe(11);
  await page.reload();
  await firstRow(page).getByText("+10.69 EUR").waitFor();
  expect(await page.getByLabel("From or to").inputValue()).toBe("Anna");

  await page.getByLabel("Least amount (EUR)").fill("10.655");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await page.getByRole("alert").getByText("at most 2 digits after the point").waitFor();
  await page.getByLabel("Least amount (EUR)").fill("");
  await page.getByLabel("Last day").fill("2020-01-31");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await page.getByText("No transaction passes this filter.").waitFor();
  await link(page, "Show all").click();
  await firstRow(page).getByText("Prize").waitFor();
  expect(troubles).toEqual([]);
});

test("a history is a file for spreadsheets, with the filter of the page and the names of this browser", async () => {
  const { page } = await openHistory("?memo=m%C3%A4rz&to=2100-01-31");
  await page.evaluate((contact) => localStorage.setItem("ccoin.contacts", JSON.stringify([contact])), {
    address: ben.address,
    name: '=Ben "B."',
  });
  await page.reload();
  await firstRow(page).waitFor();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV" }).click();
  const file = await readFile(await (await download).path(), "utf8");
  const [head, ...lines] = file.split("\r\n");
  expect(head).toMatch(/^\uFEFFtime,direction,counterparty,name,amount,/);
  expect(lines).toEqual([expect.any(String), ""]);
  expect(lines[0]).toContain(`,in,${ben.address},"'=Ben ""B.""",1234.56,0.00,`);
  expect((await download).suggestedFilename()).toBe("Chess-club-2100-01-31.csv");
});

test("a statement on paper has all that passes the filter, not only the page that is shown", async () => {
  const { page, troubles } = await openHistory();
  await page.evaluate(() => {
    window.print = () =>
      document.body.setAttribute("data-printed", document.querySelector("table")!.textContent);
  });
  await page.getByText("Filter", { exact: true }).click();
  await link(page, "Last month").click();
  await page.getByText("No transaction passes this filter.").waitFor();
  await link(page, "This month").click();
  await firstRow(page).waitFor();
  expect(await rows(page).count()).toBe(26);
  await page.getByText("There are more transactions than these.").waitFor({ state: "attached" });
  await page.getByRole("button", { name: "Print" }).click();
  const printed = page.locator("body[data-printed]");
  await printed.waitFor();
  expect((await printed.getAttribute("data-printed"))!.match(/Rent \d+/g)).toHaveLength(payments);
  expect(await page.getByText("There are more transactions than these.").count()).toBe(0);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  await expect.poll(() => rows(page).count()).toBe(26);
  expect(troubles).toEqual([]);
});

test("a history on paper has dates and the proof's address, and none of the page's controls", async () => {
  const { page } = await openHistory("?from=2020-03-01");
  await firstRow(page).waitFor();
  await page.emulateMedia({ media: "print" });
  await page.getByText("Only: from 2020-03-01").waitFor();
  expect(await page.getByRole("columnheader", { name: "State" }).getByText("State").isVisible()).toBe(true);
  expect(await page.getByRole("button", { name: "CSV" }).isVisible()).toBe(false);
  await page.getByText(`/v1/accounts/${club.address}/proof`).waitFor();
  // The width of a sheet of A4.
  await page.setViewportSize({ width: 794, height: 1123 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(794);
  expect(await page.getByRole("link", { name: "Older" }).isVisible()).toBe(false);
  expect(await page.getByRole("navigation", { name: "Pages" }).isVisible()).toBe(false);
  const time = await firstRow(page)
    .locator("time")
    .evaluate((element) => getComputedStyle(element, "::after").content);
  expect(time).toMatch(/20[0-9]{2}/);
  await shot(page, "print");
});

test("a history keeps its place while the user looks at a transaction", async () => {
  const { page } = await openHistory();
  await page.setViewportSize({ width: 1000, height: 500 });
  const row = rows(page).nth(20);
  await row.scrollIntoViewIfNeeded();
  const link = row.locator("a", { has: page.locator("time") });
  await link.hover();
  const before = await page.evaluate(() => scrollY);
  expect(before).toBeGreaterThan(200);
  await link.click();
  await page.getByRole("heading", { name: "Transaction", level: 1 }).waitFor();
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(0);
  await page.goBack();
  await until(
    "the page is where it was",
    async () => Math.abs((await page.evaluate(() => scrollY)) - before) < 60,
    {
      timeoutMs: waitMs,
    },
  );
});

test("a history fits a phone in both themes, and axe finds nothing", async () => {
  const { page } = await openHistory();
  await firstRow(page).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await axeViolations(page, ["color-contrast"])).toEqual([]);
  await shot(page, "dark");
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  // Two lines of a row whose memo is short.
  const row = rows(page).filter({ hasText: "Prize" });
  expect((await row.boundingBox())!.height).toBeLessThanOrEqual(60);
  await shot(page, "phone");
});
