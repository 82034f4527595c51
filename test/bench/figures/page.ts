import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../../browser/launch.ts";
import { defineFigure } from "../figure.ts";
import { benchNetwork, pidsOf, startNodes, stopNodes } from "../lib/bench-network.ts";
import { median } from "../lib/statistics.ts";
import { CpuWatch } from "../lib/usage.ts";

type PageSettings = { loads: number };

const emptyPage = '<!doctype html><html lang="en"><title>empty</title></html>';

export const pageFigure = defineFigure<PageSettings>({
  name: "page",
  measures: "from the address to the load event of the explorer in headless Chromium, nothing of it cached",
  quick: [{ loads: 5 }],
  full: [{ loads: 30 }],
  goals: () => [
    { of: "value", is: "<", bound: 300 },
    { of: "liveMs", is: "<", bound: 300 },
    { of: "kilobytes", is: "<", bound: 150 },
  ],
  async run(context, { loads }) {
    const { nodes } = await benchNetwork(context, { authorities: 1, periodMs: 1_000 });
    await startNodes(nodes);
    const url = `http://${nodes[0]!.machine.address}:${nodes[0]!.httpPort}/`;
    const empty = createServer((_, response) => response.end(emptyPage)).listen(0, "127.0.0.1");
    context.world.onEnd(() => empty.close());
    await once(empty, "listening");
    const browser = await launchBrowser();
    context.world.onEnd(() => browser.close());
    const watch = new CpuWatch(pidsOf(nodes));
    const seen: Seen[] = [];
    const emptyMs: number[] = [];
    // The first loads start the browser, and make the node compress its files.
    for (let load = -1; load < loads; load++) {
      const bare = await inNewTab(browser, async (page) =>
        loadMs(page, `http://127.0.0.1:${(empty.address() as AddressInfo).port}/`),
      );
      const explorer = await inNewTab(browser, (page) => look(page, url));
      if (load < 0) continue;
      emptyMs.push(bare);
      seen.push(explorer);
    }
    const usage = watch.read();
    await stopNodes(nodes);
    const middle = (of: (each: Seen) => number) => median(seen.map(of));
    return {
      value: middle(({ firstMs }) => firstMs),
      unit: "ms",
      limit: { what: "ms for an empty page", value: median(emptyMs) },
      ...usage,
      details: {
        againMs: middle(({ againMs }) => againMs),
        liveMs: middle(({ liveMs }) => liveMs),
        kilobytes: middle(({ bytes }) => bytes) / 1_000,
      },
    };
  },
});

interface Seen {
  firstMs: number;
  /** The time until the page shows the head. */
  liveMs: number;
  /** The bytes of all answers until then, including headers. */
  bytes: number;
  /** The time with the files in the browser's cache. */
  againMs: number;
}

async function look(page: Page, url: string): Promise<Seen> {
  const firstMs = await loadMs(page, url);
  // A function, because the page's policy forbids evaluating a text.
  const live = await page.waitForFunction(() => {
    const { document } = globalThis as unknown as { document: { querySelector(path: string): Shown | null } };
    return /[0-9]/.test(document.querySelector(".figure .value")?.textContent ?? "") && performance.now();
  });
  const bytes = await page.evaluate(() =>
    performance
      .getEntries()
      .reduce((sum, entry) => sum + ((entry as unknown as Loaded).transferSize ?? 0), 0),
  );
  const first = { firstMs, liveMs: Number(await live.jsonValue()), bytes };
  return { ...first, againMs: await loadMs(page, url) };
}

/** Measures the time from the start of the navigation to the end of the load event. */
async function loadMs(page: Page, url: string): Promise<number> {
  await page.goto(url);
  // The first entry is the navigation.
  return page.evaluate(() => (performance.getEntries()[0] as unknown as Loaded).loadEventEnd!);
}

/** An element of the browser, since this program has no DOM types. */
interface Shown {
  textContent: string;
}
interface Loaded {
  transferSize?: number;
  loadEventEnd?: number;
}

/** Opens a tab with its own cache. */
async function inNewTab<T>(browser: Browser, look: (page: Page) => Promise<T>): Promise<T> {
  const browserContext = await browser.newContext();
  try {
    return await look(await browserContext.newPage());
  } finally {
    await browserContext.close();
  }
}
