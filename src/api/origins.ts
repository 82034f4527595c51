import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { commonHeaders, problemResponse } from "./problem.ts";

const preflightHeaders = {
  ...commonHeaders,
  "access-control-allow-methods": "GET, HEAD, POST, DELETE",
  "access-control-allow-headers": "authorization, content-type, last-event-id",
  "access-control-max-age": "600",
} as const;

/** The pages whose requests are answered: those of this server, and those of the given origins (CORS). */
export class Origins {
  readonly #allowed: ReadonlySet<string>;

  constructor(allowed: readonly string[]) {
    this.#allowed = new Set(allowed);
  }

  /** Lets a page of an allowed origin read whatever is answered, refusals too. */
  share({ headers: { origin } }: IncomingMessage, outgoing: ServerResponse): void {
    if (origin === undefined || !this.#allowed.has(origin)) return;
    outgoing.setHeader("access-control-allow-origin", origin);
    outgoing.setHeader("access-control-expose-headers", "retry-after");
    outgoing.setHeader("vary", "origin");
  }

  /** The refusal of a request of another site's page, or the answer to the preflight of an allowed one. */
  answer({ headers, method }: IncomingMessage): Response | undefined {
    const { origin, host } = headers;
    if (origin === undefined) return isOfAnotherSite(headers) && !isVisit(headers) ? refusal() : undefined;
    if (isSameOrigin(origin, host)) return undefined;
    if (!this.#allowed.has(origin)) return refusal();
    return method === "OPTIONS" && headers["access-control-request-method"] !== undefined
      ? new Response(null, { status: 204, headers: preflightHeaders })
      : undefined;
  }
}

function refusal(): Response {
  return problemResponse(
    "FORBIDDEN_ORIGIN",
    "pages of other sites can neither read nor send here, unless the node was started with --allow-origin for theirs",
  );
}

/** Browsers say so themselves, also for images and the like, which come without an origin (Fetch Metadata). */
function isOfAnotherSite(headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  return site === "cross-site" || site === "same-site";
}

/** True if a person follows a link: the answer is shown in place of the page, which learns nothing of it. */
function isVisit(headers: IncomingHttpHeaders): boolean {
  return (
    headers["sec-fetch-mode"] === "navigate" &&
    headers["sec-fetch-dest"] === "document" &&
    headers["sec-purpose"] === undefined
  );
}

function isSameOrigin(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === hostOf(host);
}

/** The host without the default port, as `URL` writes it. */
function hostOf(host: string): string | undefined {
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
}
