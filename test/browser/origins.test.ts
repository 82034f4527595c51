import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createNetwork } from "../e2e/harness/network.ts";
import { createWorld } from "../e2e/harness/world.ts";
import { openPage, useBrowser } from "./browser.ts";

const browser = useBrowser();

/** Serves an empty page; resolves to its origin, which is another site than the node's. */
async function site(): Promise<string> {
  const server = createServer((_, answer) => answer.writeHead(200, { "content-type": "text/html" }).end());
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  onTestFinished(() => void server.close());
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

test("a page of an allowed origin reads and pays; one of another origin can do neither", async () => {
  const [friend, stranger] = [await site(), await site()];
  const { nodes, wallets } = await createNetwork(createWorld(), { nodes: 1 });
  const node = nodes[0]!.start("--no-mdns", `--allow-origin=${friend}`);
  await node.ready();
  const { id, body } = await wallets[0]!.transfer(wallets[0]!.address, 1n, 1n);
  const triesFrom = async (origin: string) => {
    const { page } = await openPage(browser(), origin, "");
    return page.evaluate(
      async ([url, body]) => {
        const json = { "content-type": "application/json" };
        const status = (answer: Promise<Response>) =>
          answer.then(
            (response) => response.status,
            () => "refused",
          );
        return {
          reads: await status(fetch(`${url}/v1/status`)),
          pays: await status(fetch(`${url}/v1/transactions`, { method: "POST", headers: json, body: body! })),
        };
      },
      [node.url, JSON.stringify(body)],
    );
  };
  expect(await triesFrom(stranger)).toEqual({ reads: "refused", pays: "refused" });
  await expect(node.transaction(id)).rejects.toMatchObject({ status: 404 });
  expect(await triesFrom(friend)).toEqual({ reads: 200, pays: 202 });
  await node.stop();
});
