import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { loadAdminToken } from "../../../src/accounts/admin-token.ts";
import { nodePaths } from "../../../src/config/index.ts";
import { encodeAddress } from "../../../src/crypto/address.ts";
import { testAddresses } from "../support/addresses.ts";
import { ccoinHere, oneLine } from "./ccoin.ts";

const candidate = encodeAddress(testAddresses(1)[0]!);
const proposal = { candidate, kind: "add", proposedAt: 1, votes: 1, needed: 3, enacted: false };
const warnings = [{ code: "CANDIDATE_NOT_IN_SYNC", detail: "it is not known to be in sync" }];

let answers: Record<string, [status: number, body: unknown]>;
const asked: { line: string; authorization: string | undefined; body: unknown }[] = [];
let server: Server;
let url: string;
let folder: string;
let token: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const line = `${request.method} ${request.url}`;
    asked.push({ line, authorization: request.headers.authorization, body: text && JSON.parse(text) });
    const [status, body] = answers[line] ?? [404, { code: "NOT_FOUND", detail: "nothing there" }];
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = mkdtempSync(join(tmpdir(), "ccoin-propose-"));
  token = await loadAdminToken(nodePaths(folder, 1).adminToken);
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  asked.length = 0;
});

const run = (...args: string[]) => ccoinHere(["propose", ...args, "--datadir", folder, "--url", url]);

describe("propose", () => {
  it.each(["add", "remove"])("posts %s with the node's token, and warns before the result", async (kind) => {
    answers = { "POST /v1/authorities/proposals": [202, { proposal: { ...proposal, kind }, warnings }] };
    const { code, stdout, stderr } = await run(kind, candidate.toUpperCase(), "--nodeid=1");
    expect(code).toBe(0);
    expect(asked).toEqual([
      {
        line: "POST /v1/authorities/proposals",
        authorization: `Bearer ${token}`,
        body: { candidate, kind },
      },
    ]);
    expect(stderr).toBe("warning: it is not known to be in sync\n");
    expect(stdout).toBe(
      `proposed to ${kind} ${candidate}: this node's blocks vote for it, 1 of 3 votes so far\n`,
    );
  });

  it("prints the answer as one line of JSON", async () => {
    const answer = { proposal, warnings };
    answers = { "POST /v1/authorities/proposals": [202, answer] };
    const { stdout, stderr } = await run("add", candidate, "--nodeid=1", "--json");
    expect(oneLine(stdout)).toEqual(answer);
    expect(oneLine(stderr)).toEqual({
      warning: { code: "CANDIDATE_NOT_IN_SYNC", message: "it is not known to be in sync" },
    });
  });

  it.each([
    ["add", candidate, { candidate, kind: "add" }],
    ["remove", candidate, { candidate, kind: "remove" }],
    ["set", "rules=2", { parameter: "rules", value: "2", kind: "set" }],
  ])("sends force with --force to %s", async (kind, subject, vote) => {
    answers = {
      "POST /v1/authorities/proposals": [202, { proposal: { ...proposal, ...vote }, warnings: [] }],
    };
    expect((await run(kind, subject, "--nodeid=1", "--force")).code).toBe(0);
    expect(asked.map(({ body }) => body)).toEqual([{ ...vote, force: true }]);
  });

  it("withdraws a proposal", async () => {
    const path = `/v1/authorities/proposals/${candidate}`;
    answers = { [`DELETE ${path}`]: [200, { proposal, warnings: [] }] };
    const { code, stdout } = await run("drop", candidate, "--nodeid=1");
    expect({ code, stdout }).toEqual({ code: 0, stdout: `dropped the proposal to add ${candidate}\n` });
    expect(asked).toMatchObject([{ line: `DELETE ${path}`, authorization: `Bearer ${token}` }]);
  });

  it("lists proposals without the token", async () => {
    answers = { "GET /v1/authorities": [200, { proposals: [proposal] }] };
    expect((await run("list", "--nodeid=2")).stdout).toBe(`add  ${candidate}  1 of 3 votes\n`);
    expect(asked).toMatchObject([{ authorization: undefined }]);
    expect(oneLine((await run("list", "--nodeid=2", "--json")).stdout)).toEqual({ proposals: [proposal] });
    answers = { "GET /v1/authorities": [200, { proposals: [] }] };
    expect((await run("list", "--nodeid=1")).stdout).toBe("no proposals\n");
  });

  it("prints the node's reason for a refusal", async () => {
    answers = {
      "POST /v1/authorities/proposals": [409, { code: "NOTHING_TO_CHANGE", detail: "it is an authority" }],
    };
    const { code, stdout, stderr } = await run("add", candidate, "--nodeid=1", "--json");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(oneLine(stderr)).toEqual({ error: { code: "NOTHING_TO_CHANGE", message: "it is an authority" } });
  });

  it("sends no request without a token", async () => {
    const { code, stderr } = await run("add", candidate, "--nodeid=2");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: there is no admin token in [^\n]*node-2[^\n]*\n$/);
    expect(asked).toEqual([]);
  });

  it.each([
    ["", "no command was given: see npm run -s ccoin -- propose --help"],
    ["add", "required option '--nodeid <id>' not specified"],
    ["add --nodeid=1", "missing required argument 'address'"],
    ["add cc1x --nodeid=1", "not an address"],
    ["keep cc1x --nodeid=1", "unknown command 'keep'"],
    ["list --nodeid=x", "must be a whole number"],
  ])("exits with 2 for %j", async (line, message) => {
    const { code, stderr } = await ccoinHere(["propose", ...line.split(" ").filter(Boolean)]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("status", () => {
  const status = {
    version: "0.2.0",
    nodeId: 1,
    peerId: "12D3KooWx",
    address: candidate,
    mode: "ready",
    genesisId: `0x${"ab".repeat(32)}`,
    name: "test",
    periodMs: 1000,
    head: { height: 12, id: `0x${"12".repeat(32)}`, timestamp: 1_700_000_000_000 },
    finalized: { height: 11, id: `0x${"11".repeat(32)}` },
    peers: 3,
    mempool: { count: 2, bytes: 400, minFee: "3" },
    sync: null,
  };
  const diagnosis = {
    state: "halted",
    summary: "at height 12, the next block is 35 s late",
    findings: [{ code: "MISSING_AUTHORITIES", detail: "A and B", remedy: "start them" }],
  };

  it("shows why the chain has halted, and what to do", async () => {
    answers = { "GET /v1/status": [200, status], "GET /v1/diagnosis": [200, diagnosis] };
    const { code, stdout } = await ccoinHere(["status", "--url", url]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^state +halted: at height 12, the next block is 35 s late$/m);
    expect(stdout).toMatch(/\n\nMISSING_AUTHORITIES: A and B\n {2}-> start them\n$/);
  });

  it("prints the diagnosis as JSON", async () => {
    answers = { "GET /v1/status": [200, status], "GET /v1/diagnosis": [200, diagnosis] };
    const { stdout } = await ccoinHere(["status", "--url", url, "--json"]);
    expect(oneLine(stdout)).toEqual({ ...status, diagnosis });
  });
});
