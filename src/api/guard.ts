import type { IncomingMessage, ServerResponse } from "node:http";
import { clientAddress, isProxied } from "./client-address.ts";
import type { ClientLimiter } from "./client-limiter.ts";
import { hostCheck } from "./hosts.ts";
import { Origins } from "./origins.ts";
import { isChunked } from "./pipelines.ts";
import { problemResponse } from "./problem.ts";

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
