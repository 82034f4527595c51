import type { IncomingMessage } from "node:http";
import type { TrustedProxies } from "./trusted-proxies.ts";

/** A request, as far as it names its client. */
type Requested = object & { socket: { remoteAddress?: string | undefined } };

/** The addresses that trusted proxies have named, by request. */
const named = new WeakMap<object, string>();

/** Finds out once who has sent the request, before anything asks for it. */
export function nameClient(incoming: IncomingMessage, proxies: TrustedProxies): void {
  if (proxies.has(incoming.socket.remoteAddress ?? "")) named.set(incoming, proxies.clientOf(incoming));
}

/** The address of the client that has sent a request, to which limits apply. */
export function clientAddress(requested: Requested): string {
  return named.get(requested) ?? requested.socket.remoteAddress ?? "";
}

/** True if the request came through a trusted proxy, whose connection other clients use too. */
export function isProxied(incoming: IncomingMessage): boolean {
  return named.has(incoming);
}
