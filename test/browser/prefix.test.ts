import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../e2e/harness/until.ts";
import { figure, openPage, useStage, waitMs } from "./browser.ts";

const stage = useStage({ nodes: 1, periodMs: 500, name: "prefix" });

/** A reverse proxy that serves the node under `/ccoin/` and nothing else; resolves to its URL. */
async function proxy(nodeUrl: string): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const { url = "", method, headers } = incoming;
    if (!url.startsWith("/ccoin/")) return outgoing.writeHead(404).end();
    const onward = request(nodeUrl + url.slice("/ccoin".length), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    return incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("the page and its documents work under the path of a proxy", async () => {
  const { browser, url } = stage();
  const { page, troubles } = await openPage(browser, await proxy(url), "ccoin/");
  const height = await figure(page, "Head");
  await until("the head moves on", async () => (await figure(page, "Head")) > height + 1, {
    timeoutMs: waitMs,
  });
  await page.getByText("Live", { exact: true }).first().waitFor();
  await page.getByRole("link", { name: "HTTP interface" }).click();
  await page.getByText("HTTP interface").first().waitFor();
  const document = page.getByRole("link", { name: "openapi.json" });
  expect(await document.evaluate((link) => (link as HTMLAnchorElement).pathname)).toBe("/ccoin/openapi.json");
  expect(troubles).toEqual([]);
});
