import type { Hono } from "hono";
import { type ApiEnv, json, route } from "../http.ts";
import { docsPage, docsPolicy } from "../openapi/docs-page.ts";
import { openApiDocument } from "../openapi/document.ts";
import type { Operation } from "../operation.ts";
import { commonHeaders } from "../problem.ts";

/** `GET /openapi.json`, and `GET /docs` for people. `operations` must be complete when the first request arrives. */
export function openApiRoutes(app: Hono<ApiEnv>, operations: readonly Operation[]): void {
  route(app, "/openapi.json", { GET: () => json(openApiDocument(operations)) });
  route(app, "/docs", {
    GET: () =>
      new Response(docsPage(openApiDocument(operations)), {
        headers: {
          ...commonHeaders,
          "content-type": "text/html; charset=utf-8",
          "content-security-policy": docsPolicy,
        },
      }),
  });
}
