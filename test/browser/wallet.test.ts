import type { Page, Route } from "playwright-core";
import { expect, test } from "vitest";
import { signerFromSeed } from "../../src/accounts/index.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { axeViolations, faults, payNewKey, tabTo, useStage } from "./browser.ts";

/** The seed of the funded account, the same in each run. */
const seed = sha256(new TextEncoder().encode("the browser tests' account"));
const seedHex = Buffer.from(seed).toString("hex");
const funded = signerFromSeed(seed);
const passphrase = "correct horse battery";

const stage = useStage({
  nodes: 1,
  periodMs: 500,
  minFee: "1",
  balances: [{ address: funded.address, balance: "1000000" }],
});

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/** Opens a page whose wallet has the funded key while it is open. */
async function openWallet() {
  const opened = await stage().open(`#/wallet?key=${seedHex}`);
  await opened.page.getByText("which holds").waitFor();
  await button(opened.page, "Use this key").click();
  await opened.page.getByLabel("To", { exact: true }).waitFor();
  return opened;
}

/** Has the filled form reviewed, and signs. */
async function signAndSend(page: Page): Promise<void> {
  await button(page, "Review").click();
  await button(page, "Sign and send").click();
}

async function send(page: Page, amount: number): Promise<void> {
  await payNewKey(page);
  await page.getByLabel("Amount").fill(String(amount));
  await signAndSend(page);
  await page
    .getByText(/^Final after/)
    .first()
    .waitFor();
}

test("the link of a development chain leads to a final transfer, and the key stays in the page", async () => {
  const { page, sent, troubles } = await openWallet();
  expect(page.url()).not.toContain("key=");
  expect(await axeViolations(page)).toEqual([]);
  await send(page, 25);
  await page.getByText("999,974").first().waitFor();
  expect(await page.getByText("On the node's disk, done").count()).toBe(1);
  expect(await faults(page)).toEqual([]);

  const submitted = sent.filter((text) => text.includes('"signature"'));
  expect(submitted.length).toBe(1);
  expect(sent.some((text) => text.toLowerCase().includes(seedHex))).toBe(false);
  // Without a passphrase nothing of the key is stored.
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(funded.address);
  expect(troubles).toEqual([]);
});

test("a form shows an error at the field that is wrong", async () => {
  const { page } = await openWallet();
  const problems: [string, string, string][] = [
    ["cc1qqqq", "5", "not finished: it has 7 of 61 letters"],
    [funded.address.slice(0, -1) + (funded.address.endsWith("q") ? "p" : "q"), "5", "A letter is wrong"],
    ["Nobody", "5", "neither an address (cc1…) nor a name"],
    [funded.address, "many", "Enter an amount in digits"],
    [funded.address, "1000001", "more than the"],
  ];
  for (const [to, amount, problem] of problems) {
    await page.getByLabel("To", { exact: true }).fill(to);
    await page.getByLabel("Amount").fill(amount);
    await button(page, "Review").click();
    await page.getByRole("alert").filter({ hasText: problem }).waitFor();
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-invalid"));
    await expect.poll(focused).toBe("true");
  }
});

test("the wallet saves a key encrypted, opens it only with its passphrase, and exports it", async () => {
  const { page, sent } = await stage().open("#/wallet");
  const make = page.getByRole("region", { name: "Make a key" });
  await make.getByLabel("Name").fill("Savings");
  await make.getByLabel("Passphrase").fill("short");
  await button(page, "Make the key").click();
  await page.getByRole("alert").filter({ hasText: "At least 8 characters" }).waitFor();
  await make.getByLabel("Passphrase").fill(passphrase);
  await make.getByLabel("Enter it again").fill("something else");
  await button(page, "Make the key").click();
  await page.getByRole("alert").filter({ hasText: "not the same" }).waitFor();
  await make.getByLabel("Enter it again").fill(passphrase);
  await button(page, "Make the key").click();
  await page.getByRole("heading", { name: "Savings" }).waitFor();
  const address = await page.locator(".account-line code").textContent();

  await page.reload();
  await page.getByLabel("Passphrase").first().fill("not the passphrase");
  await button(page, "Unlock").click();
  await page.getByRole("alert").filter({ hasText: "not the passphrase" }).waitFor();
  await page.getByLabel("Passphrase").first().fill(passphrase);
  await button(page, "Unlock").click();
  await page.getByLabel("To", { exact: true }).waitFor();
  await page.getByText("Back up, rename or remove this key").click();
  await page.getByLabel("Passphrase").first().fill(passphrase);
  await button(page, "Show the seed").click();
  const shown = await page.locator("details code").first().textContent();
  expect(shown).toMatch(/^0x[0-9a-f]{64}$/);
  const digits = shown!.slice(2);
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(digits);
  expect(sent.some((text) => text.includes(digits) || text.includes(passphrase))).toBe(false);

  const elsewhere = (await stage().open("#/wallet")).page;
  const take = elsewhere.getByRole("region", { name: "Import a key" });
  await take.getByLabel("Seed or words").fill(digits);
  await button(elsewhere, "Import the key").click();
  await elsewhere.locator(".account-line code", { hasText: address! }).waitFor();

  await button(page, "Remove from this browser").click();
  await page.getByRole("button", { name: /^Yes, remove Savings/ }).click();
  await page.getByRole("heading", { name: "Make a key" }).waitFor();
  expect(await page.evaluate(() => localStorage.getItem("ccoin.keys"))).toBe("[]");
});

test("a new key is saved before it can receive, or kept for this tab if the user says so, which asks before it closes with coins", async () => {
  const { page } = await openWallet();
  await button(page, "A new key of mine").click();
  const dialog = page.getByRole("dialog");
  expect(await axeViolations(page)).toEqual([]);
  await dialog.getByLabel("Name").fill("Rent");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  await dialog.getByRole("alert").filter({ hasText: "At least 8 characters." }).waitFor();
  await dialog.getByRole("button", { name: "Only for this tab" }).click();
  await dialog.waitFor({ state: "hidden" });
  const address = await page.getByLabel("To", { exact: true }).inputValue();
  expect(address).toMatch(/^cc1/);

  // An empty key is no loss.
  expect(await asksBeforeClosing(page)).toBe(false);
  await page.getByLabel("Amount").fill("7");
  await signAndSend(page);
  await page.getByText(/^Final after/).waitFor();
  expect(await asksBeforeClosing(page)).toBe(true);

  await page.getByLabel("Account").selectOption({ label: "Rent" });
  const note = page.getByText("this key and its coins are gone");
  await note.waitFor();
  const save = page.getByRole("form", { name: "Save this key" });
  await save.getByLabel("Passphrase").fill(passphrase);
  await save.getByLabel("Enter it again").fill(passphrase);
  await save.getByRole("button").click();
  await note.waitFor({ state: "hidden" });
  expect(await asksBeforeClosing(page)).toBe(false);
  await page.reload();
  await page.getByRole("heading", { name: "Rent" }).waitFor();
  expect(await page.locator(".account-line code").textContent()).toBe(address);
});

test("whoever opens a payment request finds the form filled, and the receiver sees the payment come", async () => {
  const receiver = signerFromSeed(sha256(new TextEncoder().encode("receiver"))).address;
  const { page, troubles } = await stage().open(`#/receive/${receiver}`);
  await page.getByRole("img", { name: "The link below as a QR code" }).waitFor();
  await page.getByLabel("Amount", { exact: true }).fill("many");
  await page.getByRole("alert").filter({ hasText: "Enter an amount in digits" }).waitFor();
  await page.getByLabel("Amount", { exact: true }).fill("25");
  await page.getByLabel("Memo", { exact: true }).fill("rent & <b>more</b>");
  expect(await faults(page)).toEqual([]);
  const link = await page.getByText("#/wallet?to=").textContent();

  const payer = await openWallet();
  await payer.page.goto(link!);
  await payer.page.getByLabel("To", { exact: true }).waitFor();
  expect(await payer.page.getByLabel("To", { exact: true }).inputValue()).toBe(receiver);
  expect(await payer.page.getByLabel("Amount", { exact: true }).inputValue()).toBe("25");
  expect(await payer.page.getByLabel("Memo", { exact: true }).inputValue()).toBe("rent & <b>more</b>");
  await signAndSend(payer.page);
  await page.getByText("rent & <b>more</b>").waitFor();
  await page.locator(".received", { hasText: "25" }).getByText("final").waitFor();
  // It is seen without scrolling.
  await page.setViewportSize({ width: 1366, height: 625 });
  expect((await page.locator(".received").boundingBox())!.y).toBeLessThan(500);
  expect(troubles).toEqual([]);
});

/** True if the page would ask whether to close it. */
async function asksBeforeClosing(page: Page): Promise<boolean> {
  return page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
}

test("tabs of a browser share the saved keys, and Lock locks them in all", async () => {
  const { page } = await stage().open("#/wallet");
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByRole("heading", { name: "Make a key" }).waitFor();
  const make = page.getByRole("region", { name: "Make a key" });
  await make.getByLabel("Name").fill("Shared");
  await make.getByLabel("Passphrase").fill(passphrase);
  await make.getByLabel("Enter it again").fill(passphrase);
  await button(page, "Make the key").click();
  await other.getByRole("heading", { name: "Shared" }).waitFor();
  await other.getByLabel("Passphrase").first().fill(passphrase);
  await button(other, "Unlock").click();
  await other.getByLabel("To", { exact: true }).waitFor();
  await button(page, "Lock").click();
  await button(other, "Unlock").waitFor();
  await page.getByText("Back up, rename or remove this key").click();
  await button(page, "Remove from this browser").click();
  await page.getByRole("button", { name: /^Yes, remove Shared/ }).click();
  await other.getByRole("heading", { name: "Make a key" }).waitFor();
});

test("a transfer can be sent with the keyboard alone", async () => {
  const { page } = await stage().open();
  await page.getByText("Live", { exact: true }).waitFor();
  await tabTo(page, "To the content");
  await tabTo(page, "Wallet");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Import a key" }).waitFor();
  await tabTo(page, "Seed or words");
  await page.keyboard.type(seedHex);
  await tabTo(page, "Import the key");
  await page.keyboard.press("Enter");
  await page.getByLabel("To", { exact: true }).waitFor();
  await tabTo(page, "To");
  await page.keyboard.type(stage().network.wallets[0]!.address);
  await tabTo(page, "Amount");
  await page.keyboard.type("7");
  await tabTo(page, "Review");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Is this right?" }).waitFor();
  await tabTo(page, "Sign and send");
  await page.keyboard.press("Enter");
  await page.getByText(/^Final after/).waitFor();
});

test("the page verifies a balance and a transaction by itself, and detects a false answer", async () => {
  const { page, troubles } = await openWallet();
  await send(page, 11);
  const verify = async (verdict: RegExp) => {
    const answered = page.waitForResponse(/\/proof/);
    await button(page, "Verify").click();
    await answered;
    // The button has another name while the check runs.
    await button(page, "Verify").waitFor();
    await page.getByText(verdict).waitFor();
    const [done, failed] = [page.locator(".proof .done"), page.locator(".proof .failed")];
    return { done: await done.count(), failed: await failed.count() };
  };
  await page.locator(".sent a[href^='#/tx/']").first().click();
  expect(await verify(/^Proven, and final/)).toEqual({ done: 9, failed: 0 });
  expect(await axeViolations(page)).toEqual([]);
  await page.route(
    "**/proof?*",
    falsify((proof) => (proof["transaction"]!["amount"] = "12")),
  );
  await page.route(
    "**/proof",
    falsify((proof) => (proof["transaction"]!["amount"] = "12")),
  );
  expect(await verify(/^Not proven/)).toEqual({ done: 1, failed: 1 });
  await page.unrouteAll({ behavior: "ignoreErrors" });

  await page.getByTitle(funded.address).first().click();
  await page.getByRole("heading", { name: "Key 1", level: 1 }).waitFor();
  expect(await verify(/^Proven, and final/)).toEqual({ done: 8, failed: 0 });
  await page.route(
    "**/proof?*",
    falsify((proof) => (proof["account"]!["balance"] = "1000001")),
  );
  expect(await verify(/^Not proven/)).toEqual({ done: 1, failed: 1 });
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.route(
    "**/proof?*",
    falsify(({ finality }) => changeSignature(finality!)),
  );
  expect((await verify(/^Not proven/)).failed).toBe(1);
  expect(await axeViolations(page)).toEqual([]);
  expect(troubles).toEqual([]);
});

type Proof = Record<string, Record<string, unknown>>;

function falsify(change: (proof: Proof) => unknown): (route: Route) => Promise<void> {
  return async (route) => {
    const response = await route.fetch();
    const json = (await response.json()) as Proof;
    change(json);
    await route.fulfill({ response, json });
  };
}

function changeSignature(finality: Record<string, unknown>): void {
  const { signatures } = finality["finalization"] as { signatures: string[] };
  signatures[0] = `0x${"11".repeat(64)}`;
}
