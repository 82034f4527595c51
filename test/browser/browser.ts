import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { createNetwork, type NetworkOptions, startAll, type TestNetwork } from "../e2e/harness/network.ts";
import { useShared } from "../e2e/harness/world.ts";
import { launchBrowser } from "./launch.ts";

/** A busy machine starts a node in half a minute. */
export const waitMs = 90_000;

export interface Opened {
  page: Page;
  /** Errors in the page, and requests to anywhere but the node. */
  troubles: string[];
  /** All requests of the page: addresses and bodies. */
  sent: string[];
}

export interface Stage {
  network: TestNetwork;
  browser: Browser;
  /** The URL of the first node. */
  url: string;
  /** Opens a page in its own profile, which is removed with the test. */
  open(path?: string, options?: BrowserContextOptions): Promise<Opened>;
}

/** Makes a network and a browser for all tests of the file. */
export function useStage(options: NetworkOptions): () => Stage {
  const browser = useBrowser();
  return useShared(async (world) => {
    const network = await createNetwork(world, options);
    await startAll(network);
    const { url } = network.nodes[0]!;
    return {
      network,
      browser: browser(),
      url,
      open: (path = "", more = {}) => openPage(browser(), url, path, more),
    };
  });
}

/** Launches one browser for all tests of the file. */
export function useBrowser(): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());
  return () => browser!;
}

/** Makes a key to pay, for this tab only. Until its dialog is gone, whatever is typed goes to the dialog. */
export async function payNewKey(page: Page): Promise<void> {
  await page.getByRole("button", { name: "A new key of mine" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Only for this tab" }).click();
  await dialog.waitFor({ state: "hidden" });
}

export async function openPage(
  browser: Browser,
  url: string,
  path: string,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  onTestFinished(async () => {
    // A route that is still falsifying an answer would fail when the page closes.
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await context.close();
  });
  page.setDefaultTimeout(waitMs);
  const opened: Opened = { page, troubles: [], sent: [] };
  page.on("pageerror", ({ message }) => opened.troubles.push(message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") opened.troubles.push(message.text());
  });
  page.on("request", (request) => {
    opened.sent.push(request.url(), request.postData() ?? "");
    if (new URL(request.url()).origin !== url) opened.troubles.push(`asked ${request.url()}`);
  });
  await page.goto(`${url}/${path}`);
  return opened;
}

/** Resolves to the number of a figure on the overview, once it has one. */
export async function figure(page: Page, name: string): Promise<number> {
  const value = page.locator(".figure", { has: page.getByText(name, { exact: true }) }).locator(".value");
  const text = await value.filter({ hasText: /\d/ }).textContent();
  return Number(text?.replaceAll(",", ""));
}

/** Presses Tab until the element with this name has the focus. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLInputElement | null;
      return (element?.labels?.[0] ?? element)?.textContent?.trim();
    });
    if (focused === name) return;
  }
  throw new Error(`the Tab key does not reach ${name}`);
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Resolves to axe's findings, one line each, for all rules or for these. */
export async function axeViolations(page: Page, rules?: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axeSource);
  return page.evaluate(async (only) => {
    const { axe } = globalThis as unknown as Axe;
    const { violations } = await axe.run(document, only ? { runOnly: only } : {});
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }, rules);
}

interface Axe {
  axe: {
    run(
      root: Document,
      options: { runOnly?: string[] },
    ): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
  };
}
