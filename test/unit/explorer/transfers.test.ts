import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { keyFromSeed, type SignedTransaction } from "../../../src/client/index.ts";

interface Wallet {
  send(key: unknown, genesisId: string, order: object): Promise<void>;
  transfers: { value: { id: string; error: Error | undefined }[] };
}

const genesisId = `0x${"ab".repeat(32)}`;
const key = await keyFromSeed(new Uint8Array(32).fill(9));
const order = { to: key.address, amount: 5n, fee: 1n, memo: "" };
const posted: SignedTransaction[] = [];
/** The answers of the node; undefined breaks the connection. */
let answers: (readonly [status: number, code: string] | undefined)[] = [];
const final = { height: 10, nonce: 3 };
const head = { height: 12 };
let wallet: Wallet;

const server = createServer(async (request, response) => {
  let text = "";
  for await (const chunk of request) text += chunk;
  const answer = (status: number, body: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (request.method === "POST") {
    posted.push(JSON.parse(text));
    const given = answers.shift();
    return given ? answer(given[0], { code: given[1] }) : response.destroy();
  }
  if (request.url === "/v1/status") return answer(200, { genesisId, mempool: {}, head });
  if (request.url!.includes("/proof"))
    return answer(200, { block: { height: final.height }, account: { nonce: final.nonce } });
  if (request.url!.startsWith("/v1/accounts/")) return answer(200, { pendingNonce: final.nonce });
  return answer(404, { code: "TRANSACTION_NOT_FOUND" });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // The page talks to the node that has served it.
  vi.stubGlobal("location", { href: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
  // Imported by a variable name, which the compiler does not follow: the page's code is checked with browsers' types.
  const path = "../../../src/explorer/wallet/transfers.ts";
  wallet = await import(/* @vite-ignore */ path);
});
afterAll(() => {
  vi.unstubAllGlobals();
  server.close();
  server.closeAllConnections();
});

it("submits the same transaction again if it got no answer, and another one only once the first is over", async () => {
  answers = [undefined, [422, "EXPIRED"], [202, ""]];
  await expect(wallet.send(key, genesisId, order)).rejects.toThrow("Sending the same order again is safe");
  expect(posted).toMatchObject([{ validUntil: 112, nonce: 3 }]);
  head.height = 40;
  let isOver = false;
  setTimeout(() => {
    isOver = true;
    final.height = 112;
  }, 500);
  await wallet.send(key, genesisId, order);
  expect(isOver).toBe(true);
  expect(posted.map(({ validUntil }) => validUntil)).toEqual([112, 112, 140]);
  expect(posted[1]).toEqual(posted[0]);
});

it("says that an ended transfer is not paid and never will be", async () => {
  answers = [[202, ""]];
  final.height = 140;
  await wallet.send(key, genesisId, order);
  const { id } = wallet.transfers.value[0]!;
  await expect
    .poll(() => wallet.transfers.value[0]?.error?.message)
    .toBe(`transaction ${id} is not paid, and never will be: it was valid until block 140`);
});
