import { afterAll, beforeAll, expect, it } from "vitest";
import { findImports } from "../../../scripts/find-imports.ts";
import { type Fixture, startFixture } from "./fixture.ts";
import { rawRequest } from "./raw.ts";

let node: Fixture;

beforeAll(async () => {
  node = await startFixture();
});
afterAll(() => node.close());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(node.server.url + path, { headers });

/** The page's module and all that it imports, also later; by path. */
async function modules(): Promise<Map<string, string>> {
  const page = await (await get("/")).text();
  const [, entry] = /<script type="module" src="([^"]+)">/.exec(page)!;
  const texts = new Map<string, string>();
  const waiting = [entry!];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (texts.has(path)) continue;
    const answer = await get(path);
    expect(answer.status, path).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    const text = await answer.text();
    texts.set(path, text);
    for (const { specifier } of findImports(text)) {
      expect(specifier, `in ${path}`).toMatch(/^\.{0,2}\//);
      waiting.push(new URL(specifier, `http://node${path}`).pathname);
    }
  }
  return texts;
}

it("serves a page that may run nothing but this server's files", async () => {
  const page = await get("/");
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const policy = page.headers.get("content-security-policy")!.split("; ");
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("connect-src 'self'");
  const text = await page.text();
  expect(text).not.toMatch(/<script>|<style|https?:/);
  for (const [, path] of text.matchAll(/(?:href|src)="(\/[^"]*)"/g))
    expect((await get(path!)).status, path).toBe(200);
});

it("serves all modules as JavaScript, packages by their place on this server", async () => {
  const all = await modules();
  expect([...all.keys()]).toContain("/explorer/pages/wallet.ts");
  expect([...all.keys()]).toContain("/client/proof.ts");
  expect([...all.keys()].some((path) => path.startsWith("/modules/preact/"))).toBe(true);
  expect(all.get("/explorer/main.ts")).not.toContain("import type");
  expect(all.get("/explorer/format.ts")).toContain("export function age(ms");
});

it("preloads what the first page needs, and only that", async () => {
  const text = await (await get("/")).text();
  const preloaded = [...text.matchAll(/rel="modulepreload" href="([^"]+)"/g)].map(([, path]) => path);
  expect(preloaded).toContain("/explorer/pages/overview.ts");
  expect(preloaded).not.toContain("/explorer/pages/wallet.ts");
  expect(preloaded.some((path) => path!.includes("noble"))).toBe(false);
});

it("serves nothing else of the sources", async () => {
  for (const path of [
    ...[
      "/explorer/tsconfig.json",
      "/explorer/base.css",
      "/explorer/../cli/main.ts",
      "/explorer/..%2fcli/main.ts",
    ],
    ...["/client/tsconfig.json", "/cli/main.ts", "/modules/hono/package.json", "/modules/"],
  ]) {
    const headers = { host: "localhost" };
    expect((await rawRequest(node.server.port, `GET ${path}`, headers)).status, path).toBe(404);
  }
  const posted = await fetch(`${node.server.url}/`, { method: "POST" });
  expect(posted.status).toBe(405);
  expect(posted.headers.get("allow")).toBe("GET, HEAD");
});

it("compresses, and says when nothing has changed", async () => {
  const plain = await get("/explorer/style.css", { "accept-encoding": "identity" });
  const text = await plain.text();
  for (const [accepted, used] of [
    ["gzip, deflate, br, zstd", "br"],
    ["gzip", "gzip"],
  ] as const) {
    const answer = await get("/explorer/style.css", { "accept-encoding": accepted });
    expect(answer.headers.get("content-encoding")).toBe(used);
    expect(answer.headers.get("vary")).toBe("accept-encoding");
    expect(Number(answer.headers.get("content-length"))).toBeLessThan(text.length / 2);
    expect(await answer.text()).toBe(text);
  }
  const etag = plain.headers.get("etag")!;
  const again = await get("/explorer/style.css", { "if-none-match": `"other", ${etag}` });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe("");
  expect((await get("/explorer/style.css", { "if-none-match": '"other"' })).status).toBe(200);
});
