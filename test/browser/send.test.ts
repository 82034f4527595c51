import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { signerFromSeed } from "../../src/accounts/index.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { temporaryFolder } from "../unit/support/database.ts";
import { axeViolations, faults, useStage } from "./browser.ts";

const seed = sha256(new TextEncoder().encode("the payer of the browser tests"));
const payer = signerFromSeed(seed);
const person = (name: string) => signerFromSeed(sha256(new TextEncoder().encode(name))).address;
const [anna, kiosk] = [person("Anna"), person("Kiosk")];

const stage = useStage({
  nodes: 1,
  periodMs: 500,
  minFee: "1",
  symbol: "EUR",
  decimals: 2,
  names: [{ address: kiosk, name: "Kiosk" }],
  balances: [{ address: payer.address, balance: "1000000" }],
});

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

async function openWallet() {
  const opened = await stage().open(`#/wallet?key=${Buffer.from(seed).toString("hex")}`);
  await button(opened.page, "Use this key").click();
  await opened.page.getByLabel("To", { exact: true }).waitFor();
  return opened;
}

async function fill(page: Page, to: string, amount: string, memo = ""): Promise<void> {
  await page.getByLabel("To", { exact: true }).fill(to);
  await page.getByLabel("Amount").fill(amount);
  await page.getByLabel("Memo").fill(memo);
  await button(page, "Review").click();
}

const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent?.trim());

test("a payment is reviewed before it is signed, and its progress stands where its form was", async () => {
  const { page, sent, troubles } = await openWallet();
  await page.setViewportSize({ width: 1366, height: 625 });
  await fill(page, anna, "25", "rent\u202e <b>May</b>");
  await page.getByRole("heading", { name: "Is this right?" }).waitFor();
  await expect.poll(() => focused(page)).toBe("Is this right?");
  const review = page.getByRole("region", { name: "Is this right?" });
  for (const text of [anna, "25.00 EUR", "0.01 EUR", "9,974.99 EUR", "<b>May</b>"])
    await review.getByText(text).first().waitFor();
  await review.getByText("Compare it, letter by letter").waitFor();
  expect(await faults(page)).toEqual([]);
  expect(sent.some((text) => text.includes('"signature"'))).toBe(false);

  await button(page, "Change it").click();
  await expect.poll(() => focused(page)).toBe("Review");
  expect(await page.getByLabel("Memo").inputValue()).toContain("<b>May</b>");
  await button(page, "Review").click();
  await button(page, "Sign and send").click();
  await expect.poll(() => focused(page)).toBe("Sent");
  await page.getByText(/^Final after/).waitFor();
  expect(await page.getByText("On the node's disk").isVisible()).toBe(true);
  const box = await page.getByText("On the node's disk").boundingBox();
  expect(box!.y).toBeLessThan(625);
  expect(await faults(page)).toEqual([]);

  // A receiver without a name can get one.
  await page.getByLabel("Name for this receiver").fill("Anna");
  await button(page, "Add to contacts").click();
  await page.getByRole("region", { name: "Sent" }).getByRole("link", { name: "Anna" }).waitFor();
  await button(page, "Pay somebody else").click();

  // The receiver is given by name, and paid no longer for the first time.
  await fill(page, "anna", "0");
  await review.getByText(anna).waitFor();
  await review.getByText("The amount is 0").waitFor();
  expect(await review.getByText("Compare it").count()).toBe(0);
  await button(page, "Change it").click();
  await fill(page, payer.address, "0.05");
  await review.getByText("This pays the account itself").waitFor();
  expect(troubles).toEqual([]);
});

test("warns of a halted chain, and says in its own words why the node refuses", async () => {
  const { page } = await openWallet();
  await page.route("**/v1/diagnosis", (route) =>
    route.fulfill({ json: { state: "halted", summary: "halted", findings: [] } }),
  );
  await fill(page, kiosk, "0.05");
  await page.getByText("The chain is halted: the payment waits").waitFor();
  await page.unroute("**/v1/diagnosis");
  const refusal = { code: "FEE_TOO_LOW", detail: "detail", minFee: "250" };
  await page.route("**/v1/transactions", (route) => route.fulfill({ status: 422, json: refusal }));
  await button(page, "Sign and send").click();
  await page.getByRole("alert").filter({ hasText: "The fee is too low by now. At least 2.50 EUR" }).waitFor();
});

test("subtracts waiting transfers from what can be spent", async () => {
  const { page } = await openWallet();
  await page.route("**/v1/accounts/*", async (route) => {
    const json = (await (await route.fetch()).json()) as { nonce: number };
    await route.fulfill({ json: { ...json, balance: "1000", pendingNonce: json.nonce + 1 } });
  });
  const waiting = {
    from: payer.address,
    to: anna,
    amount: "300",
    fee: "50",
    nonce: 9,
    validUntil: 0,
    memo: "",
  };
  const mempool = {
    count: 1,
    bytes: 1,
    next: null,
    transactions: [{ ...waiting, id: `0x${"ab".repeat(32)}` }],
  };
  await page.route("**/v1/mempool?*", (route) => route.fulfill({ json: mempool }));
  await page.getByText("6.50 EUR can be spent").waitFor();
  await fill(page, kiosk, "6.50");
  await page.getByRole("alert").filter({ hasText: "more than the 6.50 EUR that can be spent" }).waitFor();
  await fill(page, kiosk, "6.49");
  await page.getByRole("heading", { name: "Is this right?" }).waitFor();
});

test("contacts name addresses wherever they are shown, and move to another browser as a file", async () => {
  const { page, troubles } = await openWallet();
  await page.getByText("Add, save or load contacts").click();
  const form = page.getByRole("form", { name: "Add a contact" });
  await form.getByLabel("Address").fill(anna.slice(0, 20));
  await form.getByLabel("Name").fill("Anna");
  await button(page, "Add to contacts").click();
  await page.getByRole("alert").filter({ hasText: "not finished" }).waitFor();
  await form.getByLabel("Address").fill(anna);
  await button(page, "Add to contacts").click();
  await page.locator(".contacts").getByRole("link", { name: "Anna" }).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    button(page, "Save them as a file").click(),
  ]);
  expect(JSON.parse(await readFile(await download.path(), "utf8"))).toEqual({
    contacts: [{ address: anna, name: "Anna" }],
  });
  // A contact and a name of genesis are offered, and fill the form.
  await button(page, "Kiosk").click();
  expect(await page.getByLabel("To", { exact: true }).inputValue()).toBe(kiosk);
  await button(page, "Anna").click();
  expect(await page.getByLabel("To", { exact: true }).inputValue()).toBe(anna);

  const other = (await openWallet()).page;
  await other.getByText("Add, save or load contacts").click();
  const damaged = join(await temporaryFolder(), "damaged.json");
  await writeFile(damaged, JSON.stringify({ contacts: [{ address: "cc1", name: "Anna" }] }));
  await other.getByLabel("Add those of a file").setInputFiles(damaged);
  await other.getByRole("alert").filter({ hasText: "not a file of contacts" }).waitFor();
  await other.getByLabel("Add those of a file").setInputFiles(await download.path());
  await other.locator(".contacts").getByRole("link", { name: "Anna" }).waitFor();
  await other.getByRole("button", { name: "Remove Anna" }).click();
  await other.locator(".contacts").waitFor({ state: "hidden" });
  // The button is gone: the focus stays where it was.
  const inFocus = () => other.evaluate(() => document.activeElement?.querySelector("h2")?.textContent);
  await expect.poll(inFocus).toBe("Contacts");
  expect(troubles).toEqual([]);
});

test("announces a payment as it arrives, on any page and by its sender's name, until it is final", async () => {
  const { page: receiver, troubles } = await stage().open("#/wallet");
  // The name that the receiver knows the payer by.
  const contact = { address: payer.address, name: "Treasurer" };
  await receiver.evaluate((all) => localStorage.setItem("ccoin.contacts", JSON.stringify(all)), [contact]);
  await receiver.reload();
  await button(receiver, "Only for this tab").click();
  const address = (await receiver.locator(".account-line code").textContent())!;
  await receiver.getByRole("link", { name: "Peers" }).first().click();
  await receiver.getByRole("heading", { name: "Peers", level: 1 }).waitFor();
  const { page } = await openWallet();
  await fill(page, address, "25", "for lunch");
  await button(page, "Sign and send").click();
  const arrival = receiver.locator(".arrival");
  await arrival.getByText("Received 25.00 EUR from Treasurer: for lunch").waitFor();
  await arrival.getByText("final", { exact: true }).waitFor();
  expect(await axeViolations(receiver)).toEqual([]);
  await arrival.getByRole("button", { name: "Close this message" }).click();
  await arrival.waitFor({ state: "hidden" });
  expect(troubles).toEqual([]);
});
