import { connect } from "node:net";
import { Transactions } from "../../src/types/index.ts";
import { type Fixture, startFixture, transactionJson } from "../unit/api/fixture.ts";
import { type BlockMaker, testGenesis } from "../unit/support/chain.ts";
import { FakeNetwork } from "../unit/support/network.ts";
import { compact, settledClock, syncNode } from "../unit/support/sync-node.ts";
import { type Target, text } from "./target.ts";

const verdicts = new Set(["accept", "ignore", "reject"]);

/** The gossip validators of a node with a real chain and mempool: every input gets a verdict, and the head stays. */
export async function gossipTargets(): Promise<Target[]> {
  const genesis = await testGenesis(3, { maxBlockTransactions: 50 });
  const node = await syncNode(new FakeNetwork(settledClock()), "node", genesis);
  const { maker, inbox, transactions, chain } = node;
  const judge = (onGossip: (message: Uint8Array) => Promise<string>) => async (input: Uint8Array) => {
    const head = chain.head.idHex;
    const verdict = await onGossip(input);
    if (!verdicts.has(verdict)) throw new Error(`the verdict ${verdict}`);
    await chain.idle();
    if (chain.head.idHex !== head) throw new Error("another head");
    return verdict;
  };
  return [
    {
      name: "gossiped block",
      form: "binary",
      seeds: await compactBlocks(maker),
      run: judge((message) => inbox.onGossip(message, "peer")),
    },
    {
      name: "gossiped transactions",
      form: "binary",
      seeds: [
        Transactions.serialize([
          await maker.transfer({}),
          await maker.transfer({ nonce: 1, memo: text("memo") }),
        ]),
      ],
      run: judge((message) => transactions.onGossip(message, "peer")),
      close: () => node.stop(),
    },
  ];
}

async function compactBlocks(maker: BlockMaker): Promise<Uint8Array[]> {
  const first = await maker.block(maker.start(), { transactions: [await maker.transfer({})] });
  const second = await maker.block(first);
  return [compact(first, maker), compact(second, maker)];
}

/** A real server on loopback: no input causes a server error (5xx), and the server keeps answering. */
export async function httpTargets(): Promise<Target[]> {
  const fixture = await startFixture();
  const transfer = await fixture.sign({ memo: text("memo") });
  const json = transactionJson(transfer);
  const submit = (name: string, contentType: string, seeds: Uint8Array[], form: Target["form"]): Target => ({
    name,
    form,
    seeds,
    async run(input) {
      // On a busy machine a kept-alive connection may be closed for its age just when it is used again.
      const headers = { "content-type": contentType, connection: "close" };
      const { status, body } = await fixture.post(input, headers);
      if (status >= 500) throw new Error(`answered ${status} ${JSON.stringify(body)}`);
      if (status !== 202 && typeof (body as { code?: unknown }).code !== "string")
        throw new Error(`${status} without a code`);
      const { code, detail } = body as { code?: string; detail?: string };
      return `HTTP${status} ${code} ${detail}`;
    },
  });
  const request = (method: string, path: string, ...rest: string[]) =>
    text([`${method} ${path} HTTP/1.1`, "host: 127.0.0.1", "connection: close", ...rest].join("\r\n"));
  const body = JSON.stringify(json);
  return [
    submit("HTTP JSON body", "application/json", [text(json), text([json, json])], "json"),
    submit(
      "HTTP SSZ body",
      "application/octet-stream",
      [Transactions.serialize([transfer, transfer])],
      "binary",
    ),
    {
      name: "HTTP request",
      form: "binary",
      seeds: [
        request("GET", "/v1/blocks?limit=2&before=1", "", ""),
        request("GET", `/v1/accounts/${json.from}/transactions?limit=1`, "", ""),
        request("GET", "/v1/transactions/0x00", "", ""),
        request(
          "POST",
          "/v1/transactions",
          "content-type: application/json",
          `content-length: ${body.length}`,
          "",
          body,
        ),
      ],
      run: (input) => rawRequest(fixture, input),
      close: () => fixture.close(),
    },
  ];
}

/** Sends the bytes unchanged and reads the answer to its end. */
async function rawRequest({ server, get }: Fixture, input: Uint8Array): Promise<string> {
  const answer = await new Promise<string>((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(server.port, "127.0.0.1", () => socket.end(input));
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
  });
  if (/^HTTP\/1\.1 5(?!03|05)/.test(answer)) throw new Error(answer.slice(0, 300));
  const { status } = await get("/v1/status");
  if (status !== 200) throw new Error(`after that /v1/status answers ${status}`);
  return `HTTP${/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]}`;
}
