import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Hono } from "hono";
import { parseSync } from "oxc-parser";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ApiEnv } from "../../../src/api/http.ts";
import { loadPage, type MadePage } from "../../../src/api/page.ts";
import { explorerRoutes } from "../../../src/api/routes/explorer.ts";
import { temporaryFolder } from "../support/database.ts";
import { type Fixture, startFixture } from "./fixture.ts";
import { rawRequest } from "./raw.ts";

let node: Fixture;

beforeAll(async () => {
  node = await startFixture();
});
afterAll(() => node.close());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(node.server.url + path, { headers });

/** Resolves to the page and its content security policy. */
async function page(): Promise<{ text: string; policy: string[] }> {
  const answer = await get("/");
  return {
    text: await answer.text(),
    policy: answer.headers.get("content-security-policy")!.split("; "),
  };
}

it("serves a page that loads nothing but itself and the API of this server", async () => {
  const answer = await get("/");
  expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const { text, policy } = await page();
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("connect-src 'self'");
  expect(text).not.toMatch(/ src="|@import|<link(?! rel="icon" href="data:| rel="preload" href="v1\/)/);
  const [script, ...more] = [...text.matchAll(/<script type="module">(.*?)<\/script>/gs)];
  expect(more).toEqual([]);
  const { staticImports, dynamicImports } = parseSync("page.js", script![1]!).module;
  expect([...staticImports, ...dynamicImports]).toEqual([]);
  for (const part of ["Block interval", "Evidence of faults", "Ed25519"]) expect(script![1]).toContain(part);
});

/** The CSP source of a script or style sheet. */
const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

it("allows only the scripts and styles of the page, each by its hash", async () => {
  const { text, policy } = await page();
  const hashes = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, content]) => hash(content!));
  const scripts = hashes(/<script[^>]*>(.*?)<\/script>/gs);
  const styles = hashes(/<style>(.*?)<\/style>/gs);
  expect([scripts.length, styles.length]).toEqual([2, 5]);
  const later = [];
  for (const path of ["/backup.js", "/qr.js", "/stories.js", "/wallet.js"])
    later.push(hash(await (await get(path)).text()));
  expect(policy).toContain(`script-src ${[...scripts, ...later].join(" ")}`);
  expect(policy).toContain(`style-src ${styles.join(" ")}`);
});

it("serves the scripts of backups and of the wallet beside the page", async () => {
  expect(await (await get("/wallet.js")).text()).toContain("Make the key");
  const answer = await get("/backup.js");
  expect(answer.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  expect(await answer.text()).toContain("abandon");
  const again = await get("/backup.js", { "if-none-match": answer.headers.get("etag")! });
  expect(again.status).toBe(304);
});

it("names no path from the root, so that it works under the path of a proxy", async () => {
  const { text } = await page();
  const docs = await (await get("/docs")).text();
  for (const html of [text, docs]) expect(html).not.toMatch(/\b(?:href|src|action)\s*[=:]\s*["'`]\//);
  expect(docs).toContain('href="openapi.json"');
});

it("lets no other page frame it", async () => {
  expect((await page()).policy).toContain("frame-ancestors 'none'");
  const docs = await get("/docs");
  expect(docs.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
});

it("does not serve the sources", async () => {
  for (const path of [
    ...[
      "/explorer/",
      "/explorer/index.html",
      "/explorer/main.ts",
      "/explorer/main.tsx",
      "/build/explorer.json",
      "/client/index.ts",
      "/cli/main.ts",
    ],
    ...["/explorer/../cli/main.ts", "/explorer/..%2fcli/main.ts"],
  ]) {
    const headers = { host: "localhost" };
    expect((await rawRequest(node.server.port, `GET ${path}`, headers)).status, path).toBe(404);
  }
  const posted = await fetch(`${node.server.url}/`, { method: "POST" });
  expect(posted.status).toBe(405);
  expect(posted.headers.get("allow")).toBe("GET, HEAD");
});

it("compresses, and says when nothing has changed", async () => {
  const plain = await get("/", { "accept-encoding": "identity" });
  expect(plain.headers.get("content-encoding")).toBeNull();
  const text = await plain.text();
  for (const [accepted, used] of [
    ["gzip, deflate, br, zstd", "br"],
    ["gzip", "gzip"],
  ] as const) {
    const answer = await get("/", { "accept-encoding": accepted });
    expect(answer.headers.get("content-encoding")).toBe(used);
    expect(answer.headers.get("vary")).toBe("accept-encoding");
    expect(Number(answer.headers.get("content-length"))).toBeLessThan(text.length / 2);
    expect(await answer.text()).toBe(text);
  }
  const etag = plain.headers.get("etag")!;
  const again = await get("/", { "if-none-match": `"other", ${etag}` });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe("");
  expect((await get("/", { "if-none-match": '"other"' })).status).toBe(200);
});

const made: MadePage = {
  scripts: ["'sha256-a'"],
  styles: [],
  hash: "b",
  bodies: { br: btoa("compressed"), identity: btoa("plain") },
  later: { "backup.js": { hash: "c", bodies: { identity: btoa("later") } } },
};

it("serves the existing page without building another", async () => {
  const root = await project("throw new Error('it was asked for')");
  await mkdir(join(root, "build"));
  await writeFile(join(root, "build/explorer.json"), JSON.stringify(made));
  const { encoded, later, ...page } = await loadPage(root);
  expect(page).toEqual({ scripts: made.scripts, styles: [], hash: "b" });
  expect(Buffer.from(later.get("backup.js")!.encoded("br").body).toString()).toBe("later");
  expect(Buffer.from(encoded("gzip, br").body).toString()).toBe("compressed");
  expect(encoded("gzip")).toMatchObject({ coding: "identity" });
});

it("builds the page once in a clone that has none", async () => {
  const root = await project(
    `import { mkdirSync, writeFileSync } from "node:fs";
    import { dirname } from "node:path";
    const [file] = process.argv.slice(2);
    mkdirSync(dirname(file));
    writeFileSync(file, ${JSON.stringify(JSON.stringify(made))});`,
  );
  expect((await loadPage(root)).hash).toBe("b");
  expect((await loadPage(root)).hash).toBe("b");
});

it("answers 404 with what to do if there is no page and no source to build it", async () => {
  const root = await temporaryFolder();
  await expect(loadPage(root)).rejects.toThrow("build/explorer.json is missing");
  const app = new Hono<ApiEnv>();
  explorerRoutes(app, () => loadPage(root));
  app.onError((error) => new Response(error.message, { status: error.name === "ProblemError" ? 404 : 500 }));
  const answer = await app.request("/");
  expect(answer.status).toBe(404);
  expect(await answer.text()).toContain("npm run page");
});

/** Makes a project folder whose scripts/make-page.ts is this text. */
async function project(makePage: string): Promise<string> {
  const root = await temporaryFolder();
  await mkdir(join(root, "scripts"));
  await writeFile(join(root, "scripts/make-page.ts"), makePage);
  return root;
}
