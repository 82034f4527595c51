import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import { clientAddress, isProxied } from "./client-address.ts";
import type { ClientLimiter } from "./client-limiter.ts";
import { isChunked } from "./pipelines.ts";
import { commonHeaders, problemResponse } from "./problem.ts";

/** The names by which the interface may be called, and the pages that may call it. */
export interface HttpAccess {
  /** Names by which the node is called, in lower case, besides the one that it listens on; also `*.example.org`. */
  allowHosts: readonly string[];
  /** Origins, such as `https://example.org`, whose pages may read and send. */
  allowOrigins: readonly string[];
  /** Addresses and networks of the proxies that say who their clients are. */
  trustProxies: readonly string[];
}

/** A check of every request before it is read. Returns the refusal, or the answer to a preflight. */
export type Guard = (incoming: IncomingMessage, outgoing: ServerResponse) => Response | undefined;

/** `host` is the one that the server was told to listen on, which may be a name. */
export function createGuard(
  host: string,
  { allowHosts, allowOrigins }: Pick<HttpAccess, "allowHosts" | "allowOrigins">,
  limiter: ClientLimiter,
): Guard {
  const refuseHost = hostCheck([host.toLowerCase(), ...allowHosts]);
  const origins = new Origins(allowOrigins);
  return (incoming, outgoing) => {
    origins.share(incoming, outgoing);
    const retryAfterS = limiter.retryAfterS(clientAddress(incoming));
    if (retryAfterS > 0) {
      // A refusal costs almost as much as an answer: on an open connection a client could have any number of them.
      return problemResponse("RATE_LIMITED", `too many requests: wait ${retryAfterS} s, or send lists`, {
        "retry-after": String(retryAfterS),
        ...(!isProxied(incoming) && { connection: "close" }),
      });
    }
    const refusal = refuseHost(incoming);
    if (refusal) return refusal;
    // Such a body would stay in memory for as long as the answer takes.
    if (incoming.method !== "POST" && isChunked(incoming))
      return problemResponse("MALFORMED", `a ${incoming.method} request has no body here`);
    return origins.answer(incoming);
  };
}

/**
 * The refusal of a request that names no host, several, or one that is not allowed. `names` are in lower case;
 * `*.example.org` stands for every name below that one.
 */
function hostCheck(names: readonly string[]): (incoming: IncomingMessage) => Response | undefined {
  /** Most requests name the same host as the one before. */
  let allowed: string | undefined;
  return (incoming) => {
    const { host } = incoming.headers;
    // HTTP/1.0 knows no Host header.
    if (host === undefined && incoming.httpVersion === "1.0") return undefined;
    if (host === undefined || hasSeveralHosts(incoming))
      return problemResponse("MALFORMED", "a request has exactly one Host header");
    if (host === allowed) return undefined;
    if (!isAllowedHost(host, names))
      return problemResponse(
        "FORBIDDEN_HOST",
        "the Host header must be localhost, an IP address, or a name that the node was started with (--host, --allow-host)",
      );
    allowed = host;
    return undefined;
  };
}

/** A page whose name was rebound to this machine's address (DNS rebinding) still sends its own name. */
export function isAllowedHost(header: string, names: readonly string[]): boolean {
  const name = header
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "")
    .toLowerCase();
  return name === "localhost" || isIP(name) !== 0 || names.some((allowed) => isCovered(name, allowed));
}

function isCovered(name: string, allowed: string): boolean {
  if (!allowed.startsWith("*.")) return name === allowed;
  const below = allowed.slice(1);
  return name.length > below.length && name.endsWith(below);
}

/** Node.js keeps the first. */
function hasSeveralHosts({ rawHeaders }: IncomingMessage): boolean {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at]!.length === 4 && rawHeaders[at]!.toLowerCase() === "host") count++;
  return count > 1;
}

const preflightHeaders = {
  ...commonHeaders,
  "access-control-allow-methods": "GET, HEAD, POST, DELETE",
  "access-control-allow-headers": "authorization, content-type, last-event-id",
  "access-control-max-age": "600",
} as const;

/** The pages whose requests are answered: those of this server, and those of the given origins (CORS). */
class Origins {
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
