import type { Hono } from "hono";
import { type ApiContext, type ApiEnv, route } from "../http.ts";
import { problemResponse } from "../problem.ts";
import { type Asset, loadSite } from "../site/site.ts";

const fileHeaders = {
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
} as const;

/** The page runs what this server sends and talks to it alone: no other site, no inline script, no frame around it. */
const pageHeaders = {
  ...fileHeaders,
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
} as const;

export const site = {
  folder: "explorer",
  entry: "main.ts",
  styles: ["base.css", "parts.css", "pages.css", "wallet.css"],
  files: ["theme.js", "icon.svg"],
};

/** `GET /`: the explorer and its files. */
export function explorerRoutes(app: Hono<ApiEnv>): void {
  let loading: Promise<ReadonlyMap<string, Asset>> | undefined;
  const handler = async (context: ApiContext): Promise<Response> => {
    // Most nodes are never looked at.
    loading ??= loadSite(site);
    const asset = (await loading).get(context.req.path);
    if (asset) return respond(context, asset);
    return problemResponse("NOT_FOUND", `there is nothing at ${context.req.path}`);
  };
  for (const path of ["/", `/${site.folder}/*`, "/client/*", "/modules/*"])
    route(app, path, { GET: handler });
}

async function respond({ req }: ApiContext, { mediaType, hash, encoded }: Asset): Promise<Response> {
  // Weak: the encodings share it.
  const etag = `W/"${hash}"`;
  // A new version of the node brings new files: the browser asks whether its own still do.
  const security = req.path === "/" ? pageHeaders : fileHeaders;
  const headers = { ...security, "cache-control": "no-cache", vary: "accept-encoding", etag };
  if (
    req
      .header("if-none-match")
      ?.split(/\s*,\s*/)
      .includes(etag)
  ) {
    return new Response(null, { status: 304, headers });
  }
  const { body, encoding } = await encoded(req.header("accept-encoding") ?? "");
  return new Response(new Uint8Array(body), {
    headers: {
      ...headers,
      "content-type": mediaType,
      "content-length": String(body.length),
      ...(encoding && { "content-encoding": encoding }),
    },
  });
}
