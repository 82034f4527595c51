import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { ClientLimiter } from "./client-limiter.ts";
import { isChunked } from "./pipelines.ts";
import { problemResponse } from "./problem.ts";

/** A check of every request before it is read. Returns the refusal. */
export type Guard = (incoming: IncomingMessage) => Response | undefined;

/** `host` is the one that the server was told to listen on, which may be a name. */
export function createGuard(host: string, limiter: ClientLimiter): Guard {
  const configured = host.toLowerCase();
  return (incoming) => {
    const { headers, method, socket } = incoming;
    const retryAfterS = limiter.retryAfterS(socket.remoteAddress ?? "");
    if (retryAfterS > 0) {
      return problemResponse("RATE_LIMITED", `too many requests: wait ${retryAfterS} s, or send lists`, {
        "retry-after": String(retryAfterS),
      });
    }
    if (headers.host !== undefined && !isAllowedHost(headers.host, configured)) {
      return problemResponse(
        "FORBIDDEN_HOST",
        "the Host header must be localhost, an IP address or the host that the node was started with",
      );
    }
    // Such a body would stay in memory for as long as the answer takes.
    if (method !== "POST" && isChunked(incoming))
      return problemResponse("MALFORMED", `a ${method} request has no body here`);
    const { origin } = headers;
    if (
      origin !== undefined &&
      method !== "GET" &&
      method !== "HEAD" &&
      !isSameOrigin(origin, headers.host)
    ) {
      return problemResponse("FORBIDDEN_ORIGIN", "requests from pages of other sites are refused");
    }
    return undefined;
  };
}

/** A page whose name was rebound to this machine's address (DNS rebinding) still sends its own name. */
export function isAllowedHost(header: string, configured: string): boolean {
  const name = header
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
  return name === "localhost" || name === configured || isIP(name) !== 0;
}

function isSameOrigin(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === hostOf(host);
}

/** The host without the default port, as `URL` writes it. */
function hostOf(host: string): string | undefined {
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
}
