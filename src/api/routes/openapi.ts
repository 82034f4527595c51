import type { Hono } from "hono";
import { type ApiEnv, jsonText, route } from "../http.ts";
import { docsPage, docsPolicy } from "../openapi/docs-page.ts";
import { openApiDocument } from "../openapi/document.ts";
import type { Operation } from "../operation.ts";
import { commonHeaders } from "../problem.ts";

/** `GET /openapi.json`, and `GET /docs` for people. `operations` must be complete when the first request arrives. */
export function openApiRoutes(app: Hono<ApiEnv>, operations: readonly Operation[]): void {
  let made: { json: string; page: string } | undefined;
  // It takes milliseconds, and never changes.
  const texts = () => {
    if (made) return made;
    const document = openApiDocument(operations);
    made = { json: JSON.stringify(document), page: docsPage(document) };
    return made;
  };
  route(app, "/openapi.json", { GET: () => jsonText(texts().json) });
  route(app, "/docs", {
    GET: () =>
      new Response(texts().page, {
        headers: {
          ...commonHeaders,
          "content-type": "text/html; charset=utf-8",
          "content-security-policy": docsPolicy,
        },
      }),
  });
}
