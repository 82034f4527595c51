import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { createAccount } from "../../src/accounts/index.ts";
import { cheapScrypt } from "../e2e/harness/network.ts";
import { TestNode } from "../e2e/harness/node.ts";
import { until } from "../e2e/harness/until.ts";
import { axeViolations, faults, figure, openPage, useStage, waitMs } from "./browser.ts";

/** The page itself, compressed. */
const maxPageBytes = 55_000;
/** Until the page is live, the node's answers among them. */
const maxSentBytes = 150_000;
const phone = { width: 360, height: 740 };

const stage = useStage({ nodes: 4, periodMs: 500, name: "explorer" });

/** Sends a transfer of 25 with a memo and waits until its block is final. */
async function transfer(): Promise<{
  id: string;
  from: string;
  to: string;
  block: { height: number; id: string };
}> {
  const { nodes, wallets } = stage().network;
  const [from, to] = [wallets[0]!, wallets[1]!];
  const { id, body } = await from.transfer(to.address, 25n);
  await nodes[0]!.post("/v1/transactions", body);
  const final = await until(
    "it is final",
    async () => {
      const answer = await nodes[0]!.transaction(id);
      return answer.status === "finalized" && answer;
    },
    { timeoutMs: waitMs },
  );
  return { id, from: from.address, to: to.address, block: final.block! };
}

let sent: Promise<Awaited<ReturnType<typeof transfer>>> | undefined;
const aTransfer = () => (sent ??= transfer());

async function pages(): Promise<{ path: string; shows: string }[]> {
  const { id, from, block } = await aTransfer();
  return [
    { path: "#/", shows: "3 votes of 4 finalize a block." },
    { path: "#/blocks", shows: "Newest" },
    { path: `#/block/${block.height}`, shows: "1 transaction" },
    { path: "#/block/0", shows: "Rules of this chain" },
    { path: `#/tx/${id}`, shows: "Signature" },
    { path: `#/account/${from}`, shows: "−25" },
    { path: "#/mempool", shows: "No transaction waits" },
    { path: "#/authorities", shows: "with the genesis block" },
    { path: "#/forks", shows: "the newest 100 that this node has seen" },
    { path: "#/long-term", shows: "Longest interval" },
    { path: "#/peers", shows: "3 connections" },
    { path: "#/wallet", shows: "Make the key" },
    { path: `#/receive/${from}`, shows: "Ask for an amount" },
    { path: "#/nowhere", shows: "There is no page here." },
  ];
}

async function goTo(page: Page, { path, shows }: { path: string; shows: string }): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, path);
  await page.getByText(shows).first().waitFor();
}

test("the overview goes live from one small page that makes no requests to other hosts", async () => {
  const { open, url } = stage();
  const opened = await open();
  const { page, troubles } = opened;
  const height = await figure(page, "Head");
  const more = { timeoutMs: waitMs };
  await until("the head moves on", async () => (await figure(page, "Head")) > height + 2, more);
  await until("blocks become final", async () => (await figure(page, "Final")) > height, more);
  expect(await page.locator(".strip li").count()).toBeGreaterThan(3);
  await page.getByRole("img", { name: /^Block interval: .+ now/ }).waitFor();
  await page.getByRole("img", { name: /^Time to finality: .+ now/ }).waitFor();
  const addresses = (of: string) =>
    page.getByRole("table", { name: of }).locator("tbody tr", { hasText: "cc1" });
  expect(await addresses("Authorities").count()).toBe(4);
  // Each of the three peers has shown which authority it is.
  await expect.poll(() => addresses("Peers").count(), { timeout: 30_000 }).toBe(3);
  expect(await page.title()).toBe("Overview · explorer");

  const answer = await fetch(url, { headers: { "accept-encoding": "br" } });
  expect(Number(answer.headers.get("content-length"))).toBeLessThan(maxPageBytes);
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'sha256-");
  const again = await fetch(url, { headers: { "if-none-match": answer.headers.get("etag")! } });
  expect(again.status).toBe(304);

  const { bytes, asked, loadMs, liveMs } = await measure(page);
  console.log(`explorer: ${bytes} bytes, loaded after ${loadMs} ms, live after ${liveMs} ms`);
  expect(bytes).toBeLessThan(maxSentBytes);
  // The browser asks while it reads the page, whose script takes these answers and does not ask again.
  for (const path of ["status", "diagnosis", "blocks?limit=30", "blocks/0", "forks"])
    expect(asked.find(({ name }) => name.endsWith(`/v1/${path}`))?.initiatorType, path).toBe("link");
  expect(asked.filter(({ name }) => /\/blocks[?/]/.test(name))).toHaveLength(2);
  expect(troubles).toEqual([]);
});

/** Loads the page again without a cache. */
async function measure(page: Page): Promise<{
  bytes: number;
  asked: { name: string; initiatorType: string }[];
  loadMs: number;
  liveMs: number;
}> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  let bytes = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  // On a busy machine the page may ask for the next block before this process has seen that it is live.
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!/\d/.test(document.querySelector(".figure .value")?.textContent ?? "")) return;
      performance.mark("live");
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true, characterData: true });
  });
  await page.goto(`${page.url().split("#")[0]}?`);
  const liveMs = await (
    await page.waitForFunction(() => performance.getEntriesByName("live")[0]?.startTime)
  ).jsonValue();
  const { loadMs, asked } = await page.evaluate((untilMs) => {
    const [entry] = performance.getEntriesByType("navigation");
    const resources = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
    const before = resources.filter(({ startTime }) => startTime < untilMs);
    return {
      loadMs: (entry as PerformanceNavigationTiming).loadEventEnd,
      asked: before.map(({ name, initiatorType }) => ({ name, initiatorType })),
    };
  }, Number(liveMs));
  return { bytes, asked, loadMs: Math.round(loadMs), liveMs: Math.round(Number(liveMs)) };
}

test("the page asks the node seldom, and a hidden tab not at all", async () => {
  const { page, sent, troubles } = await stage().open();
  await figure(page, "Head");
  const asked = async (forMs: number) => {
    const before = sent.length;
    await page.waitForTimeout(forMs);
    // An address and a body for each request.
    return (sent.length - before) / 2;
  };
  await asked(2_000);
  // Blocks come twice as often as the page promises for: each is one question for the turns.
  expect(await asked(10_000)).toBeLessThanOrEqual(32);
  const hide = (hidden: boolean) =>
    page.evaluate((isHidden) => {
      Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  const height = await figure(page, "Head");
  await hide(true);
  await asked(500);
  expect(await asked(3_000)).toBe(0);
  await hide(false);
  await until("the head moves on", async () => (await figure(page, "Head")) > height + 5, {
    timeoutMs: waitMs,
  });
  expect(troubles).toEqual([]);
});

test("when the node has another chain, nothing of the old one stays, and a notice says so until the user confirms it", async () => {
  const { page } = await stage().open();
  await figure(page, "Head");
  await page.evaluate(() => Object.assign(window, { isOld: true }));
  await page.route("**/v1/status", async (route) => {
    const response = await route.fetch();
    const status = (await response.json()) as object;
    await route.fulfill({ response, json: { ...status, genesisId: `0x${"12".repeat(32)}`, name: "new" } });
  });
  await page.waitForFunction(() => !("isOld" in window));
  const notice = page.getByRole("region", { name: "Another chain" });
  await notice.getByText(/That was explorer 0x.+, this is new 0x121212…/).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.reload();
  await notice.getByRole("button", { name: "I know" }).click();
  await notice.waitFor({ state: "detached" });
  await page.reload();
  await figure(page, "Head");
  expect(await notice.count()).toBe(0);
});

test("the tabs of a browser share one connection, and another takes over when its tab is closed", async () => {
  const first = await stage().open();
  const connections: string[] = [];
  first.page.context().on("request", (request) => {
    if (request.url().includes("/v1/events") && request.frame().page() !== first.page)
      connections.push(request.url());
  });
  await figure(first.page, "Head");
  const others: Page[] = [];
  for (let tab = 2; tab <= 8; tab++) {
    const page = await first.page.context().newPage();
    others.push(page);
    await page.goto(`${stage().url}/?tab=${tab}`);
  }
  const follow = async (page: Page) => {
    const height = await figure(page, "Head");
    await until("the head moves on", async () => (await figure(page, "Head")) > height + 2, {
      timeoutMs: waitMs,
    });
  };
  for (const page of others) await follow(page);
  expect(connections).toEqual([]);
  await first.page.goto("about:blank");
  for (const page of others) await follow(page);
  expect(connections).toHaveLength(1);
});

test("search finds heights, ids and addresses", async () => {
  const { page, troubles } = await stage().open();
  const { id, to, block } = await aTransfer();
  const search = async (text: string) => {
    await page.getByRole("searchbox").fill(text);
    await page.getByRole("searchbox").press("Enter");
  };
  const headings: [string, string][] = [
    [String(block.height), `Block ${block.height}`],
    [id, "Transaction"],
    [to, "Account"],
    [block.id.slice(2), `Block ${block.height}`],
  ];
  for (const [text, heading] of headings) {
    await search(text);
    await page.getByRole("heading", { name: heading, exact: true, level: 1 }).waitFor();
  }
  // The focus moves, so that a screen reader continues at the new page.
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("MAIN");
  // The browser itself logs the 404 for an id that no transaction has.
  expect(troubles.filter((text) => !text.includes("404"))).toEqual([]);
  for (const [text, problem] of [
    ["hello", "Search for a height"],
    [to.slice(0, -1), "not finished"],
    ["99999999", "no block 99999999 yet"],
    [`0x${"12".repeat(32)}`, "No block and no transaction"],
  ] as const) {
    await search(text);
    await page.getByRole("alert").filter({ hasText: problem }).waitFor();
  }
});

test("the pages of a block, a transaction and an account link to each other", async () => {
  const { id, from, to, block } = await aTransfer();
  const { page, troubles } = await stage().open(`#/block/${block.id}`);
  await page.getByText("1 transaction", { exact: true }).waitFor();
  await page.getByTitle(id).click();
  await page.getByRole("heading", { name: "Transaction", level: 1 }).waitFor();
  await page.getByText("final", { exact: true }).waitFor();
  await page.getByTitle(to).first().click();
  await page.getByRole("region", { name: "Account" }).getByText("1,000,025").waitFor();
  await page.getByText("+25").waitFor();
  await page.getByTitle(from).first().click();
  await page.getByRole("region", { name: "Account" }).getByText("999,975").waitFor();
  await page.getByText("−25").waitFor();
  expect(troubles).toEqual([]);
});

test("every page has its place, is legible and has no finding of axe in both themes at every width", async () => {
  const { page, troubles } = await stage().open();
  for (const place of await pages()) {
    await goTo(page, place);
    expect(await faults(page), place.path).toEqual([]);
  }
  expect(troubles).toEqual([]);
});

test("a phone shows blocks, a hundred authorities and fifty peers in two lines each, and no graph", async () => {
  const { page } = await stage().open("#/blocks", { viewport: phone });
  const many = (url: string, list: string, name: string, length: number, changed = {}) =>
    page.route(url, async (route) => {
      const response = await route.fetch();
      const json = (await response.json()) as Record<string, object[]>;
      const copies = Array.from({ length }, (_, index) => ({
        ...json[list]![0],
        ...changed,
        [name]: `${name}-${index}`,
      }));
      await route.fulfill({ response, json: { ...json, [list]: copies } });
    });
  // Each block has many transactions, and was made by this node.
  const made = { proposer: stage().network.wallets[0]!.address, transactionCount: 1_000 };
  await many("**/v1/blocks?*", "blocks", "id", 20, made);
  await many("**/v1/authorities", "authorities", "address", 100);
  await many("**/v1/peers", "peers", "id", 50);
  for (const [path, caption, length, shows] of [
    ["#/blocks?before=20", "Blocks, newest first", 20, "Below 20"],
    ["#/authorities", "Authorities", 100, "Turns and work"],
    ["#/peers", "Peers", 50, "50 connections"],
  ] as const) {
    await goTo(page, { path, shows });
    const rows = page.getByRole("table", { name: caption, exact: true }).locator("tbody tr");
    await expect.poll(() => rows.count()).toBe(length);
    const heights = await rows.evaluateAll((all) => all.map(({ clientHeight }) => clientHeight));
    expect(Math.max(...heights)).toBeLessThanOrEqual(60);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(phone.width);
  }
  expect(await page.locator(".graph").count()).toBe(0);
});

test("axe finds no violation on the page that describes the HTTP interface", async () => {
  const { page, troubles } = await stage().open("docs");
  await page.getByRole("heading", { name: "ccoin node", level: 1 }).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await axeViolations(page, ["color-contrast"])).toEqual([]);
  await page.setViewportSize(phone);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(phone.width);
  expect(troubles).toEqual([]);
});

test("the chosen theme is remembered", async () => {
  const { page } = await stage().open();
  const background = () =>
    page.evaluate(() => getComputedStyle(document.body.parentElement!).backgroundColor);
  const light = await background();
  await page.getByRole("button", { name: "Use the dark theme" }).click();
  await expect.poll(background).not.toBe(light);
  await page.reload();
  await page.getByRole("button", { name: "Use the light theme" }).waitFor();
  await expect.poll(background).not.toBe(light);
});

test("a tour of three steps goes through the pages, and stays away once it was left", async () => {
  const { page, troubles } = await stage().open();
  const tour = page.getByRole("region", { name: "Tour" });
  await tour.getByText("1 of 3").waitFor();
  await page.locator(".figure .value", { hasText: /[0-9]/ }).first().waitFor();
  await tour.getByRole("button", { name: "Next" }).click();
  await page.getByRole("heading", { name: "Wallet" }).waitFor();
  await tour.getByRole("button", { name: "Next" }).click();
  await page.getByRole("button", { name: "Verify" }).waitFor();
  await tour.getByText("3 of 3").waitFor();
  await tour.getByRole("button", { name: "End the tour" }).click();
  await page.goto(stage().url);
  await page.getByRole("button", { name: "Final", exact: true }).click();
  await page.getByText("More than two thirds of the authorities have signed that the block stays").waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("It is never taken back").waitFor({ state: "hidden" });
  expect(await tour.count()).toBe(0);
  expect(troubles).toEqual([]);
});

test("the page shows blocks of losing branches and retracted blocks", async () => {
  const { open, network } = stage();
  const { page } = await open("#/blocks");
  const { head } = await network.nodes[0]!.status();
  const block = await network.nodes[0]!.block(head!.height);
  const seen = { retracted: true, seenAt: block.timestamp, returned: 2 };
  const gone = { ...block, id: `0x${"ab".repeat(32)}`, transactionCount: 3, ...seen };
  const lost = { ...gone, id: `0x${"cd".repeat(32)}`, retracted: false, returned: 0 };
  const empty = {
    ...gone,
    id: `0x${"ef".repeat(32)}`,
    height: gone.height + 1,
    transactionCount: 0,
    returned: 0,
  };
  await page.route("**/v1/forks", (route) => route.fulfill({ json: { blocks: [empty, gone, lost] } }));
  const paid = await network.nodes[0]!.transaction((await aTransfer()).id);
  const transactions = [paid, { ...paid, id: lost.id, status: "replaced", block: null, index: null }];
  await page.route("**/v1/forks/*", (route) => route.fulfill({ json: { ...gone, transactions } }));
  await page.goto(`${stage().url}/?forks`);
  await page.getByRole("link", { name: `Block ${lost.height} fork` }).waitFor();
  await page.getByRole("link", { name: `Block ${gone.height} retracted 2 back` }).waitFor();
  const wide = page.viewportSize()!;
  const mark = page.getByRole("link", { name: "1 retracted, 2 back" });
  await mark.waitFor();
  // The part of 390 x 844 that a phone's browser leaves to the page.
  await page.setViewportSize({ width: 390, height: 664 });
  expect((await mark.boundingBox())!.y).toBeLessThan(600);
  await page.setViewportSize(wide);
  await mark.click();
  await page.getByRole("row", { name: /lost/ }).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  const rows = page.getByRole("row").filter({ has: page.getByRole("cell") });
  expect(await rows.count()).toBe(3);
  expect(await rows.last().textContent()).toContain(`${gone.height + 1}`);
  await rows
    .filter({ hasText: "retracted" })
    .first()
    .getByRole("link", { name: /^[\d,]+$/ })
    .click();
  await page.getByRole("row", { name: /replaced/ }).waitFor();
  await page.getByRole("row", { name: `final ${paid.block!.height}` }).waitFor();
  expect(await axeViolations(page)).toEqual([]);
});

test("the page shows votes, proposals and evidence", async () => {
  const { network } = stage();
  const [a, b] = network.wallets.map(({ address }) => address);
  const candidate = a!;
  const id = `0x${"ef".repeat(32)}`;
  const { page } = await stage().open("#/blocks");
  await page.route("**/v1/authorities", async (route) => {
    const response = await route.fetch();
    const json = {
      ...((await response.json()) as object),
      openVotes: [
        { voter: b, candidate, kind: "remove", height: 1 },
        { voter: b, parameter: "minFee", value: "10", kind: "set", height: 2 },
      ],
      proposals: [{ candidate, kind: "remove", proposedAt: 1, votes: 1, needed: 3, enacted: false }],
      evidence: [
        {
          id,
          offender: a,
          offence: "doubleVote",
          round: 7,
          conflicting: [id, id],
          receivedAt: 1,
          proposal: {},
        },
      ],
    };
    await route.fulfill({ response, json });
  });
  await goTo(page, { path: "#/authorities", shows: "two finality votes in one round" });
  const changed = page.getByRole("region", { name: "What has changed" });
  await changed.getByRole("listitem").filter({ hasText: "votes to remove" }).waitFor();
  await changed.getByRole("listitem").filter({ hasText: "votes to set minFee = 10" }).waitFor();
  await page.getByText("Why two finality votes in one round").waitFor();
  const own = page.getByRole("region", { name: "Proposals of this node" });
  await own.getByRole("cell", { name: "1 of 3" }).waitFor();
  expect(await axeViolations(page)).toEqual([]);
});

test("the page shows parameters, and forever that and where the chain was recovered", async () => {
  const { page } = await stage().open("#/blocks");
  const id = `0x${"ab".repeat(32)}`;
  await page.route("**/v1/status", async (route) => {
    const response = await route.fetch();
    const status = (await response.json()) as { head: object; parameters: object };
    const recoveries = [{ id, block: status.head, round: 9, authorities: 3, reached: true }];
    const parameters = { ...status.parameters, minFee: "4242" };
    await route.fulfill({ response, json: { ...status, recoveries, parameters } });
  });
  await goTo(page, { path: "#/authorities", shows: "4,242" });
  await goTo(page, { path: "#/", shows: "This chain was recovered" });
  await page.getByText("with 3 authorities").waitFor();
});

test("the page of a node without a chain says what the node waits for", async () => {
  const { network } = stage();
  const node = new TestNode(network.world, 9);
  await createAccount({ paths: node.paths, scrypt: cheapScrypt });
  node.start("--no-mdns");
  await until("it answers", () => node.status(), { timeoutMs: waitMs });
  const { page } = await openPage(stage().browser, node.url, "");
  await page.getByRole("heading", { name: "This node has no chain yet" }).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  for (const path of ["#/blocks", "#/authorities", "#/peers", "#/wallet"]) {
    await page.goto(`${node.url}/${path}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
  }
  await node.stop();
});

test("the page explains a halt and what to do, and shows when the node is gone", async () => {
  const { open, network } = stage();
  const { page } = await open();
  const { nodes } = network;
  await page.getByText("Live", { exact: true }).waitFor();
  for (const node of nodes.slice(2)) await node.stop();
  await page.getByRole("heading", { name: "The chain has halted" }).waitFor();
  const plot = page.getByRole("figure").filter({ hasText: "Block interval" });
  await plot.getByText("halted").waitFor();
  await page.getByText(/2 of 4 authorities are silent: .+ brings? blocks back/).waitFor();
  await page.getByText("What is known, and what to do").click();
  await page.getByText("What to do:").first().waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await nodes[0]!.stop();
  await page.getByText("No connection").waitFor();
  nodes[0]!.start();
  await page.getByText("No connection").waitFor({ state: "detached" });
});
