import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { signerFromSeed } from "../../src/accounts/index.ts";
import { openKeystore, parseKeystore } from "../../src/accounts/keystore.ts";
import { axeViolations, faults, useStage } from "./browser.ts";

const passphrase = "correct horse battery";
const stage = useStage({ nodes: 1, periodMs: 500, name: "backups" });

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const shownAddress = (page: Page) => page.locator(".account-line code").textContent();

/** Makes a key that is saved in the browser. */
async function makeKey(page: Page, name: string): Promise<string> {
  const make = page.getByRole("region", { name: "Make a key" });
  await make.getByLabel("Name").fill(name);
  await make.getByLabel("Passphrase").fill(passphrase);
  await make.getByLabel("Enter it again").fill(passphrase);
  await button(page, "Make the key").click();
  await page.getByRole("heading", { name }).waitFor();
  return (await shownAddress(page))!;
}

async function importForm() {
  const opened = await stage().open("#/wallet");
  return { ...opened, form: opened.page.getByRole("region", { name: "Import a key" }) };
}

test("24 words are shown, checked, and restore the key in another browser", async () => {
  const { page, sent, troubles } = await stage().open("#/wallet");
  const address = await makeKey(page, "Savings");
  const note = page.getByText("Only this browser has this key");
  await note.waitFor();
  await button(page, "Back it up with 24 words").click();
  const heading = page.getByRole("heading", { name: "Write down these 24 words" });
  await heading.waitFor();
  const isFocused = () => heading.evaluate((element) => element === document.activeElement);
  await expect.poll(isFocused).toBe(true);
  const words = await page.locator(".words li").allTextContents();
  expect(words.length).toBe(24);
  expect(await faults(page)).toEqual([]);

  await button(page, "I have written them down").click();
  const question = page.getByRole("form", { name: "Check the words" });
  await question.waitFor();
  expect(await page.locator(".words").count()).toBe(0);
  const fields = question.getByRole("textbox");
  const places: number[] = [];
  for (const label of await question.locator("label").allTextContents())
    places.push(Number(label.replace("Word ", "")) - 1);
  expect(places.length).toBe(3);
  for (const [index, place] of places.entries())
    await fields.nth(index).fill(index === 1 ? "nothing" : words[place]!);
  await button(page, "Check").click();
  await page.getByRole("alert").filter({ hasText: "This is another word" }).waitFor();
  await fields.nth(1).fill(words[places[1]!]!);
  expect(await axeViolations(page)).toEqual([]);
  await button(page, "Check").click();
  await note.waitFor({ state: "hidden" });
  // It stays backed up.
  await page.reload();
  await page.getByRole("heading", { name: "Savings" }).waitFor();
  expect(await note.count()).toBe(0);
  expect(sent.some((text) => text.includes(words.slice(0, 3).join(" ")))).toBe(false);
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(words[0]);
  expect(troubles).toEqual([]);

  const elsewhere = await importForm();
  await elsewhere.form.getByLabel("Seed or words").fill(words.slice(1).join(" "));
  await button(elsewhere.page, "Import the key").click();
  await elsewhere.page.getByRole("alert").filter({ hasText: "these are 23" }).waitFor();
  await elsewhere.form.getByLabel("Seed or words").fill(words.join("\n"));
  await button(elsewhere.page, "Import the key").click();
  await elsewhere.page.locator(".account-line code", { hasText: address }).waitFor();
  expect(elsewhere.troubles).toEqual([]);
});

test("a saved file opens in a node and in another browser, and the page opens a node's", async () => {
  const { page, troubles } = await stage().open("#/wallet");
  const anna = { address: stage().network.wallets[0]!.address, name: "Anna" };
  await page.evaluate((all) => localStorage.setItem("ccoin.contacts", JSON.stringify(all)), [anna]);
  await page.reload();
  const address = await makeKey(page, "Club funds");
  await page.getByText("Back up, rename or remove this key").click();
  const backup = page.getByRole("form", { name: "Back up" });
  await backup.getByLabel("Passphrase").fill(passphrase);
  const [download] = await Promise.all([page.waitForEvent("download"), button(page, "Save a file").click()]);
  expect(download.suggestedFilename()).toBe("Club-funds.json");
  const path = await download.path();
  const text = await readFile(path, "utf8");
  const seed = await openKeystore(parseKeystore(text), passphrase);
  expect(signerFromSeed(seed).address).toBe(address);
  await page.getByText("Only this browser has this key").waitFor({ state: "hidden" });

  const elsewhere = await importForm();
  const file = { name: "Club-funds.json", mimeType: "application/json", buffer: Buffer.from(text) };
  await elsewhere.form.getByLabel("Or a file").setInputFiles(file);
  await elsewhere.form.getByLabel("Passphrase of the file").fill("another");
  await button(elsewhere.page, "Import the key").click();
  await elsewhere.page.getByRole("alert").filter({ hasText: "not the passphrase of this file" }).waitFor();
  await elsewhere.form.getByLabel("Passphrase of the file").fill(passphrase);
  expect(await axeViolations(elsewhere.page)).toEqual([]);
  await button(elsewhere.page, "Import the key").click();
  await elsewhere.page.locator(".account-line code", { hasText: address }).waitFor();
  // The name and the contacts of the other browser are here too, and take nobody's place.
  await elsewhere.page.getByRole("heading", { name: "Club funds" }).waitFor();
  await elsewhere.page.getByText("1 contact added.").waitFor();
  await elsewhere.page.locator(".contacts").getByRole("link", { name: "Anna" }).waitFor();
  expect(await elsewhere.page.evaluate(() => localStorage.getItem("ccoin.keys"))).toContain(address);

  const [node] = stage().network.nodes;
  const { page: third, form } = await importForm();
  await form.getByLabel("Or a file").setInputFiles(node!.paths.account);
  const nodePassphrase = (await readFile(node!.paths.passphrase, "utf8")).trim();
  await form.getByLabel("Passphrase of the file").fill(nodePassphrase);
  await form.getByRole("button", { name: "Only for this tab" }).click();
  await third.locator(".account-line code", { hasText: stage().network.wallets[0]!.address }).waitFor();
  await third.getByText("for this tab only").waitFor();
  expect(troubles).toEqual([]);
});

test("renaming a key changes its name in all tabs", async () => {
  const { page } = await stage().open("#/wallet");
  await makeKey(page, "Old");
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByRole("heading", { name: "Old" }).waitFor();
  await page.getByText("Back up, rename or remove this key").click();
  await page.getByRole("form", { name: "Name" }).getByLabel("Name").fill("New");
  // Typed text stays while new blocks render the page again.
  await page.waitForTimeout(1_500);
  await button(page, "Rename").click();
  await page.getByRole("heading", { name: "New" }).waitFor();
  await other.getByRole("heading", { name: "New" }).waitFor();
});

test("a link with a damaged key says so, and the wallet stays usable", async () => {
  const { page } = await stage().open("#/wallet?key=12ab");
  await page.getByRole("alert").filter({ hasText: "A seed has 64 hex digits" }).waitFor();
  await page.getByRole("heading", { name: "Make a key" }).waitFor();
  await button(page, "Leave it").click();
  await page.getByRole("alert").waitFor({ state: "hidden" });
});
