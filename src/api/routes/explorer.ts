import type { Hono } from "hono";
import { messageOf } from "../../util/errors.ts";
import { type ApiEnv, route } from "../http.ts";
import { loadPage, type Page } from "../page.ts";
import { ProblemError } from "../problem.ts";

let loading: Promise<Page> | undefined;

/** Loads the explorer, which all servers of this process share. */
export function loadExplorer(): Promise<Page> {
  loading ??= loadPage().catch((error) => {
    // The failure may be temporary, such as a lack of memory for a process: the next request tries again.
    loading = undefined;
    throw error;
  });
  return loading;
}

/** Serves the explorer at `GET /`, or answers 404 where there is no page. */
export function explorerRoutes(app: Hono<ApiEnv>, load: () => Promise<Page> = loadExplorer): void {
  route(app, "/", {
    GET: async ({ req }) => {
      const page = await load().catch((error) => {
        const detail = `this node has no explorer; build it with npm run page: ${messageOf(error)}`;
        throw new ProblemError("NOT_FOUND", detail);
      });
      const headers = headersOf(page);
      const known = req.header("if-none-match")?.split(/\s*,\s*/) ?? [];
      if (known.includes(headers.etag)) return new Response(null, { status: 304, headers });
      const { body, coding } = page.encoded(req.header("accept-encoding") ?? "");
      return new Response(body, {
        headers: {
          ...headers,
          "content-type": "text/html; charset=utf-8",
          "content-length": String(body.length),
          ...(coding !== "identity" && { "content-encoding": coding }),
        },
      });
    },
  });
}

/** The page runs only its own code and talks to this server alone: no other script or site, no frame around it. */
function headersOf({ scripts, styles, hash }: Page) {
  return {
    "content-security-policy":
      `default-src 'none'; script-src ${scripts.join(" ")}; style-src ${styles.join(" ")}; img-src data:; ` +
      "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    // A new version of the node has another page: the browser asks whether its own is still current.
    "cache-control": "no-cache",
    vary: "accept-encoding",
    // The tag is weak because all encodings share it.
    etag: `W/"${hash}"`,
  };
}
