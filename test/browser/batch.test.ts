import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { signerFromSeed } from "../../src/accounts/index.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { axeViolations, faults, useStage } from "./browser.ts";

const seed = sha256(new TextEncoder().encode("the treasurer of the browser tests"));
const treasurer = signerFromSeed(seed);
const person = (name: string) => signerFromSeed(sha256(new TextEncoder().encode(name))).address;
const members = ["Anna", "Ben", "Carl"].map((name) => ({ name, address: person(name) }));

const stage = useStage({
  nodes: 1,
  periodMs: 500,
  minFee: "1",
  names: members,
  balances: [{ address: treasurer.address, balance: "1000000" }],
});

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

async function openWallet() {
  const opened = await stage().open(`#/wallet?key=${Buffer.from(seed).toString("hex")}`);
  await button(opened.page, "Use this key").click();
  await opened.page.getByText("Many payments from a list").click();
  return opened;
}

async function balanceOf(address: string): Promise<string> {
  const answer = await stage().network.nodes[0]!.get<{ balance: string }>(`/v1/accounts/${address}`);
  return answer.balance;
}

test("checks a list line by line, sends it as one, and resumes it after an interruption without paying twice", async () => {
  const { page, sent, troubles } = await openWallet();
  const text = page.getByLabel("Payments", { exact: true });
  await text.fill("Name,Amount,Memo\nAnna,100,May\nBen,two hundred,May\nNobody,5");
  await page.getByText("3 payments:").waitFor();
  await page.getByText("2 lines are wrong.").waitFor();
  await page.getByText("Enter an amount in digits").first().waitFor();
  expect(await button(page, "Sign and send 3 payments").isDisabled()).toBe(true);
  expect(await faults(page)).toEqual([]);

  const csv = "Anna;100;May\nBen;200;May\nCarl;300;May\n";
  const file = { name: "may.csv", mimeType: "text/csv", buffer: Buffer.from(csv) };
  await page.getByLabel("Or a CSV file").setInputFiles(file);
  await page.getByText("3 payments: 600 CC and 3 CC of fees. Left after them: 999,397 CC.").waitFor();

  // The node is away, and the page is reloaded.
  await page.route("**/v1/transactions", (route) => route.abort());
  await button(page, "Sign and send 3 payments").click();
  await page.getByText("3 payments not sent yet").waitFor();
  await page.getByRole("alert").waitFor();
  await page.unroute("**/v1/transactions");
  await page.reload();
  // The node takes them, and its answer is lost.
  await page.route("**/v1/transactions", async (route) => {
    await route.fetch();
    await route.abort();
  });
  await button(page, "Send the rest").click();
  await page.getByText("3 of 3 payments are final.").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  expect(await Promise.all(members.map(({ address }) => balanceOf(address)))).toEqual(["100", "200", "300"]);
  const submitted = sent.filter((body) => body.includes('"signature"'));
  expect(submitted.length).toBe(2);
  expect(submitted[1]).toBe(submitted[0]);
  await button(page, "Close this list").click();
  await page.getByText("3 of 3 payments are final.").waitFor({ state: "hidden" });
  expect(await page.evaluate(() => localStorage.getItem("ccoin.batch"))).toBeNull();
  expect(troubles.filter((trouble) => !trouble.includes("ERR_FAILED"))).toEqual([]);
});

test("a file can be dropped, and a payment that can never be paid is signed again", async () => {
  const { page } = await openWallet();
  const before = BigInt(await balanceOf(members[0]!.address));
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(["Anna,7,dropped"], "list.csv", { type: "text/csv" }));
    return data;
  });
  await page.getByLabel("Payments", { exact: true }).dispatchEvent("drop", { dataTransfer: transfer });
  await button(page, "Sign and send 1 payment").waitFor();
  await page.route("**/v1/transactions", (route) => route.abort());
  await button(page, "Sign and send 1 payment").click();
  await page.getByText("1 payment not sent yet").waitFor();
  // The page now takes the 100 blocks as gone by.
  await page.evaluate(() => {
    const kept = JSON.parse(localStorage.getItem("ccoin.batch")!);
    kept.payments[0].signed.validUntil = 1;
    localStorage.setItem("ccoin.batch", JSON.stringify(kept));
  });
  await page.unroute("**/v1/transactions");
  await page.goto(`${stage().url}/?again#/wallet?key=${Buffer.from(seed).toString("hex")}`);
  await button(page, "Use this key").click();
  await page.getByText("1 payment not paid: no block can hold it").waitFor();
  await button(page, "Sign what is not paid again").click();
  await page.getByText("1 of 1 payment is final.").waitFor();
  expect(BigInt(await balanceOf(members[0]!.address)) - before).toBe(7n);
});
