import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createNetwork } from "./harness/network.ts";
import type { TestNode } from "./harness/node.ts";
import { until } from "./harness/until.ts";
import { createWorld, type World } from "./harness/world.ts";

const address = "cc1deapehffkzmcl5f67nz4nrl07nhj49ckdc72duhyl07vmqzst0csdtw8ga";

/**
 * Command line, exit code, and the one line on standard error. More are in `test/unit/cli`, and those of genesis.json
 * in `test/unit/config`.
 */
const commands: [line: string, code: 1 | 2, says: RegExp][] = [
  ["strat", 2, /unknown command 'strat'/],
  ["start --nodeid=1 --host=192.0.2.77 --log-level=silent", 1, /192\.0\.2\.77/],
  ["create-account --nodeid=1", 1, /already/],
  ["create-account --nodeid=9 --passphrase-file=/nonexistent/x", 1, /passphrase/],
  ["genesis --nodeids=1,77", 1, /create-account/],
  ["init -c /nonexistent.json --nodeid=1", 1, /cannot read/],
  [`send --nodeid=1 --to=${address} --amount=1 --url=http://127.0.0.1:1`, 1, /cannot reach/],
  ["verify --nodeid=44", 1, /./],
  ["import --nodeid=1 FOLDER/garbage", 1, /garbage/],
];

test("a wrong command line prints one line on standard error and exits with code 1 or 2", async () => {
  const world = createWorld();
  await createNetwork(world, { nodes: 1 });
  writeFileSync(join(world.dataDir, "garbage"), Buffer.alloc(4096, 0xff));
  const left = [...commands];
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [line, code, says] = next;
      const args = line.replace("FOLDER", world.dataDir).split(" ").filter(Boolean);
      const end = await world.ccoin(args);
      expect({ line, code: end.code, stdout: end.stdout }).toEqual({ line, code, stdout: "" });
      expect(end.stderr, line).toMatch(/^error: [^\n]+\n$/);
      expect(end.stderr, line).toMatch(says);
    }
  };
  await Promise.all([work(), work(), work()]);
});

const good = { name: "x", periodMs: 500, authorities: [address], balances: [] };
const geneses: [name: string, text: string, says: RegExp][] = [
  ["no JSON", "{", /is not JSON/],
  ["an authority twice", JSON.stringify({ ...good, authorities: [address, address] }), /twice/],
  [
    "too much money",
    JSON.stringify({ ...good, balances: [{ address, balance: "18446744073709551616" }] }),
    /balance/,
  ],
];

test("a wrong genesis.json makes no chain and prints one line that names the field", async () => {
  const world = createWorld();
  await world.ccoinJson(["create-account", "--nodeid=1"]);
  for (const [name, text, says] of geneses) {
    const file = join(world.dataDir, "genesis.json");
    writeFileSync(file, text);
    const { code, stdout, stderr } = await world.ccoin(["init", "-c", file, "--nodeid=1"]);
    expect({ name, code, stdout }).toEqual({ name, code: 1, stdout: "" });
    expect(stderr, name).toMatch(/^error: [^\n]+\n$/);
    expect(stderr, name).toMatch(says);
  }
  writeFileSync(join(world.dataDir, "genesis.json"), JSON.stringify(good));
  await world.ccoinJson(["init", "-c", join(world.dataDir, "genesis.json"), "--nodeid=1"]);
});

const json = { "content-type": "application/json" };
const post = (body: NonNullable<RequestInit["body"]>, headers: Record<string, string> = json) => ({
  method: "POST",
  body,
  headers,
});
const transfer = {
  from: address,
  to: address,
  amount: "1",
  fee: "0",
  nonce: 0,
  signature: `0x${"0".repeat(128)}`,
};

const requests: [name: string, path: string, init: RequestInit, status: number, code: string][] = [
  ["unknown path", "/v2/status", {}, 404, "NOT_FOUND"],
  ["wrong method", "/v1/status", { method: "DELETE" }, 405, "METHOD_NOT_ALLOWED"],
  ["unknown query", "/v1/blocks?limt=3", {}, 400, "MALFORMED"],
  ["too large a page", "/v1/blocks?limit=100000", {}, 400, "MALFORMED"],
  ["wrong block", "/v1/blocks/-1", {}, 400, "MALFORMED"],
  ["unknown block", "/v1/blocks/999999", {}, 404, "BLOCK_NOT_FOUND"],
  ["wrong id", "/v1/transactions/0x12", {}, 400, "MALFORMED"],
  ["unknown id", `/v1/transactions/0x${"12".repeat(32)}`, {}, 404, "TRANSACTION_NOT_FOUND"],
  ["wrong address", "/v1/accounts/cc1x", {}, 400, "MALFORMED"],
  ["encoded slashes", "/v1/accounts/%2e%2e%2f%00", {}, 400, "MALFORMED"],
  ["no JSON", "/v1/transactions", post("{"), 400, "MALFORMED"],
  ["no UTF-8", "/v1/transactions", post(new Uint8Array([0x22, 0xff, 0x22])), 400, "MALFORMED"],
  ["null", "/v1/transactions", post("null"), 400, "MALFORMED"],
  ["deep nesting", "/v1/transactions", post("[".repeat(100_000)), 400, "MALFORMED"],
  [
    "a number as amount",
    "/v1/transactions",
    post(JSON.stringify({ ...transfer, amount: 1 })),
    400,
    "MALFORMED",
  ],
  ["no money", "/v1/transactions", post(JSON.stringify(transfer)), 422, "INSUFFICIENT_BALANCE"],
  [
    "other chain",
    "/v1/transactions",
    post(JSON.stringify({ ...transfer, genesisId: `0x${"1".repeat(64)}` })),
    422,
    "WRONG_CHAIN",
  ],
  ["no type", "/v1/transactions", post("x", { "content-type": "text/plain" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
  [
    "no SSZ",
    "/v1/transactions",
    post("xyz", { "content-type": "application/octet-stream" }),
    400,
    "MALFORMED",
  ],
  [
    "another site",
    "/v1/transactions",
    post("{}", { ...json, origin: "http://evil.example" }),
    403,
    "FORBIDDEN_ORIGIN",
  ],
];

/** Bytes on a socket, and the status of the answer; undefined if the node only closes the connection. */
const raw: [name: string, bytes: string | Buffer, status: number | undefined][] = [
  ["garbage", Buffer.alloc(2_000, 0xfe), 400],
  // The node would not read all bytes, so the connection could break before the answer is read.
  [
    "a large body",
    "POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5242880\r\n\r\n",
    413,
  ],
  ["TLS", Buffer.from("16030100ff010000fb0303", "hex"), 400],
  ["another host", "GET /v1/status HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403],
  ["large headers", `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"y".repeat(200_000)}\r\n\r\n`, 431],
  [
    "two lengths",
    "POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400,
  ],
  [
    "a wrong chunk",
    "POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    400,
  ],
];

test("malformed HTTP requests are answered with problems while the chain continues", async () => {
  const { node, wallet } = await startMiner(createWorld());
  const slow = connectRaw(node, "GET /v1/status HTTP/1.1\r\nHost: local");
  for (const [name, path, init, status, code] of requests) {
    const response = await fetch(node.url + path, init);
    const problem = (await response.json()) as { code: string; status: number };
    expect({ name, status: response.status, code: problem.code }).toEqual({ name, status, code });
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  }
  for (const [name, bytes, status] of raw) {
    const answer = await connectRaw(node, bytes);
    expect({ name, status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]) }).toEqual({ name, status });
  }
  const { body } = await wallet.transfer(address, 5n);
  await expect(node.post("/v1/transactions", { ...body, amount: "6" })).rejects.toThrow("INVALID_SIGNATURE");
  const { head, mempool } = await node.status();
  expect(mempool.count).toBe(0);
  await node.height(head!.height + 3, 5_000);
  // The headers do not arrive within 10 s.
  expect(await slow).toMatch(/^(HTTP\/1\.1 408 |$)/);
  expect((await node.stop()).code).toBe(0);
});

async function startMiner(world: World) {
  const { nodes, wallets } = await createNetwork(world, { nodes: 1, periodMs: 300 });
  const node = nodes[0]!.start("--no-mdns");
  await node.ready();
  await until("it mines", async () => (await node.status()).head!.height > 0);
  return { node, wallet: wallets[0]! };
}

/** Resolves to everything that arrives until the node closes the connection. */
function connectRaw(node: TestNode, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(node.url);
  return new Promise((resolve) => {
    let text = "";
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    socket.setEncoding("latin1");
    socket.on("data", (data) => {
      text += data;
      // The connection is kept alive, but the answer is complete.
      if (/\r\n\r\n/.test(text) && !/connection: close/i.test(text)) socket.end();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text));
  });
}
