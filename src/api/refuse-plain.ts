import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import { commonHeaders, problemResponse } from "./problem.ts";

/**
 * The answer to a request that came without TLS to a port that has it. A person who opens the page is led to the right
 * address; a program is told, because it would send the next request in the clear too. The `Host` is one that is
 * allowed.
 */
export function refusePlain(incoming: IncomingMessage): Response | undefined {
  const { socket, headers, method, url } = incoming;
  if (socket instanceof TLSSocket) return undefined;
  const isPage = method === "GET" && headers.accept?.includes("text/html") && url?.startsWith("/");
  if (isPage && headers.host !== undefined)
    return new Response(null, {
      status: 307,
      headers: { ...commonHeaders, location: `https://${headers.host}${url}`, connection: "close" },
    });
  return problemResponse(
    "HTTPS_REQUIRED",
    "this port speaks HTTPS: write https:// in place of http:// at the beginning of the address",
    { connection: "close" },
  );
}
