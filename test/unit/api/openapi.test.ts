import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DiagnosisBody, EvidenceBody, FinalityBody } from "../../../src/api/index.ts";
import type { OpenApiDocument } from "../../../src/api/openapi/document.ts";
import { problems } from "../../../src/api/problem.ts";
import { RoundWatch } from "../../../src/consensus/index.ts";
import { finalityBody } from "../../../src/node/finality-views.ts";
import { FinalityStore } from "../../../src/storage/finality.ts";
import { Transactions } from "../../../src/types/index.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import { Kept } from "../../../src/util/kept.ts";
import { finalize } from "./finalize.ts";
import {
  type Answer,
  alice,
  authority,
  bob,
  type Fixture,
  startFixture,
  transactionJson,
} from "./fixture.ts";

/** Imported by a variable name, so that types can be checked in checkouts with older packages. */
const redocly = "@redocly/openapi-core";
interface Redocly {
  createConfig(config: { extends: string[] }): Promise<object>;
  lintFromString(options: {
    source: string;
    config: object;
  }): Promise<{ ruleId: string; message: string; location: { pointer?: string }[] }[]>;
}

const adminToken = "test-token";
const id = `0x${"12".repeat(32)}`;
const evidence: EvidenceBody = {
  id,
  offender: bob.address,
  offence: "surround",
  round: 7,
  conflicting: [id, id],
  receivedAt: 1_700_000_000_000,
  proposal: { candidate: bob.address, kind: "remove" },
};
const diagnosis: DiagnosisBody = {
  state: "waiting",
  summary: "late",
  findings: [{ code: "NO_PEERS", detail: "nobody", remedy: "wait" }],
};

let node: Fixture;
let document: OpenApiDocument;
let store: FinalityStore;
const proofs = new Kept<FinalityBody["proof"]>();

beforeAll(async () => {
  node = await startFixture({
    consensus: () => ({
      adminToken,
      listEvidence: () => [evidence],
      diagnosis: () => diagnosis,
      peers: () => [
        {
          id: "12D3",
          address: "/ip4/127.0.0.1/tcp/1",
          direction: "inbound",
          score: -0.5,
          authority: null,
          connectedAt: 1_700_000_000_000,
          height: null,
          rules: 1,
          knownRules: 2,
          followed: true,
          clockOffset: -1.5,
          latency: 3,
        },
      ],
    }),
    finality: (chain) =>
      finalityBody({ chain, finalizer: { rounds: new RoundWatch() }, voter: { round: 1 } }, store, proofs),
  });
  store = new FinalityStore(node.database);
  document = (await node.get("/openapi.json")).body;
});
afterAll(() => node.close());

describe("GET /openapi.json", () => {
  it("keeps the schema of OpenAPI 3.1 and the recommended rules of Redocly", async () => {
    const { createConfig, lintFromString } = (await import(redocly)) as Redocly;
    const config = await createConfig({ extends: ["recommended"] });
    const problemsOf = async (checked: object) => {
      const found = await lintFromString({ source: JSON.stringify(checked), config });
      return found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`);
    };
    expect(await problemsOf(document)).toEqual([]);
    // The linter checks both the schema and the rules.
    expect(await problemsOf({ ...document, tags: {} })).toEqual([expect.stringMatching(/^struct: /)]);
    const { security: _, ...silent } = document;
    expect((await problemsOf(silent))[0]).toMatch(/^security-defined: /);
  });

  it("lists every error code with its status and meaning, as docs/http.md does", () => {
    const problem = document.components.schemas["Problem"]!;
    const guide = readFileSync(new URL("../../../docs/http.md", import.meta.url), "utf8");
    const rows = guide.split("\n").filter((line) => /^\| \d{3} \|/.test(line));
    expect(problem.properties?.["code"]?.enum).toEqual(Object.keys(problems));
    for (const [code, { status, title }] of Object.entries(problems)) {
      expect(problem.description).toContain(`| ${status} | \`${code}\` | ${title} |`);
      expect(rows.filter((row) => row.startsWith(`| ${status} |`)).join("\n")).toContain(`\`${code}\``);
    }
  });

  it("lists the routes that docs/http.md lists", () => {
    const guide = readFileSync(new URL("../../../docs/http.md", import.meta.url), "utf8");
    const written = guide.match(/(?:GET|POST|DELETE) \/(?:v1\/|health\/|metrics)[^?`\s]*/g) ?? [];
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect([...new Set(written)].sort()).toEqual(routes.sort());
  });
});

describe("answers are as the document says", () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  const seen = new Set<string>();

  beforeAll(() => {
    ajv.addSchema(closed(document) as object, "openapi.json");
  });

  /** Requests `actual`, which is the document's `path` with parameters, and checks the answer. */
  async function call(method: string, path: string, actual: string, init: RequestInit = {}): Promise<Answer> {
    const answer = await node.get(actual, { method, ...init });
    const operation = document.paths[path]![method.toLowerCase()]!;
    const status = String(answer.status);
    expect(Object.keys(operation.responses), `${method} ${actual}: ${answer.status}`).toContain(status);
    const mediaType = answer.headers.get("content-type")!;
    const pointer = ["paths", path, method.toLowerCase(), "responses", status, "content", mediaType, "schema"]
      .map((name) => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1")))
      .join("/");
    const isValid = ajv.validate({ $ref: `openapi.json#/${pointer}` }, answer.body);
    expect(ajv.errors ?? [], `${method} ${actual}`).toEqual([]);
    expect(isValid).toBe(true);
    if (answer.status < 300) seen.add(operation.operationId);
    return answer;
  }

  const post = (body: unknown, headers: Record<string, string> = {}) => ({
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const admin = { authorization: `Bearer ${adminToken}` };
  const transactions = "/v1/transactions";
  const proposals = "/v1/authorities/proposals";

  it("every operation answers as the document says", async () => {
    await call("GET", "/v1/finality", "/v1/finality");
    const one = await node.sign({ memo: new TextEncoder().encode("für b") });
    const sent = await call("POST", transactions, transactions, post(transactionJson(one)));
    const list = [transactionJson(await node.sign({ nonce: 1 })), { from: "nobody" }];
    await call("POST", transactions, transactions, post(list));
    const bytes = Transactions.serialize([await node.sign({ nonce: 2, memo: Uint8Array.of(0xff) })]);
    const ssz = { headers: { "content-type": "application/octet-stream" }, body: new Uint8Array(bytes) };
    await call("POST", transactions, transactions, ssz);
    await call("GET", "/v1/mempool", "/v1/mempool?limit=1");
    await call("GET", "/v1/transactions/{id}", `/v1/transactions/${sent.body.id}`);
    await node.produce();
    await finalize(node.chain, 1, [authority]);
    await call(
      "POST",
      proposals,
      proposals,
      post({ candidate: alice.address, kind: "add", force: true }, admin),
    );
    await node.produce();

    for (const path of [
      "/v1/status",
      "/v1/recoveries",
      "/v1/peers",
      "/v1/diagnosis",
      "/health/live",
      "/health/ready",
    ])
      await call("GET", path, path);
    await call("GET", "/v1/blocks", "/v1/blocks?limit=2&before=2");
    const { events, reader } = node.chain;
    const side = (await node.get("/v1/blocks/1")).body;
    events.emit("aside", (await reader.byId(fromHex(side.id)))!);
    expect((await call("GET", "/v1/forks", "/v1/forks")).body.blocks).toHaveLength(1);
    await call("GET", "/v1/forks/{id}", `/v1/forks/${side.id}`);
    for (const name of ["0", "1", "head"]) await call("GET", "/v1/blocks/{block}", `/v1/blocks/${name}`);
    await call("GET", "/v1/transactions/{id}", `/v1/transactions/${sent.body.id}`);
    const { body } = await call(
      "GET",
      "/v1/transactions/{id}/proof",
      `/v1/transactions/${sent.body.id}/proof`,
    );
    expect(body.finality).not.toBeNull();
    for (const rest of ["", "/transactions", "/proof", "/proof?block=head"]) {
      const path = `/v1/accounts/{address}${rest.split("?")[0]}`;
      await call("GET", path, `/v1/accounts/${alice.address}${rest}`);
    }
    for (const path of ["/v1/authorities", "/v1/authorities/turns", "/v1/figures", "/v1/changes"])
      await call("GET", path, path);
    await call("GET", "/v1/parameters/proof", "/v1/parameters/proof");
    expect((await call("GET", "/v1/finality", "/v1/finality")).body).toHaveProperty("proof");
    await call("DELETE", `${proposals}/{subject}`, `${proposals}/${alice.address}`, { headers: admin });

    const all = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    // The tests of events and metrics read these, a stream and a text.
    for (const other of ["followEvents", "getMetrics"]) seen.add(other);
    expect([...seen].sort()).toEqual(all.map(({ operationId }) => operationId).sort());
  });

  it("every error is answered as the document says", async () => {
    const codes: string[] = [];
    const fail = async (...request: Parameters<typeof call>) =>
      codes.push((await call(...request)).body.code);
    await fail("GET", "/v1/status", "/v1/status?x=1");
    await fail("GET", "/v1/blocks", "/v1/blocks?limit=0");
    await fail("GET", "/v1/blocks/{block}", "/v1/blocks/first");
    await fail("GET", "/v1/blocks/{block}", "/v1/blocks/99");
    await fail("GET", "/v1/transactions/{id}", `/v1/transactions/${id}`);
    await fail("GET", "/v1/transactions/{id}/proof", `/v1/transactions/${id}/proof`);
    await fail("GET", "/v1/accounts/{address}", "/v1/accounts/cc1x");
    await fail(
      "GET",
      "/v1/accounts/{address}/transactions",
      `/v1/accounts/${bob.address}/transactions?before=1`,
    );
    await fail("GET", "/v1/events", "/v1/events?types=noise");
    await fail("POST", proposals, proposals, post({}));
    await fail("POST", proposals, proposals, post({}, admin));
    await fail("DELETE", `${proposals}/{subject}`, `${proposals}/${bob.address}`, { headers: admin });
    await fail("POST", transactions, transactions, post({}, { "content-type": "text/plain" }));
    const signed = transactionJson(await node.sign({}));
    await fail("POST", transactions, transactions, post({ ...signed, amount: "2" }));
    await fail(
      "POST",
      transactions,
      transactions,
      post(transactionJson(await node.sign({ nonce: 0, amount: 9n }))),
    );
    node.hasLedger.yes = false;
    await fail("GET", "/v1/mempool", "/v1/mempool");
    await fail("GET", "/health/ready", "/health/ready");
    node.hasLedger.yes = true;
    expect(codes).toEqual([
      ...["MALFORMED", "MALFORMED", "MALFORMED", "BLOCK_NOT_FOUND"],
      ...["TRANSACTION_NOT_FOUND", "TRANSACTION_NOT_FOUND", "MALFORMED", "MALFORMED", "MALFORMED"],
      ...["UNAUTHORIZED", "MALFORMED", "PROPOSAL_NOT_FOUND"],
      ...["UNSUPPORTED_MEDIA_TYPE", "INVALID_SIGNATURE", "NONCE_TOO_LOW"],
      ...["NO_GENESIS", "NO_GENESIS"],
    ]);
  });
});

describe("GET /docs", () => {
  it("lists every operation, schema and error code, and loads nothing from other hosts", async () => {
    const response = await fetch(`${node.server.url}/docs`);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const page = await response.text();
    for (const methods of Object.values(document.paths))
      for (const { operationId } of Object.values(methods))
        expect(page).toContain(`<section id="${operationId}">`);
    for (const name of Object.keys(document.components.schemas))
      expect(page).toContain(`<section id="${name}">`);
    for (const code of Object.keys(problems)) expect(page).toContain(`<code>${code}</code>`);
    const targets = [...page.matchAll(/href="#(\w+)"/g)].map(([, name]) => `id="${name}"`);
    expect(targets.filter((target) => !page.includes(target))).toEqual([]);
    expect(page).not.toMatch(/<script|src=|https?:/);
    const [, hash] = /'(sha256-[^']+)'/.exec(response.headers.get("content-security-policy")!)!;
    const [, style] = /<style>(.*?)<\/style>/s.exec(page)!;
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    expect(hash).toBe(`sha256-${Buffer.from(digest).toString("base64")}`);
  });

  it("escapes texts", async () => {
    const { html, markdown } = await import("../../../src/api/openapi/html.ts");
    expect(html`<p>${"<b> & \"'"}</p>`.text).toBe("<p>&#60;b&#62; &#38; &#34;&#39;</p>");
    expect(markdown("a `<x>` **b**\n\n| h |\n| --- |\n| 1 |")?.text).toBe(
      "<p>a <code>&#60;x&#62;</code> <strong>b</strong></p><table><tr><th> h </th></tr><tr><td>1</td></tr></table>",
    );
  });
});

/** Returns the schema without additional members. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  const isObject = copy["type"] === "object" && !("$ref" in copy);
  return isObject ? { ...copy, additionalProperties: false } : copy;
}
