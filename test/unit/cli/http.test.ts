import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createAccount } from "../../../src/accounts/index.ts";
import { nodePaths } from "../../../src/config/index.ts";
import { decodeAddress, encodeAddress } from "../../../src/crypto/address.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { computeDomain } from "../../../src/types/index.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import { transactionRecord } from "../../transaction-record.ts";
import { testAddresses } from "../support/addresses.ts";
import { ccoinHere, oneLine } from "./ccoin.ts";

const genesisId = `0x${"ab".repeat(32)}`;
const to = encodeAddress(testAddresses(1)[0]!);
const status = {
  version: "1.2.3",
  nodeId: 1,
  peerId: "12D3KooWx",
  address: to,
  mode: "ready",
  genesisId,
  name: "test",
  periodMs: 1000,
  head: { height: 12, id: `0x${"12".repeat(32)}`, timestamp: 1_700_000_000_000 },
  finalized: { height: 11, id: `0x${"11".repeat(32)}` },
  peers: 3,
  mempool: { count: 2, bytes: 400, minFee: "3" },
  sync: null,
};

type Answer = [status: number, body: unknown];
let answers: Record<string, (body: unknown) => Answer>;
const posted: Record<string, unknown>[] = [];

let server: Server;
let url: string;
let folder: string;
let own: { address: string; publicKey: Uint8Array };

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const body = text === "" ? undefined : JSON.parse(text);
    if (request.method === "POST") posted.push(body);
    const answer = answers[`${request.method} ${request.url}`];
    const [code, value] = answer?.(body) ?? [404, { code: "NOT_FOUND", title: "Not Found" }];
    response
      .writeHead(code, { "content-type": "application/json" })
      .end(typeof value === "string" ? value : JSON.stringify(value));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = mkdtempSync(join(tmpdir(), "ccoin-http-"));
  own = (await createAccount({ paths: nodePaths(folder, 1), scrypt: { n: 2, r: 1, p: 1 } })).signer;
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

afterEach(() => {
  posted.length = 0;
});

const run = (...args: string[]) => ccoinHere([...args, "--datadir", folder, "--url", url]);

describe("status", () => {
  it("prints a text for people", async () => {
    answers = { "GET /v1/status": () => [200, status] };
    const { code, stdout } = await run("status");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^node +1 \(ccoin 1\.2\.3\)\nmode +ready\nchain +test, a block every 1 s\n/);
    expect(stdout).toMatch(/^head +12 {2}0x1212/m);
    expect(stdout).toMatch(/^finalized +11 /m);
  });

  it("prints one line of JSON", async () => {
    answers = { "GET /v1/status": () => [200, status] };
    expect(oneLine((await run("status", "--json")).stdout)).toEqual(status);
  });

  it("shows the progress of a download", async () => {
    const sync = {
      startHeight: 0,
      height: 3_000,
      targetHeight: 9_000,
      blocksPerSecond: 251.6,
      remainingMs: 24_000,
    };
    answers = { "GET /v1/status": () => [200, { ...status, mode: "boot", sync }] };
    expect((await run("status")).stdout).toMatch(/^sync +block 3000 of 9000, 250 a second, 24 s left$/m);
  });

  it("shows a node without a chain", async () => {
    const none = { genesisId: null, name: null, periodMs: null, head: null, finalized: null, mode: "boot" };
    answers = { "GET /v1/status": () => [200, { ...status, ...none }] };
    const { code, stdout } = await run("status");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^chain +none yet/m);
  });

  it.each<[string, Answer, string]>([
    ["another server's", [200, "<html>"], "does not answer like a ccoin node"],
    ["an error", [503, { code: "DYING", detail: "no genesis was found" }], "no genesis was found"],
    ["an error without details", [500, "oops"], "HTTP 500"],
  ])("says in one line what is wrong with %s answer", async (_name, answer, message) => {
    answers = { "GET /v1/status": () => answer };
    const { code, stdout, stderr } = await run("status");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^error: [^\n]*\n$/);
    expect(stderr).toContain(message);
  });

  it("says that no node listens", async () => {
    const { code, stderr } = await ccoinHere(["status", "--url=http://127.0.0.1:1", "--json"]);
    expect(code).toBe(1);
    expect(oneLine(stderr)).toMatchObject({ error: { code: "UNREACHABLE" } });
  });
});

describe("account", () => {
  it("shows the node's own account, or another", async () => {
    const answer = { address: own.address, balance: "120", nonce: 3, pendingNonce: 5 };
    answers = {
      "GET /v1/status": () => [200, { ...status, address: own.address }],
      [`GET /v1/accounts/${own.address}`]: () => [200, answer],
    };
    expect((await run("account")).stdout).toMatch(/balance +120\nnonce +3 \(2 pending\)\n$/);
    expect(oneLine((await run("account", own.address.toUpperCase(), "--json")).stdout)).toEqual(answer);
    const unknown = await run("account", to);
    expect(unknown).toMatchObject({ code: 1, stdout: "", stderr: "error: Not Found\n" });
  });
});

it("account shows the own address of a node without a chain", async () => {
  answers = { "GET /v1/status": () => [200, { ...status, address: own.address, head: null, mode: "boot" }] };
  expect(await run("account")).toEqual({
    code: 0,
    stdout: `address  ${own.address}\nbalance  unknown: the node has no chain yet\n`,
    stderr: "",
  });
});

describe("account of a node that does not run", () => {
  // The HTTP port of node 1000 is the highest; nothing listens there.
  const runHere = (...args: string[]) =>
    ccoinHere(["account", "--nodeid=1000", "--datadir", folder, ...args]);

  it("shows the address that its folder names", async () => {
    expect((await runHere()).stderr).toContain("there is no account in");
    const { signer } = await createAccount({
      paths: nodePaths(folder, 1000),
      scrypt: { n: 2, r: 1, p: 1 },
    });
    expect(await runHere()).toEqual({
      code: 0,
      stdout: `address  ${signer.address}\nbalance  unknown: the node does not run\n`,
      stderr: "",
    });
    expect(oneLine((await runHere("--json")).stdout)).toEqual({ address: signer.address, balance: null });
    const other = await runHere(to);
    expect(other).toMatchObject({ code: 1, stdout: "" });
    expect(other.stderr).toContain("is the node running?");
  });
});

describe("what a node answers", () => {
  const colour = "\u001b[31m\u009b2J\u202e\r";

  it("prints a node's answers without control characters", async () => {
    const name = `name${colour}`;
    answers = {
      "GET /v1/status": () => [200, { ...status, name, symbol: colour, decimals: 2, address: own.address }],
      "GET /v1/diagnosis": () => [200, { state: "ok", summary: colour, findings: [] }],
      [`GET /v1/accounts/${own.address}`]: () => [
        200,
        { address: own.address, balance: "1", nonce: 0, pendingNonce: 0, name },
      ],
      [`GET /v1/accounts/${to}`]: () => [404, { code: "NOT_FOUND", detail: colour }],
    };
    for (const args of [
      ["status"],
      ["account"],
      ["account", to],
      ["status", "--json"],
      ["account", to, "--json"],
    ]) {
      const { stdout, stderr } = await run(...args);
      expect(stdout + stderr, args.join(" ")).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
    }
    expect(oneLine((await run("status", "--json")).stdout)).toMatchObject({ name });
    expect((await run("status")).stdout).toContain("name\uFFFD[31m\uFFFD2J\uFFFD\uFFFD, a block");
  });
});

describe("the chain's unit and names", () => {
  const eur = { ...status, symbol: "EUR", decimals: 2 };
  const answersOf = (unit: object) => ({
    "GET /v1/status": (): Answer => [200, { ...eur, ...unit, address: own.address }],
    [`GET /v1/accounts/${own.address}`]: (): Answer => [
      200,
      { address: own.address, balance: "12050", nonce: 3, pendingNonce: 3, name: "Anna" },
    ],
    [`GET /v1/accounts/${to}`]: (): Answer => [
      200,
      { address: to, balance: "0", nonce: 0, pendingNonce: 0, name: "Bert" },
    ],
  });

  it("status and account show the chain's unit beside the base units", async () => {
    answers = answersOf({});
    const { stdout } = await run("status");
    expect(stdout).toMatch(/^account +cc1[a-z0-9]{58} \(Anna\)\nbalance +12050 \(120\.50 EUR\)$/m);
    expect(stdout).toMatch(/^mempool .* fee at least 3 \(0\.03 EUR\)$/m);
    expect((await run("account")).stdout).toMatch(/ \(Anna\)\nbalance +12050 \(120\.50 EUR\)\n/);
    expect(oneLine((await run("account", "--json")).stdout)).toMatchObject({ balance: "12050" });
  });

  it("shows base units with their symbol if there are no decimals", async () => {
    answers = answersOf({ symbol: "CC", decimals: 0 });
    expect((await run("account")).stdout).toMatch(/^balance +12050 CC$/m);
  });

  it("send shows what it has paid in the chain's unit, after the line with the block", async () => {
    const placed: Answer = [200, { status: "included", block: { height: 13, id: "0x" } }];
    answers = new Proxy(
      { ...answersOf({}), "POST /v1/transactions": (): Answer => [202, { id: "0x" }] },
      {
        get: (known: typeof answers, route: string) =>
          known[route] ?? (route.startsWith("GET /v1/transactions/") ? () => placed : undefined),
      },
    );
    const { stdout } = await run("send", "--nodeid=1", `--to=${to}`, "--amount=250", "--wait");
    expect(stdout.split("\n").slice(1)).toEqual([
      "included in block 13",
      `paid 250 (2.50 EUR) to ${to} (Bert), fee 3 (0.03 EUR)`,
      "",
    ]);
  });
});

describe("send", () => {
  const accept = (id?: string) => ({
    "GET /v1/status": (): Answer => [200, status],
    [`GET /v1/accounts/${own.address}`]: (): Answer => [
      200,
      { address: own.address, balance: "120", nonce: 3, pendingNonce: 5 },
    ],
    "POST /v1/transactions": (body: unknown): Answer => [202, { id: id ?? idOf(body as Posted) }],
  });

  type Posted = Record<"from" | "to" | "amount" | "fee" | "memo" | "signature", string> &
    Record<"nonce" | "validUntil", number>;
  const record = (body: Posted) =>
    transactionRecord(
      {
        message: {
          from: decodeAddress(body.from),
          to: decodeAddress(body.to),
          amount: BigInt(body.amount),
          fee: BigInt(body.fee),
          nonce: body.nonce,
          validUntil: body.validUntil,
          memo: new TextEncoder().encode(body.memo),
        },
        signature: fromHex(body.signature),
      },
      computeDomain("transaction", fromHex(genesisId)),
    );
  const idOf = (body: Posted) => record(body).idHex;

  it.each([
    ["0", [{ warning: { code: "ZERO_AMOUNT", message: expect.stringContaining("costs its fee") } }]],
    ["1", []],
  ])("warns of a transfer that pays nobody: %s", async (amount, warnings) => {
    answers = accept();
    const { code, stderr } = await run("send", "--nodeid=1", `--to=${to}`, `--amount=${amount}`, "--json");
    const lines = stderr.split("\n").filter((line) => line !== "");
    expect([code, lines.map((line) => JSON.parse(line))]).toEqual([0, warnings]);
  });

  it("posts a transfer that verifies and prints the id that the node computes", async () => {
    answers = accept();
    const { code, stdout, stderr } = await run(
      ...["send", "--nodeid=1", `--to=${to.toUpperCase()}`, "--amount=18446744073709551615"],
      ...["--fee=2", "--memo=für dich", "--json"],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const body = posted[0] as Posted;
    expect(body).toEqual({
      from: own.address,
      to,
      amount: "18446744073709551615",
      fee: "2",
      nonce: 5,
      validUntil: 112,
      memo: "für dich",
      signature: expect.stringMatching(/^0x[0-9a-f]{128}$/),
    });
    const { signingRoot, transaction } = record(body);
    const set = { publicKey: own.publicKey, message: signingRoot, signature: transaction.signature };
    expect(await verifySignatures([set])).toEqual([true]);
    expect(oneLine(stdout)).toEqual({ id: idOf(body) });
  });

  it("prints the bare id for people, and takes a nonce", async () => {
    answers = accept();
    const { stdout } = await run("send", "--nodeid=1", `--to=${to}`, "--amount=1", "--nonce=7");
    expect(posted).toMatchObject([{ nonce: 7, fee: "3", memo: "" }]);
    expect(stdout).toBe(`${idOf(posted[0] as Posted)}\n`);
  });

  it("waits until a block includes it", async () => {
    let asked = 0;
    answers = accept();
    answers["POST /v1/transactions"] = (body) => {
      const id = idOf(body as Posted);
      answers[`GET /v1/transactions/${id}`] = () =>
        ++asked < 3
          ? [200, { status: "pending" }]
          : [200, { status: "included", block: { height: 13, id: "0x" } }];
      return [202, { id }];
    };
    const { code, stdout } = await run("send", "--nodeid=1", `--to=${to}`, "--amount=1", "--wait");
    expect(code).toBe(0);
    expect(stdout).toBe(`${idOf(posted[0] as Posted)}\nincluded in block 13\npaid 1 to ${to}, fee 3\n`);
    expect(asked).toBe(3);
  });

  it("shows on a terminal what the node waits for meanwhile", async () => {
    let asked = 0;
    answers = accept();
    answers["GET /v1/diagnosis"] = () => {
      asked++;
      return [200, { state: "waiting", summary: "at height 12, the next block is 9 s late", findings: [] }];
    };
    answers["POST /v1/transactions"] = (body) => {
      const id = idOf(body as Posted);
      answers[`GET /v1/transactions/${id}`] = () =>
        asked > 0
          ? [200, { status: "included", block: { height: 13, id: "0x" } }]
          : [200, { status: "pending" }];
      return [202, { id }];
    };
    const terminal = Object.getOwnPropertyDescriptor(process.stderr, "isTTY");
    Object.defineProperty(process.stderr, "isTTY", { value: true, configurable: true });
    try {
      const { stdout, stderr } = await run("send", "--nodeid=1", `--to=${to}`, "--amount=1", "--wait");
      expect(stdout).toContain("included in block 13");
      expect(stderr).toContain(
        "waits for a block for 1 s; waiting: at height 12, the next block is 9 s late",
      );
    } finally {
      if (terminal) Object.defineProperty(process.stderr, "isTTY", terminal);
      else Reflect.deleteProperty(process.stderr, "isTTY");
    }
  });

  it.each([
    [["--valid-for=5"], 17],
    [["--valid-for=0"], 0],
  ])("takes %j for the last height", async (options, validUntil) => {
    answers = accept();
    await run("send", "--nodeid=1", `--to=${to}`, "--amount=1", ...options);
    expect(posted).toMatchObject([{ validUntil }]);
  });

  /** Answers with a final block and the nonce of the account in its state. */
  const finalBlock = (height: number, nonce: number) => {
    answers[`GET /v1/accounts/${own.address}/proof?block=finalized`] = () => [
      200,
      { block: { height }, account: { nonce } },
    ];
  };
  const nowhere: Answer = [404, { code: "TRANSACTION_NOT_FOUND" }];

  it.each([
    [112, 5, "EXPIRED", "it was valid until block 112"],
    [20, 6, "REPLACED", "another transaction has used its nonce 5"],
  ])(
    "says of one that is over after block %d that it is not paid, and never will be",
    async (height, nonce, code, why) => {
      answers = accept();
      answers["POST /v1/transactions"] = (body) => {
        const id = idOf(body as Posted);
        answers[`GET /v1/transactions/${id}`] = () => nowhere;
        finalBlock(height, nonce);
        return [202, { id }];
      };
      const { code: exit, stderr } = await run(
        "send",
        "--nodeid=1",
        `--to=${to}`,
        "--amount=1",
        "--wait",
        "--json",
      );
      expect(exit).toBe(1);
      const id = idOf(posted[0] as Posted);
      const message = `transaction ${id} is not paid, and never will be: ${why}`;
      expect(oneLine(stderr)).toEqual({ error: { code, message } });
      expect(posted).toHaveLength(1);
    },
  );

  it("prints the node's reason for a refusal", async () => {
    answers = accept();
    answers["POST /v1/transactions"] = () => [422, { code: "INSUFFICIENT_BALANCE", detail: "it has 3" }];
    const { code, stdout, stderr } = await run("send", "--nodeid=1", `--to=${to}`, "--amount=4", "--json");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(oneLine(stderr)).toEqual({ error: { code: "INSUFFICIENT_BALANCE", message: "it has 3" } });
  });

  it("signs nothing for a node without a chain", async () => {
    answers = { "GET /v1/status": () => [200, { ...status, genesisId: null, mode: "boot" }] };
    const { code, stderr } = await run("send", "--nodeid=1", `--to=${to}`, "--amount=4");
    expect(code).toBe(1);
    expect(stderr).toContain("has no chain yet (mode boot)");
    expect(posted).toEqual([]);
  });

  it("posts nothing with a wrong passphrase, or without an account", async () => {
    answers = accept();
    const file = join(folder, "wrong");
    writeFileSync(file, "wrong");
    const wrong = await run("send", "--nodeid=1", `--to=${to}`, "--amount=1", `--passphrase-file=${file}`);
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("does not open") });
    const none = await run("send", "--nodeid=2", `--to=${to}`, "--amount=1");
    expect(none).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("npm run -s ccoin -- create-account"),
    });
    expect(posted).toEqual([]);
  });
});
