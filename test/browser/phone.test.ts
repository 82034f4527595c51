import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { expect, test } from "vitest";
import { signerFromSeed } from "../../src/accounts/index.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { Lab } from "../e2e/harness/lab.ts";
import { createNetwork } from "../e2e/harness/network.ts";
import type { Machine, TestNode } from "../e2e/harness/node.ts";
import { until } from "../e2e/harness/until.ts";
import { useShared, type World } from "../e2e/harness/world.ts";
import { axeViolations, openPage } from "./browser.ts";
import { launchBrowser } from "./launch.ts";

/** The seed of the funded account, the same in each run. */
const seed = sha256(new TextEncoder().encode("the phone's account"));
const funded = signerFromSeed(seed);
const receiver = signerFromSeed(sha256(seed)).address;
/** A phone whose owner has compared the fingerprint and continued past the browser's warning. */
const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  ignoreHTTPSErrors: true,
};

interface Home {
  world: World;
  node: TestNode;
  phone: Machine;
  browser: Browser;
}

const home = useShared(async (world): Promise<Home> => {
  const lab = new Lab(world);
  const machines = await Promise.all(([1, 2] as const).map((side) => lab.machine(side)));
  const balances = [{ address: funded.address, balance: "1000000" }];
  const { nodes } = await createNetwork(world, { nodes: machines.slice(0, 1), balances, minFee: "1" });
  const browser = await launchBrowser(machines[1]!.enter);
  world.onEnd(() => browser.close());
  return { world, node: nodes[0]!, phone: machines[1]!, browser };
});

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const fitsPhone = async (page: Page) =>
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);

test("the wallet works on a phone of the LAN over --tls", async () => {
  const { node, browser, world, phone: machine } = home();
  node.start("--no-mdns", "--tls", "--json");
  const { urlForOthers, fingerprint } = await until(
    "the node says where its page is",
    () => JSON.parse(node.process.stdout) as { urlForOthers: string; fingerprint: string },
    { timeoutMs: 60_000 },
  );
  expect(urlForOthers).toBe(`https://${node.machine.address}:${node.httpPort}`);
  const status = await world.ccoin(
    ["status", "--json", `--url=${urlForOthers}`, `--tls-fingerprint=${fingerprint}`],
    { enter: machine.enter },
  );
  expect(status).toMatchObject({ code: 0, stdout: expect.stringContaining('"mode":"') });

  const key = Buffer.from(seed).toString("hex");
  const { page, troubles } = await openPage(browser, urlForOthers, `#/wallet?key=${key}`, phone);
  await page.getByText("which holds").waitFor();
  await button(page, "Use this key").tap();
  await page.getByLabel("To", { exact: true }).fill(receiver);
  await page.getByLabel("Amount").fill("25");
  await fitsPhone(page);
  await button(page, "Review").tap();
  await button(page, "Sign and send").tap();
  await page
    .getByText(/^Final after/)
    .first()
    .waitFor();
  await page.getByText("999,974").first().waitFor();
  expect(await page.evaluate(() => isSecureContext && "subtle" in crypto)).toBe(true);

  await page.goto(`${urlForOthers}/#/account/${funded.address}`);
  await button(page, "Verify").tap();
  await page.getByText("Proven, and final").waitFor();
  expect(troubles).toEqual([]);
  expect((await node.stop()).code).toBe(0);
});

test("the page watches accounts over plain HTTP from another machine, and proves nothing", async () => {
  const { node, browser } = home();
  node.start("--no-mdns");
  await node.ready();
  const { page, troubles } = await openPage(browser, node.url, "#/wallet", phone);
  await page.getByText("No keys on this connection").waitFor();
  expect(await page.getByText("Make a key").count()).toBe(0);
  await page.getByLabel("Address", { exact: true }).fill("cc1nonsense");
  await button(page, "Watch").tap();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Address", { exact: true }).fill(funded.address);
  await page.getByLabel("Name").fill("Savings");
  await button(page, "Watch").tap();
  const account = page.getByRole("listitem").filter({ hasText: "Savings" });
  await account.getByText(/^999,9|^1,000,000/).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await fitsPhone(page);
  await page.reload();
  await account.getByRole("link", { name: "Receive" }).tap();
  await page.getByRole("img", { name: "as a QR code" }).waitFor();
  await page.getByText(`${node.url}/#/wallet?to=${funded.address}`).waitFor();

  await page.goto(`${node.url}/#/wallet?to=${funded.address}&amount=5`);
  await page.getByText("open this link over HTTPS").waitFor();
  await page.goto(`${node.url}/#/account/${funded.address}`);
  await page.getByText("can prove nothing").waitFor();
  await button(page, "Check").tap();
  await page.getByText("this proves nothing").waitFor();
  expect(await page.getByText(/proven/i).count()).toBe(0);
  await fitsPhone(page);

  await page.goto(`${node.url}/#/wallet`);
  await button(page, "Stop watching").tap();
  await account.waitFor({ state: "detached" });
  // Chromium says that it ignores this header of a page that came over plain HTTP.
  expect(troubles.filter((text) => !text.startsWith("The Cross-Origin-Opener-Policy header"))).toEqual([]);
  expect((await node.stop()).code).toBe(0);
});
