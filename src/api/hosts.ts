import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { problemResponse } from "./problem.ts";

/**
 * The refusal of a request that names no host, several, or one that is not allowed. `names` are in lower case;
 * `*.example.org` stands for every name below that one.
 */
export function hostCheck(names: readonly string[]): (incoming: IncomingMessage) => Response | undefined {
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
