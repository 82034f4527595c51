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

/** The widths of a phone, a tablet, a small and a large desktop. */
const widths = [360, 768, 1024, 1440];

/**
 * Resolves to what is wrong with the page in both themes at all widths, one line each: axe's findings, contents that
 * are wider than the page, text below 12 px, and fields whose edges have less contrast than 3:1.
 */
export async function faults(page: Page): Promise<string[]> {
  const size = page.viewportSize()!;
  const found = await axeViolations(page);
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    // Only the colours differ in the dark theme.
    if (colorScheme === "dark") found.push(...(await axeViolations(page, ["color-contrast"])));
    for (const width of widths) {
      await page.setViewportSize({ width, height: size.height });
      const atWidth = await page.evaluate(misplaced);
      found.push(...atWidth.map((fault) => `${fault} (${colorScheme}, ${width} px)`));
    }
  }
  await page.setViewportSize(size);
  return found;
}

/** Runs in the page. */
function misplaced(): string[] {
  const found: string[] = [];
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) found.push(`contents of ${scrollWidth} px`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const element = text.parentElement!;
    if (!text.textContent?.trim() || !element.checkVisibility()) continue;
    const scale = element.closest("svg")?.getScreenCTM()?.a ?? 1;
    const px = Number.parseFloat(getComputedStyle(element).fontSize) * scale;
    if (px < 11.9) found.push(`${px.toFixed(1)} px: ${text.textContent}`);
  }
  for (const field of document.querySelectorAll("input, select, textarea")) {
    if (!field.checkVisibility()) continue;
    const edge = lightness(getComputedStyle(field).borderTopColor)!;
    for (const behind of [field, field.parentElement!]) {
      const [low, high] = [edge, background(behind)].sort((a, b) => a - b) as [number, number];
      const contrast = (high + 0.05) / (low + 0.05);
      if (contrast < 3) found.push(`contrast ${contrast.toFixed(2)}: ${field.outerHTML}`);
    }
  }
  return found;

  function background(element: Element): number {
    for (let at: Element | null = element; at; at = at.parentElement) {
      const color = lightness(getComputedStyle(at).backgroundColor);
      if (color !== undefined) return color;
    }
    return 1;
  }

  /** The relative luminance (WCAG 2.2) of `rgb(…)`; undefined if the colour is transparent. */
  function lightness(color: string): number | undefined {
    const [r, g, b, alpha = 1] = color.match(/[\d.]+/g)!.map(Number) as [number, number, number, number?];
    if (alpha === 0) return undefined;
    const [red, green, blue] = [r, g, b].map((part) =>
      part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    ) as [number, number, number];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }
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
