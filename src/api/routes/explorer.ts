import type { Hono, HonoRequest } from "hono";
import { isClone } from "../../config/command.ts";
import { messageOf } from "../../util/errors.ts";
import { type ApiEnv, route } from "../http.ts";
import { loadPage, type Page, type ServedFile } from "../page.ts";
import { ProblemError } from "../problem.ts";

/** The advice for a copy that lacks the page. */
export const makeAgain = isClone ? "build it with npm run page" : "install ccoin again";

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

/** Serves the explorer at `GET /` and the scripts that it fetches later, or answers 404 where there is no page. */
export function explorerRoutes(app: Hono<ApiEnv>, load: () => Promise<Page> = loadExplorer): void {
  const page = () =>
    load().catch((error) => {
      const detail = `this node has no explorer; ${makeAgain}: ${messageOf(error)}`;
      throw new ProblemError("NOT_FOUND", detail);
    });
  route(app, "/", {
    GET: async ({ req }) => {
      const found = await page();
      return answer(req, found, { "content-type": "text/html; charset=utf-8", ...pagePolicy(found) });
    },
  });
  for (const name of laterScripts)
    route(app, `/${name}`, {
      GET: async ({ req }) => {
        const script = (await page()).later.get(name);
        if (!script) throw new ProblemError("NOT_FOUND", `this node's page has no ${name}`);
        return answer(req, script, { "content-type": "text/javascript; charset=utf-8" });
      },
    });
}

/** The scripts that scripts/make-page.ts makes beside the page. */
const laterScripts = ["backup.js", "qr.js", "stories.js", "wallet.js"];

function answer(
  request: HonoRequest,
  file: ServedFile,
  ownHeaders: Readonly<Record<string, string>>,
): Response {
  const headers = {
    ...ownHeaders,
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    // A new version of the node has another page: the browser asks whether its own is still current.
    "cache-control": "no-cache",
    vary: "accept-encoding",
    // The tag is weak because all encodings share it.
    etag: `W/"${file.hash}"`,
  };
  const known = request.header("if-none-match")?.split(/\s*,\s*/) ?? [];
  if (known.includes(headers.etag)) return new Response(null, { status: 304, headers });
  const { body, coding } = file.encoded(request.header("accept-encoding") ?? "");
  return new Response(body, {
    headers: {
      ...headers,
      "content-length": String(body.length),
      ...(coding !== "identity" && { "content-encoding": coding }),
    },
  });
}

/** The page runs only its own code and talks to this server alone: no other script or site, no frame around it. */
function pagePolicy({ scripts, styles }: Page) {
  return {
    "content-security-policy":
      `default-src 'none'; script-src ${scripts.join(" ")}; style-src ${styles.join(" ")}; img-src data:; ` +
      "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
  };
}
